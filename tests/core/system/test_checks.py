"""The installation's checks, by what is really there and what is really missing."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from core import db, queue, storage
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.settings import Settings
from core.system import checks
from core.system.checks import Check, State
from tests import journeys, made
from tests.clocks import held_ahead
from tests.faults import steps
from tests.servers import forks

PROJECT = Path(__file__).resolve().parents[3]


def line(found: list[Check], part: str, name: str) -> Check:
    return next(check for check in found if (check.part, check.name) == (part, name))


def test_an_idle_installation_with_a_worker_is_all_well(database: db.Database, settings: Settings) -> None:
    with held_ahead(), db.session_scope(db.WORKER, write=True) as session:
        queue.workers.beat(session, worker_id=uuid4(), pools={queue.Pool.SCORING: 1}, is_embedded=True)
    found = checks.run(settings)
    assert checks.worst(found) is State.OK
    message = line(found, "Workers", "Alive").message
    assert message.startswith(f"Running in the app on {socket.gethostname()} for ")
    assert message.endswith(" Idle. Up to 1 task at once.")
    assert line(found, "Queue", "Backlog").message == "Empty. Queue: database."
    assert all(check.hint == "" for check in found)


def test_no_worker_is_worth_a_look_and_says_how_to_start_one(
    database: db.Database, settings: Settings
) -> None:
    found = checks.run(settings)
    alive = line(found, "Workers", "Alive")
    assert (alive.state, alive.message) == (State.WARN, "No worker is running. None has run yet.")
    assert "make worker" in alive.hint


def test_work_that_waits_for_nobody_is_broken_and_stands_first(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    steps.make_tables()
    with db.session_scope(user, write=True) as session:
        steps.enqueue(session, user=user)
    found = checks.run(settings, now=datetime.now(UTC) + timedelta(seconds=90))
    assert (found[0].part, found[0].name, found[0].state) == ("Queue", "Backlog", State.BROKEN)
    assert "1 waiting" in found[0].message
    assert "by hand" in found[0].hint


def test_a_worker_is_shown_with_what_it_does_and_since_when(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    steps.make_tables()
    worker_id = uuid4()
    with db.session_scope(user, write=True) as session:
        steps.enqueue(session, user=user)
    with db.session_scope(db.WORKER, write=True) as session:
        queue.workers.beat(session, worker_id=worker_id, pools={queue.Pool.SCORING: 2}, is_embedded=False)
        with held_ahead():
            queue.workers.beat(session, worker_id=worker_id, pools={queue.Pool.SCORING: 2}, is_embedded=False)
        task = queue.claim(session, worker_id=worker_id, lease_s=3_600)
        assert task is not None
        queue.beat(session, task_id=task.id, attempt=task.attempt, lease_s=3_600, done=1_200, total=5_000)

    def message() -> str:
        return line(
            checks.run(settings, now=datetime.now(UTC) + timedelta(minutes=5)), "Workers", "Alive"
        ).message

    assert f"Running on its own (process {os.getpid()}) on {socket.gethostname()} for 5 min." in message()
    assert message().endswith("Working on steps for 5 min (1,200 of 5,000). Up to 2 tasks at once.")
    with held_ahead(), db.session_scope(db.WORKER, write=True) as session:
        queue.workers.beat(session, worker_id=worker_id, pools={queue.Pool.SCORING: 0}, is_embedded=False)
    assert message().endswith("Nothing more, as it is stopping.")


def test_a_long_wait_beside_a_worker_asks_for_more_workers(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    steps.make_tables()
    with db.session_scope(db.WORKER, write=True) as session:
        steps.enqueue(session, user=user)
        with held_ahead():
            queue.workers.beat(session, worker_id=uuid4(), pools={queue.Pool.SCORING: 1}, is_embedded=False)
    backlog = line(checks.run(settings, now=datetime.now(UTC) + timedelta(hours=1)), "Queue", "Backlog")
    assert backlog.state is State.WARN
    assert "more workers" in backlog.hint


def test_a_database_without_tables_names_the_command_that_makes_them(empty_url: str, tmp_path: Path) -> None:
    database = db.connect(empty_url)
    settings = Settings(_env_file=None, data_dir=tmp_path, database_url=empty_url)  # type: ignore[call-arg]
    found = checks.run(settings)
    database.engine.dispose()
    schema = line(found, "Database", "Schema")
    assert (schema.state, schema.message) == (State.BROKEN, "The database has no tables yet.")
    assert "python -m core.db upgrade" in schema.hint
    assert {check.part for check in found} == {
        "Database",
        "Storage",
        "Generation",
        "Sandboxes",
        "Sign-in",
        "Python",
    }


def test_storage_that_cannot_be_written_is_broken(sqlite_database: db.Database, settings: Settings) -> None:
    in_the_way = settings.files_dir
    in_the_way.parent.mkdir(parents=True, exist_ok=True)
    in_the_way.write_bytes(b"a file where the folder should be")
    files = line(checks.run(settings), "Storage", "Files")
    assert files.state is State.BROKEN
    assert str(in_the_way) in files.message
    assert files.hint == storage.StorageUnavailable.hint


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


def shell(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return forks.run(
        [sys.executable, "-m", *command],
        env={**os.environ, **environment}, cwd=PROJECT, check=False, capture_output=True, text=True,
    )  # fmt: skip


def test_the_shell_command_tells_by_its_exit_code(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    assert shell("core.db", "upgrade", DATA_DIR=str(data_dir)).returncode == 0
    well = shell("core.system", "--json", DATA_DIR=str(data_dir))
    assert well.returncode == 0
    parts = {"Database", "Storage", "Queue", "Workers", "Generation", "Sandboxes", "Sign-in", "Python"}
    assert {check["part"] for check in json.loads(well.stdout)} == parts
    (data_dir / "model_desk.sqlite3").write_text("this file is no database")
    broken = shell("core.system", "--json", DATA_DIR=str(data_dir))
    assert broken.returncode == 1
    first = json.loads(broken.stdout)[0]
    assert (first["part"], first["state"]) == ("Database", "broken")
    assert "System page" not in broken.stdout


def test_the_shell_command_makes_nothing_where_there_is_no_database(tmp_path: Path) -> None:
    typo = tmp_path / "dta"
    done = shell("core.system", DATA_DIR=str(typo))
    assert done.returncode == 1
    assert f"There is no database at {typo / 'model_desk.sqlite3'}; is DATA_DIR right?" in done.stdout
    assert "`make run` creates one" in done.stdout
    assert "upgrade" not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_shell_command_does_not_put_an_empty_database_in_the_place_of_a_removed_one(
    tmp_path: Path,
) -> None:
    shell("core.db", "upgrade", DATA_DIR=str(tmp_path))
    (tmp_path / "model_desk.sqlite3").unlink()
    before = sorted(tmp_path.iterdir())
    done = shell("core.system", DATA_DIR=str(tmp_path))
    assert "restore it from a backup" in done.stdout
    assert sorted(tmp_path.iterdir()) == before


def test_the_setting_that_names_the_database_is_the_one_to_look_at(tmp_path: Path) -> None:
    done = shell("core.system", DATA_DIR=str(tmp_path), DATABASE_URL=f"sqlite:///{tmp_path}/desk.sqlite3")
    assert f"There is no database at {tmp_path}/desk.sqlite3; is DATABASE_URL right?" in done.stdout


@pytest.mark.parametrize("command", ["core.system", "core.worker", "core.db"])
def test_a_file_where_the_data_folder_should_be_is_one_sentence_with_its_cure(
    tmp_path: Path, command: str
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("a file where the folder should be")
    done = shell(*(["core.db", "upgrade"] if command == "core.db" else [command]), DATA_DIR=str(in_the_way))
    assert done.returncode == 1
    assert str(in_the_way) in done.stdout + done.stderr
    assert "is DATA_DIR right?" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_of_files_that_is_gone_is_broken_and_not_made_anew(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    journeys.upload_bytes(user, made.CSV, settings=settings, files=storage.from_settings(settings))
    shutil.rmtree(settings.files_dir)
    found = checks.run(settings)
    assert found[0].state is State.BROKEN
    assert str(settings.files_dir) in found[0].message
    assert "removed or replaced" in found[0].message
    assert not settings.files_dir.exists()


def test_files_that_are_gone_are_broken_until_they_are_back(
    database: db.Database, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    files = storage.from_settings(settings)
    upload = journeys.upload_bytes(user, journeys.sample_bytes(tmp_path), settings=settings, files=files)
    assert line(checks.run(settings), "Storage", "Writable").state is State.OK
    shutil.rmtree(settings.files_dir / "uploads")
    found = checks.run(settings)
    gone = line(found, "Storage", "Kept")
    assert (gone.state, found[0]) == (State.BROKEN, gone)
    assert gone.message == f"The newest upload is gone ({files.label})."
    assert "restore the folder from a backup" in gone.hint
    assert [check.name for check in found if check.part == "Storage"] == ["Kept", "Free space"]
    restored = settings.files_dir / upload.storage_key
    restored.parent.mkdir(parents=True)
    restored.write_bytes(b"from the backup")
    assert line(checks.run(settings), "Storage", "Writable").state is State.OK


def test_the_newest_ready_model_and_result_are_looked_for_too(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    steps.make_tables()
    with db.session_scope(db.WORKER, write=True) as session:
        task_id = steps.enqueue(session, user=user)
        upload = UploadRow(
            user_id=user.id, file_name="a.csv", storage_key="uploads/a", size_bytes=1, sha256="0",
            n_rows=1, n_columns=1, receipt={},
        )  # fmt: skip
        model = ModelRow(
            user_id=user.id, name="m", version=1, status="ready", target="t", data_name="a.csv",
            data_sha256="0", task_id=task_id, artifact_key="models/m.skops",
        )  # fmt: skip
        session.add_all([upload, model])
        session.flush()
        scored = PredictionRow(
            user_id=user.id, upload_id=upload.id, model_id=model.id, task_id=task_id, mode="queued",
            status="COMPLETED", output_key="results/r.csv",
        )  # fmt: skip
        session.add(scored)
    gone = line(checks.run(settings), "Storage", "Kept")
    assert gone.message.startswith("The newest upload and the newest model and the newest result are gone (")


def test_work_that_was_begun_again_is_worth_a_look(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    steps.make_tables()
    with db.session_scope(db.WORKER, write=True) as session:
        task_id = steps.enqueue(session, user=user)
        with held_ahead():
            queue.workers.beat(session, worker_id=uuid4(), pools={queue.Pool.SCORING: 0}, is_embedded=False)
    with db.session_scope(db.WORKER, write=True) as session:
        task = queue.claim_one(session, task_id=task_id, worker_id=uuid4(), lease_s=30)
        assert task is not None
        reason = queue.Reason(code="worker_lost", message="It was killed.")
        queue.retry_later(session, task_id=task.id, attempt=task.attempt, delay_s=1, reason=reason)
    found = checks.run(settings, now=datetime.now(UTC) + timedelta(minutes=5))
    attempts = line(found, "Queue", "Attempts")
    assert attempts.state is State.WARN
    assert attempts.message == (
        "1 task in the last hour needed more than one attempt; the latest retry started 5 min ago."
    )
    assert "log" in attempts.hint
    assert line(checks.run(settings), "Workers", "Alive").message.endswith(" Its process is starting."), (
        "a worker without a warm process has no places"
    )
