"""Programs that tests need and pip can't install: found, skipped aloud, or failed under CI."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import pytest

INSTALL = {
    "postgresql": "apt-get install postgresql",
    "pgbouncer": "apt-get install pgbouncer",
    "chromium": "apt-get install chromium-headless-shell",
    "systemd": "apt-get install systemd",
    "faketime": "apt-get install libfaketime",
    "llmock": "bash tests/servers/install.sh",
}
MISSING = "missing part: "


def find(part: str) -> Path | None:
    """The part's main program: `postgres` of the newest version, the browser, llmock's Python, faketime's library."""
    if part == "postgresql":
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_version)
        return found[-1] if found else _on_path("postgres")
    if part == "faketime":
        return next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if part == "llmock":
        home = Path(sys.prefix) / "llmock"
        return home / "bin" / "python" if (home / ".installed").exists() else None
    assert part in INSTALL, f"nobody has said how to install {part!r}"
    if part == "chromium":  # the shell takes three quarters of what the whole browser takes for a page
        return _on_path("chromium-headless-shell") or _on_path("chromium")
    if part == "systemd":
        return _on_path("systemd-analyze")
    return _on_path(part) or (program if (program := Path("/usr/sbin") / part).exists() else None)


def require(part: str) -> Path:
    """The part's main program; without it the test is skipped, or fails where CI is set."""
    program = find(part)
    if program is None:
        lacking(f"{part} is not installed; to run these tests: {INSTALL[part]}")
    return program


def lacking(what: str) -> NoReturn:
    """End a test that the machine can't run: skipped and named at the end of the run, or failed where CI is set."""
    if os.environ.get("CI"):
        pytest.fail(f"{MISSING}{what}", pytrace=False)
    pytest.skip(f"{MISSING}{what}")


def _on_path(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found) if found else None


def _version(program: Path) -> int:
    return int(program.parts[-3]) if program.parts[-3].isdigit() else 0
