"""The training code that the app brings: one file for anybody to read, which knows nothing of the app."""

from pathlib import Path


def text() -> str:
    """The file as it runs in the sandbox."""
    return Path(__file__).with_name("train.py").read_text("utf-8")
