"""The training code that the app brings: two files for anybody to read, which know nothing of the app."""

from pathlib import Path

_FOLDER = Path(__file__).parent


def text() -> str:
    """train.py, as it runs in the sandbox."""
    return (_FOLDER / "train.py").read_text("utf-8")


def predict_text() -> str:
    """The predict.py that stands beside it there, and serves the model later."""
    return (_FOLDER / "predict.py").read_text("utf-8")
