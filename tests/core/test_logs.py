"""What the log holds, and what it never does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
FAILING = """
from core import logs
from core.settings import Settings
logs.configure(Settings(_env_file=None, log_format="{log_format}"))
def check(secret):
    return 1 / 0
try:
    check("md_never" + "_shown")
except ZeroDivisionError:
    logs.get("app").exception("it broke")
"""


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_traceback_names_lines_and_no_values(log_format: str) -> None:
    """Where `rich` is installed, the log's library would by itself print what every variable held."""
    ran = subprocess.run(
        [sys.executable, "-c", FAILING.format(log_format=log_format)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "it broke" in ran.stderr
    assert "ZeroDivisionError: division by zero" in ran.stderr
    assert "md_never_shown" not in ran.stderr


HOSTILE = """
import logging
from core import logs
from core.settings import Settings
logs.configure(Settings(_env_file=None, log_format="console"))
word = "a\\x1b]0;owned\\x07\\x9b2J\\r\\n12:00:00 [error] forged\\u202egnp.exe\\u2028b"
logs.get("app").warning(word, file=word, others=[word])
logging.getLogger("library").warning("said %s", word)
try:
    raise ValueError(word)
except ValueError:
    logs.get("app").exception("it broke")
"""


def test_a_terminal_is_given_no_control_characters_of_users_words() -> None:
    ran = subprocess.run([sys.executable, "-c", HOSTILE], cwd=PROJECT, capture_output=True, check=True)
    shown = ran.stderr.decode()
    assert not {"\x1b", "\x07", "\x9b", "\r", "\u202e", "\u2028"} & set(shown)
    assert shown.count("x1b]0;owned") == 5
    assert not [line for line in shown.split("\n") if line.startswith("12:00:00 [error] forged")]
