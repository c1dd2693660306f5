"""Files without rows: found by what each room says that its rows own, and by nothing else."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from core import access, db, storage
from core.check import Check, State
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.room import CheckContext
from core.settings import Settings
from core.system import checks, installation, storage_checks, unreferenced_files
from tests import journeys, made, rows
from tests.core.system.contexts import looked_at


def store(settings: Settings, *keys: str, age_s: float = unreferenced_files.KEPT_S + 60) -> None:
    """Files of that age under these keys, 4 bytes each."""
    files = storage.from_settings(settings)
    for key in keys:
        with storage.stage(settings.staging_dir) as staged:
            staged.write(b"mine")
            staged.close()
            files.put(key, staged.path)
        written_at = datetime.now(UTC).timestamp() - age_s
        os.utime(settings.files_dir / key, (written_at, written_at))


def old(settings: Settings) -> list[str]:
    """The keys that would be removed."""
    return sorted(unreferenced_files.find(storage.from_settings(settings)).keys)


def test_an_upload_owns_the_file_that_its_row_names(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    kept, lost = (f"uploads/user_{user.id}/{name}.csv" for name in ("kept", "lost"))
    rows.add(UploadRow.__table__, owner=user.id, storage_key=kept)  # type: ignore[arg-type]  # a table
    store(settings, kept, lost)
    assert old(settings) == [lost]


def test_a_model_in_training_owns_its_folder_and_a_ready_one_its_file(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    training, ready, failed, gone = (uuid4() for _ in range(4))
    table = ModelRow.__table__
    rows.add(table, owner=user.id, id=training, status="training")  # type: ignore[arg-type]  # a table
    rows.add(table, owner=user.id, id=ready, status="ready", artifact_key=f"models/{ready}/2.skops")  # type: ignore[arg-type]
    rows.add(table, owner=user.id, id=failed, status="failed")  # type: ignore[arg-type]
    keys = [f"models/{model}/{n}.skops" for model in (training, ready, failed, gone) for n in (1, 2)]
    store(settings, *keys, "models/no-id")
    lost = {key for key in keys if str(training) not in key} - {f"models/{ready}/2.skops"}
    assert old(settings) == sorted(lost | {"models/no-id"})


def test_a_pending_prediction_owns_its_folder_and_a_completed_one_its_result_and_what_is_made_of_it(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    queued, processing, completed, failed, cancelled, gone = (uuid4() for _ in range(6))
    result = f"results/{completed}/task-2.csv"
    for prediction, status, output_key in (
        (queued, "QUEUED", None),
        (processing, "PROCESSING", None),
        (completed, "COMPLETED", result),
        (failed, "FAILED", None),
        (cancelled, "CANCELLED", None),
    ):
        rows.add(
            PredictionRow.__table__, owner=user.id, id=prediction, status=status, output_key=output_key  # type: ignore[arg-type]
        )  # fmt: skip
    kept = [
        f"results/{queued}/task-1.csv", f"results/{processing}/task-1.part-00007", result, f"{result}.parquet",
    ]  # fmt: skip
    lost = [f"results/{one}/task-1.csv" for one in (completed, failed, cancelled, gone)]
    store(settings, *kept, *lost)
    assert old(settings) == sorted(lost)


def test_what_lies_where_no_room_speaks_is_left_alone(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    store(settings, "datasets/1", "training/job/1", "installations/1", "somebody's")
    found = unreferenced_files.find(storage.from_settings(settings))
    assert (found.n_stored, found.n, found.keys) == (0, 0, [])


def test_what_is_younger_than_a_day_is_counted_and_stays(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    store(settings, "uploads/new", age_s=unreferenced_files.KEPT_S - 600)
    store(settings, "uploads/old")
    found = unreferenced_files.find(storage.from_settings(settings))
    assert (found.n_stored, found.n, found.size_bytes, found.keys) == (2, 2, 8, ["uploads/old"])


def test_a_row_that_came_meanwhile_keeps_its_file(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    store(settings, "uploads/a", "uploads/b")
    files = storage.from_settings(settings)
    found = unreferenced_files.find(files)
    rows.add(UploadRow.__table__, owner=user.id, storage_key="uploads/a")  # type: ignore[arg-type]  # a table
    assert unreferenced_files.remove(files, found.keys) == 1
    assert list(files.keys("")) == ["uploads/a"]


def test_many_files_are_looked_at_in_several_statements(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    kept = [f"uploads/{n:04}" for n in range(0, unreferenced_files.N_AT_ONCE + 7, 2)]
    for key in kept[:: len(kept) - 1]:
        rows.add(UploadRow.__table__, owner=user.id, storage_key=key)  # type: ignore[arg-type]  # a table
    store(settings, *(f"uploads/{n:04}" for n in range(unreferenced_files.N_AT_ONCE + 7)))
    found = unreferenced_files.find(storage.from_settings(settings))
    assert len(found.keys) == found.n_stored - 2
    assert found.is_suspicious
    bounded = unreferenced_files.find(storage.from_settings(settings), n_most=100)
    assert (bounded.n_stored, bounded.is_all) == (unreferenced_files.N_AT_ONCE, False)


@pytest.mark.parametrize(
    ("n_kept", "n_lost", "suspicious"), [(0, 20, False), (20, 21, True), (22, 21, False)]
)
def test_it_is_suspicious_when_most_files_have_no_rows(n_kept: int, n_lost: int, suspicious: bool) -> None:
    found = unreferenced_files.Unreferenced(n_stored=n_kept + n_lost, n=n_lost, keys=["a"] * n_lost)
    assert found.is_suspicious is suspicious


def the_line(context: CheckContext) -> Check | None:
    return next(iter(storage_checks.unreferenced(context)), None)


def test_system_counts_them_for_whoever_sees_everybodys(
    database: db.Database, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    context = looked_at(settings)
    journeys.upload_bytes(user, made.CSV, settings=settings, files=storage.from_settings(settings))
    assert the_line(context) is None
    store(settings, "uploads/a", "results/b", age_s=5)
    (settings.files_dir / ".partial-1").write_bytes(b"x" * 1_000_000)
    line = the_line(context)
    assert line is not None
    assert (line.state, line.hint) == (State.OK, "")
    assert line.message == "3 files that nothing refers to, 1.0 MB; removed after a day."
    for principal, is_told in (
        (db.NOBODY, False),
        (user, False),
        (db.User(user.id, user.name, role="admin"), True),
    ):
        asked = CheckContext(settings=settings, principal=principal, now=context.now, has_database=True)
        assert (the_line(asked) is not None) is is_told


def test_system_says_that_the_database_may_be_the_wrong_one_when_most_files_have_no_rows(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    store(settings, *(f"uploads/{n}" for n in range(25)))
    found = checks.run(settings)
    assert (found[0].part, found[0].name, found[0].state) == ("Storage", "Unreferenced", State.BROKEN)
    assert found[0].message == "25 of 25 stored files belong to nothing in the database."
    assert "python -m core.system restore" in found[0].hint


def test_a_storage_of_two_databases_is_worth_a_look(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    files = storage.from_settings(settings)
    local = access.settle_local_user()
    assert installation.belonging(files, local.id) is installation.Belonging.UNMARKED
    for _ in range(2):
        installation.mark(files, local.id, staging_dir=settings.staging_dir)
    assert installation.belonging(files, local.id) is installation.Belonging.OURS
    assert list(installation.check(looked_at(settings))) == []
    installation.mark(files, uuid4(), staging_dir=settings.staging_dir)
    assert installation.belonging(files, local.id) is installation.Belonging.SHARED
    (line,) = installation.check(looked_at(settings))
    assert line.state is State.WARN
    assert "STORAGE_URL" in line.hint
