"""Programs that tests need and pip can't install: found, skipped aloud, or failed under CI."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

INSTALL = {
    "postgresql": "apt-get install postgresql",
    "pgbouncer": "apt-get install pgbouncer",
    "chromium": "apt-get install chromium",
    "systemd": "apt-get install systemd",
}
MISSING = "missing part: "


def find(part: str) -> Path | None:
    """The part's main program: `postgres` of the newest version, or the browser."""
    if part == "postgresql":
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_version)
        return found[-1] if found else _on_path("postgres")
    assert part in INSTALL, f"nobody has said how to install {part!r}"
    if part == "systemd":
        return _on_path("systemd-analyze")
    return _on_path(part) or (program if (program := Path("/usr/sbin") / part).exists() else None)


def require(part: str) -> Path:
    """The part's main program; without it the test is skipped, or fails where CI is set."""
    program = find(part)
    if program is not None:
        return program
    message = f"{MISSING}{part} is not installed; to run these tests: {INSTALL[part]}"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def _on_path(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found) if found else None


def _version(program: Path) -> int:
    return int(program.parts[-3]) if program.parts[-3].isdigit() else 0
