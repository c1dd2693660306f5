"""What changed between two texts of code."""

from __future__ import annotations

import difflib
from typing import Final

MOST_UNSCROLLED: Final = 24  # lines


def diff(before: str, after: str) -> str:
    """What was taken away and added, with three lines around it; empty where nothing was."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3)
    return "\n".join(list(lines)[2:])  # without the names of two files
