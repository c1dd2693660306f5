"""docs/security.md names a test with each line, and each of them is there."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
LINES = [
    line
    for line in (PROJECT / "docs" / "security.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| point"))
]


def test_each_line_names_its_test() -> None:
    assert len(LINES) > 60
    assert [line for line in LINES if not re.search(r"\| `tests/[\w/]+\.py::test_\w+` \|$", line)] == []


def test_every_test_that_is_named_is_there() -> None:
    missing = []
    for line in LINES:
        path, _, name = line.rsplit("`", 2)[1].partition("::")
        file = PROJECT / path
        if not file.is_file() or f"def {name}(" not in file.read_text("utf-8"):
            missing.append(f"{path}::{name}")
    assert missing == []
