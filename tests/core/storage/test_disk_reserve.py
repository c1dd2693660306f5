"""Room for deleting: made where there is room, given up where there is none, and nobody else's meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import storage
from core.settings import Settings
from core.storage import disk_reserve
from core.storage.disk_reserve import NAME, PARTIAL, DiskReserve


@pytest.fixture
def settings(settings: Settings) -> Iterator[Settings]:
    """Settings with a reserve that this process has until the end of the test."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    small = settings.model_copy(update={"reserve_mb": 1})
    disk_reserve.use(small)
    yield small
    disk_reserve.use(settings.model_copy(update={"reserve_mb": 0}))


def larger_than_the_disk(settings: Settings) -> Settings:
    """So the disk counts as full."""
    n_mb = shutil.disk_usage(settings.data_dir).total // 1_000_000 + 1
    return settings.model_copy(update={"reserve_mb": n_mb})


def test_it_takes_its_room_once_and_nothing_half_stays(settings: Settings) -> None:
    (settings.data_dir / f"{PARTIAL}of-a-killed-process").write_bytes(b"half")
    for _ in range(2):
        disk_reserve.renew()
        assert [path.name for path in settings.data_dir.iterdir()] == [NAME]
    found = (settings.data_dir / NAME).stat()
    assert (found.st_size, found.st_blocks * 512) == (1_000_000, pytest.approx(1_000_000, rel=0.02))


def test_while_there_is_room_it_is_not_lent(settings: Settings) -> None:
    disk_reserve.renew()
    with disk_reserve.lent():
        assert (settings.data_dir / NAME).exists()


def test_on_a_full_disk_it_is_lent_to_deletions_and_nothing_else_is_stored_meanwhile(
    settings: Settings,
) -> None:
    disk_reserve.renew()
    files = storage.from_settings(settings)
    with storage.stage(settings.staging_dir) as staged:
        staged.write(b"before")
        staged.close()
        files.put("uploads/a", staged.path)
        disk_reserve.use(larger_than_the_disk(settings))
        assert files.put("uploads/b", staged.path).size_bytes == 6, "nothing was lent yet"
        with disk_reserve.lent():
            assert not (settings.data_dir / NAME).exists()
            assert files.delete("uploads/a")
        with pytest.raises(storage.DiskFull, match=r"MB free of .* MB more are needed"):
            files.put("uploads/c", staged.path)
    with storage.stage(settings.staging_dir) as staged, pytest.raises(storage.DiskFull):
        staged.write(b"more")
    disk_reserve.use(settings)
    with disk_reserve.lent():
        pass
    assert (settings.data_dir / NAME).exists(), "there is room again"


def test_without_one_everything_goes_on(settings: Settings) -> None:
    none = settings.model_copy(update={"reserve_mb": 0})
    assert disk_reserve.of(none) is None
    disk_reserve.use(none)
    disk_reserve.renew()
    with disk_reserve.lent(), storage.stage(none.staging_dir) as staged:
        staged.write(b"more")
    assert not (none.data_dir / NAME).exists()


def test_it_never_takes_the_last_room(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    reserve = DiskReserve(tmp_path, free - (64 << 20))
    assert not reserve.make()
    assert list(tmp_path.iterdir()) == []


def test_what_is_said_of_a_full_disk_names_it_and_what_is_missing(tmp_path: Path) -> None:
    disk = shutil.disk_usage(tmp_path)
    full = storage.DiskFull.of(tmp_path, n_bytes=disk.free * 2)
    assert str(full).startswith(f"There is no space left in {tmp_path}, so nothing was saved: its disk has ")
    assert f" MB free of {disk.total / 1e6:,.1f} MB, and " in str(full)
    assert " more are needed" not in str(storage.DiskFull.of(tmp_path, n_bytes=1))
    assert str(storage.DiskFull.of(tmp_path / "gone")).startswith("There is no space left in")
