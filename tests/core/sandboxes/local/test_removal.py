from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from core.sandboxes.local import removal


def test_whatever_code_has_made_is_removed(tmp_path: Path) -> None:
    """Folders too deep for a path or the stack of calls, closed ones, links that lead out, names that are no text."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x")
    folder = tmp_path / "sandbox"
    folder.mkdir()
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(folder)
        Path("link").symlink_to(outside)
        Path("broken").symlink_to("nowhere")
        os.mkfifo("pipe")
        Path(os.fsdecode(b"\xff\n")).mkdir()
        Path(".removed-0").write_text("a name that is taken")
        Path(".removed-1").mkdir()
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("socket")
        for n in range(1_200):
            Path("deep").mkdir()
            os.chdir("deep")
            if n % 100 == 0:
                Path("file").write_text("x")
                Path("closed").mkdir(mode=0)
    finally:
        os.chdir(here)
        os.close(here)
    assert removal.remove(folder)
    assert not folder.exists()
    assert (outside / "kept").read_text() == "x"
    assert not removal.remove(folder)


@pytest.mark.parametrize("mode", [0o000, 0o100, 0o400, 0o500, 0o600], ids=oct)
def test_closed_folders_are_removed(tmp_path: Path, mode: int) -> None:
    """By root always; a plain user is kept out by each of these."""
    folder = tmp_path / "sandbox"
    inner = folder / "closed" / "below"
    inner.mkdir(parents=True)
    (inner / "file").write_text("x")
    (folder / "closed" / "file").write_text("x")
    for closed in (inner, inner.parent):
        closed.chmod(mode)
    assert removal.remove(folder)
    assert not folder.exists()
