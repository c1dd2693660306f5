"""The installation's checks, by what is really there and what is really missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from core import db, queue, storage
from core.settings import Settings
from core.system import checks
from core.system.checks import Check, State
from tests.faults import steps

PROJECT = Path(__file__).resolve().parents[3]


def line(found: list[Check], part: str, name: str) -> Check:
    return next(check for check in found if (check.part, check.name) == (part, name))


def test_an_idle_installation_with_a_worker_is_all_well(database: db.Database, settings: Settings) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        queue.workers.beat(session, worker_id=uuid4(), slots=1, is_embedded=True)
    found = checks.run(settings)
    assert checks.worst(found) is State.OK
    assert line(found, "Workers", "Alive").says.endswith(f"version {_version()}.")
    assert all(check.cure == "" for check in found)


def test_no_worker_is_worth_a_look_and_says_how_to_start_one(
    database: db.Database, settings: Settings
) -> None:
    found = checks.run(settings)
    alive = line(found, "Workers", "Alive")
    assert (alive.state, alive.says) == (State.WARN, "No worker is running. None ever was.")
    assert "make worker" in alive.cure


def test_work_that_waits_for_nobody_is_broken_and_stands_first(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    steps.make_tables()
    with db.session_scope(user, write=True) as session:
        steps.enqueue(session, user=user)
    found = checks.run(settings, now=datetime.now(UTC) + timedelta(seconds=90))
    assert (found[0].part, found[0].name, found[0].state) == ("Queue", "Backlog", State.BROKEN)
    assert "1 waiting" in found[0].says
    assert "by hand" in found[0].cure


def test_a_long_wait_beside_a_worker_asks_for_more_workers(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    steps.make_tables()
    with db.session_scope(user, write=True) as session:
        steps.enqueue(session, user=user)
        queue.workers.beat(session, worker_id=uuid4(), slots=1, is_embedded=False)
    backlog = line(checks.run(settings, now=datetime.now(UTC) + timedelta(hours=1)), "Queue", "Backlog")
    assert backlog.state is State.WARN
    assert "more workers" in backlog.cure


def test_a_database_without_tables_names_the_command_that_makes_them(empty_url: str, tmp_path: Path) -> None:
    database = db.connect(empty_url)
    settings = Settings(_env_file=None, data_dir=tmp_path, database_url=empty_url)  # type: ignore[call-arg]
    found = checks.run(settings)
    database.engine.dispose()
    schema = line(found, "Database", "Schema")
    assert (schema.state, schema.says) == (State.BROKEN, "It has no tables yet.")
    assert "python -m core.db upgrade" in schema.cure
    assert {check.part for check in found} == {"Database", "Storage"}


def test_storage_that_cannot_be_written_is_broken(sqlite_database: db.Database, settings: Settings) -> None:
    in_the_way = settings.files_dir
    in_the_way.parent.mkdir(parents=True, exist_ok=True)
    in_the_way.write_bytes(b"a file where the folder should be")
    files = line(checks.run(settings), "Storage", "Files")
    assert files.state is State.BROKEN
    assert str(in_the_way) in files.says
    assert files.cure == storage.StorageUnavailable.cure


def test_failures_name_the_newest_first_with_their_traceback(database: db.Database, user: db.User) -> None:
    steps.make_tables()
    for message in ("older", "newer"):
        with db.session_scope(user, write=True) as session:
            task_id = steps.enqueue(session, user=user)
        with db.session_scope(db.WORKER, write=True) as session:
            task = queue.claim_one(session, task_id=task_id, worker_id=uuid4(), lease_s=30)
            assert task is not None
            queue.settle(
                session,
                task_id=task.id,
                attempt=task.attempt,
                state=queue.TaskState.FAILED,
                reason=queue.Reason(code="x", message=message, traceback=f"trace of {message}"),
            )
    assert [(f.message, f.traceback) for f in checks.failures()] == [
        ("newer", "trace of newer"),
        ("older", "trace of older"),
    ]


@pytest.mark.parametrize(("prepare", "exit_code"), [(True, 0), (False, 1)])
def test_the_shell_command_tells_by_its_exit_code(tmp_path: Path, prepare: bool, exit_code: int) -> None:
    environment = {**os.environ, "DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": ""}
    (tmp_path / "data").mkdir()
    if prepare:
        subprocess.run([sys.executable, "-m", "core.db", "upgrade"], env=environment, cwd=PROJECT, check=True)
    done = subprocess.run(
        [sys.executable, "-m", "core.system", "--json"],
        env=environment, cwd=PROJECT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == exit_code
    assert {check["part"] for check in json.loads(done.stdout)} >= {"Database", "Storage"}


def _version() -> str:
    import core

    return core.__version__
