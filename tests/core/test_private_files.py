from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import private_files
from tests.servers.app import running

PROJECT = Path(__file__).resolve().parents[2]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def loose() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("loose")
def test_files_of_an_earlier_version_are_closed_to_others_once(tmp_path: Path) -> None:
    folder, outside = tmp_path / "data", tmp_path / "outside.csv"
    (folder / "files" / "uploads").mkdir(parents=True)
    outside.write_text("not ours to change")
    stored, tool, link = folder / "files" / "uploads" / "a.csv", folder / "tool", folder / "link"
    for path in (stored, tool):
        path.write_text("a,b\n1,2\n")
    tool.chmod(0o4755)
    link.symlink_to(outside)
    assert private_files.tighten(folder) == 5
    assert [mode(path) for path in (folder, stored.parent, stored, tool, outside)] == [
        0o700,
        0o700,
        0o600,
        0o4700,
        0o644,
    ]
    stored.chmod(0o644)
    assert private_files.tighten(folder) == 0
    assert private_files.tighten(tmp_path / "nothing") == 0


@pytest.mark.usefixtures("loose")
def test_the_running_app_keeps_everything_to_itself(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "old.csv").write_text("of an earlier version")
    with running(tmp_path, WORKERS="1") as app:
        assert "older files" in app.log()
        found = [app.data_dir, *app.data_dir.rglob("*")]
        assert len(found) > 3
        assert [path for path in found if mode(path) & 0o077] == []


@pytest.mark.usefixtures("loose")
@pytest.mark.parametrize("command", [["core.db", "upgrade"], ["core.system"], ["core.worker", "scale"]])
def test_so_does_every_shell_command(tmp_path: Path, command: list[str]) -> None:
    subprocess.run(
        [sys.executable, "-m", *command],
        cwd=PROJECT,
        env={**os.environ, "DATA_DIR": str(tmp_path / "data")},
        check=False,
        capture_output=True,
    )
    assert [path for path in tmp_path.rglob("*") if mode(path) & 0o077] == []
