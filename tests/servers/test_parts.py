"""A part that is missing is named, once, with its cure; where CI is set the run fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.servers.processes import PROJECT

NEEDS_A_BROWSER = """
from tests.servers.parts import require

def test_one():
    require("chromium")

def test_two():
    require("chromium")
"""


def _run(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_browser.py").write_text(NEEDS_A_BROWSER)
    plain = {name: value for name, value in os.environ.items() if name != "CI" and "PYTEST" not in name}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", str(folder)],
        cwd=PROJECT, env={**plain, "PATH": "/nowhere", **environment}, capture_output=True, text=True,
    )  # fmt: skip


def test_a_missing_part_skips_its_tests_and_is_named_once_with_the_line_that_installs_it(
    tmp_path: Path,
) -> None:
    ended = _run(tmp_path)
    assert ended.returncode == 0, ended.stdout
    assert "2 skipped" in ended.stdout
    assert ended.stdout.count("apt-get install chromium") == 1


def test_a_missing_part_fails_where_ci_is_set(tmp_path: Path) -> None:
    ended = _run(tmp_path, CI="true")
    assert ended.returncode == 1
    assert "2 failed" in ended.stdout
    assert "apt-get install chromium" in ended.stdout
