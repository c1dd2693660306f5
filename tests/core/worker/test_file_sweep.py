"""When files without rows are removed, by whom, and when not."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from core import access, db, queue, storage
from core.db.tables.uploads import UploadRow
from core.settings import Settings
from core.storage import Storage
from core.system import installation
from core.worker.file_sweep import PERIOD_S, TURN_S, FileSweep
from tests import rows
from tests.core.system.test_unreferenced_files import store
from tests.core.worker.conftest import Desk
from tests.servers.waiting import wait_for


class Steady:
    """Seconds that pass when told to."""

    at = 1_000.0

    def now(self) -> float:
        return self.at


@pytest.fixture
def steady() -> Steady:
    return Steady()


@pytest.fixture
def files(sqlite_database: db.Database, settings: Settings) -> Storage:
    """A storage that belongs to the database."""
    found = storage.from_settings(settings)
    installation.mark(found, access.settle_local_user().id, staging_dir=settings.staging_dir)
    return found


def kept(files: Storage) -> list[str]:
    return [key for key in files.keys("") if not key.startswith(installation.PLACE)]


def test_what_has_no_row_is_looked_for_twice_and_then_removed(
    files: Storage, settings: Settings, steady: Steady, user: db.User
) -> None:
    store(settings, "uploads/lost", "uploads/late", "results/lost")
    store(settings, "uploads/young", age_s=60)
    sweep = FileSweep(files, now=steady.now)
    sweep.turn()
    sweep.turn()
    assert len(kept(files)) == 4, "removed at the first look"
    rows.add(UploadRow.__table__, owner=user.id, storage_key="uploads/late")  # type: ignore[arg-type]  # a table
    steady.at += TURN_S
    sweep.turn()
    assert kept(files) == ["uploads/late", "uploads/young"]


def test_the_next_look_is_a_day_later(files: Storage, settings: Settings, steady: Steady) -> None:
    sweep = FileSweep(files, now=steady.now)
    sweep.turn()
    store(settings, "uploads/lost")
    for _ in range(3):
        steady.at += PERIOD_S / 4
        sweep.turn()
    assert kept(files) == ["uploads/lost"]
    for _ in range(2):
        steady.at += PERIOD_S / 4
        sweep.turn()
    assert kept(files) == []


def test_copies_of_killed_processes_are_removed_after_a_day(
    files: Storage, settings: Settings, steady: Steady
) -> None:
    store(settings, "uploads/old")
    for name, key in ((".partial-old", "uploads/old"), (".partial-new", None)):
        path = settings.files_dir / name
        if key:
            (settings.files_dir / key).rename(path)
        else:
            path.touch()
    FileSweep(files, now=steady.now).turn()
    assert sorted(path.name for path in settings.files_dir.glob(".partial-*")) == [".partial-new"]


def test_nothing_is_removed_where_the_database_is_likely_the_wrong_one(
    files: Storage, settings: Settings, steady: Steady
) -> None:
    lost = [f"uploads/{n:02}" for n in range(25)]
    store(settings, *lost)
    sweep = FileSweep(files, now=steady.now)
    for _ in range(3):
        sweep.turn()
        steady.at += TURN_S
    assert kept(files) == lost


@pytest.mark.parametrize("whose", ["nobody's", "another's", "both"])
def test_nothing_is_removed_from_a_storage_that_is_not_the_databases_alone(
    sqlite_database: db.Database, settings: Settings, steady: Steady, whose: str
) -> None:
    files, local = storage.from_settings(settings), access.settle_local_user()
    for mark in {"nobody's": [], "another's": [uuid4()], "both": [local.id, uuid4()]}[whose]:
        installation.mark(files, mark, staging_dir=settings.staging_dir)
    store(settings, "uploads/lost")
    sweep = FileSweep(files, now=steady.now)
    for _ in range(3):
        sweep.turn()
        steady.at += PERIOD_S
    assert kept(files) == ["uploads/lost"]


def test_a_storage_that_is_away_is_asked_again_at_the_next_turn(
    files: Storage, settings: Settings, steady: Steady
) -> None:
    store(settings, "uploads/lost")
    sweep = FileSweep(files, now=steady.now)
    away = settings.files_dir.rename(settings.files_dir.with_name("away"))
    with pytest.raises(storage.StorageUnavailable):
        sweep.turn()
    away.rename(settings.files_dir)
    for _ in range(2):
        sweep.turn()
        steady.at += TURN_S
    assert kept(files) == []


@pytest.fixture
def marked(desk: Desk) -> Iterator[Desk]:
    local = access.settle_local_user()
    files = storage.from_settings(desk.settings)
    installation.mark(files, local.id, staging_dir=desk.settings.staging_dir)
    yield desk


def test_a_worker_removes_them_soon_after_its_start(marked: Desk) -> None:
    store(marked.settings, "uploads/lost")
    marked.runner()
    wait_for(lambda: alive(marked), what="the worker to be there")
    wait_for(lambda: not _after_a_turn(marked), what="the file to be removed")


def test_of_two_workers_the_first_alone_looks(marked: Desk) -> None:
    """The second one sees another storage, so it is seen by what is removed who has looked."""
    first = marked.runner()
    wait_for(lambda: alive(marked) == [first.id])
    second = marked.runner(storage_url=f"file://{marked.settings.data_dir / 'other'}")
    wait_for(lambda: alive(marked) == [first.id, second.id])
    other = marked.settings.model_copy(update={"storage_url": f"file://{marked.settings.data_dir / 'other'}"})
    local = installation.database_id()
    assert local is not None
    installation.mark(storage.from_settings(other), local, staging_dir=other.staging_dir)
    store(other, "uploads/lost")
    store(marked.settings, "uploads/lost")
    marked.time.jump(PERIOD_S)
    wait_for(lambda: not _after_a_turn(marked), what="the first one to remove what it finds")
    assert list(storage.from_settings(other).keys("uploads/")) == ["uploads/lost"]
    assert first.stop()
    wait_for(lambda: alive(marked) == [second.id])
    wait_for(lambda: not _after_a_turn(marked, other), what="the second one to take over")


def alive(desk: Desk) -> list[object]:
    with db.session_scope(db.WORKER) as session:
        return [one.id for one in queue.workers.alive(session)]


def _after_a_turn(desk: Desk, settings: Settings | None = None) -> list[str]:
    desk.time.jump(TURN_S)
    return list(storage.from_settings(settings or desk.settings).keys("uploads/"))
