from __future__ import annotations

from pathlib import Path

import pytest

from core.sandboxes.local import disk


@pytest.mark.parametrize("mode", [0o000, 0o100, 0o400, 0o600, 0o700], ids=oct)
def test_closed_folders_are_counted(tmp_path: Path, mode: int) -> None:
    """Also where a folder may be listed while nobody may look at what it lists, as when it is closed in between."""
    inner = tmp_path / "closed" / "below"
    inner.mkdir(parents=True)
    (inner / "file").write_bytes(bytes(100_000))
    for closed in (inner, inner.parent):
        closed.chmod(mode)
    found = disk.used(iter([tmp_path]), most_files=100)
    assert (found.n_files, found.n_bytes >= 100_000, found.is_too_deep) == (3, True, False)
