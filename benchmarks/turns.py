"""`make bench ONLY=turns`: how long somebody waits behind another who asks for everything at once.

On SQLite and on Postgres, with WORKERS=1: one user asks for N_FLOOD predictions of a large file and as many trainings;
once the first of both run, another asks for a prediction of SMALL_ROWS rows and a training. Said of each: how many of
the first user's were begun meanwhile, and how long after the end of the one that ran it began (MOST_WAIT_S at most).
And what enqueueing, claiming and asking for the place in line cost, with N_WAITING tasks in the queue and with none.
Writes results/turns.json.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from benchmarks.queue import database_url
from core import access, db, logs, queue, storage
from core import settings as settings_module
from core.db import migrate
from core.db.tables.tasks import TaskRow
from core.db.tables.users import UserRow
from core.models import models
from core.predictions.handler import KIND as SCORING
from core.settings import Settings
from core.system import sample
from core.uploads import uploads
from tests import journeys
from tests.faults import steps
from tests.servers.waiting import wait_for

RESULTS = Path(__file__).parent / "results" / "turns.json"
N_FLOOD, LARGE_ROWS, TRAINED_ROWS, SMALL_ROWS = 15, 400_000, 5_000, 300
N_WAITING, N_SAMPLES, N_ROUNDS = 10_000, 60, 4
MOST_WAIT_S, MOST_TIMES = 2.0, 1.25


def main() -> int:
    figures: dict[str, Any] = {"machine": {"cpus": os.cpu_count(), "python": platform.python_version()}}
    reached = True
    for kind in ("sqlite", "postgres"):
        with (
            tempfile.TemporaryDirectory(prefix="model-desk-turns-") as folder,
            database_url(kind, folder) as url,
        ):
            figures[kind] = measured = _measure(url, Path(folder))
        print(kind, json.dumps(measured), flush=True)
        waits = [measured["prediction"], measured["training"]]
        reached &= all(not one["n_before"] and one["waited_s"] <= MOST_WAIT_S for one in waits)
        reached &= measured["claim_ms"]["behind_many"] <= MOST_TIMES * measured["claim_ms"]["alone"]
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n")
    return 0 if reached else 1


def _measure(url: str, folder: Path) -> dict[str, Any]:
    settings = settings_module.read(
        _env_file=None, data_dir=folder, database_url=url, storage_url="", log_level="error"
    )
    logs.configure(settings)
    database = db.connect(settings.database)
    migrate.upgrade(database)
    steps.make_tables()
    ada = access.settle_local_user()
    with db.session_scope(db.WORKER, write=True) as session:
        bob = db.User(id=uuid4(), name="Bob")
        session.add(UserRow(id=bob.id, name=bob.name))
    found = _beside_a_flood(settings, folder, ada, bob)
    with db.session_scope(db.WORKER, write=True) as session:
        for task_id in session.scalars(sa.select(TaskRow.id).where(TaskRow.state == "QUEUED")).all():
            queue.cancel(session, task_id=task_id)
    found |= _costs(database, ada)
    database.dispose()
    return found


def _beside_a_flood(settings: Settings, folder: Path, ada: db.User, bob: db.User) -> dict[str, Any]:
    files = storage.from_settings(settings)

    def upload(user: db.User, n_rows: int) -> Any:
        content = journeys.sample_bytes(folder, n_rows=n_rows)
        return journeys.upload_bytes(user, content, settings=settings, files=files)

    def ask_training(user: db.User, upload_id: int, name: str) -> UUID:
        with db.session_scope(user, write=True) as session:
            known = uploads.get(session, upload_id=upload_id)
            return models.request_training(session, upload=known, target=sample.TARGET, name=name).task_id

    with journeys.running(settings, slots=1):
        large, trained, small = upload(ada, LARGE_ROWS), upload(ada, TRAINED_ROWS), upload(bob, SMALL_ROWS)
        model_of_ada, model_of_bob = journeys.train(ada, trained), journeys.train(bob, small)
        for n in range(N_FLOOD):
            journeys.queue_prediction(ada, large, model_of_ada)
            ask_training(ada, trained.id, f"Flood {n}")
        wait_for(lambda: {SCORING, models.KIND} <= _running(), deadline_s=60, what="both to run")
        journeys.queue_prediction(bob, small, model_of_bob)
        ask_training(bob, small.id, "Next")
        return {
            "prediction": _waited(ada, bob, SCORING),
            "training": _waited(ada, bob, models.KIND),
        }


def _running() -> set[str]:
    with db.session_scope(db.WORKER) as session:
        return set(session.scalars(sa.select(TaskRow.kind).where(TaskRow.state == "RUNNING")))


def _waited(ada: db.User, bob: db.User, kind: str) -> dict[str, float]:
    """How long bob's newest task of this kind was kept waiting by ada's, once it has begun."""
    newest = sa.select(TaskRow).where(TaskRow.user_id == bob.id, TaskRow.kind == kind)

    def begun() -> TaskRow | None:
        with db.session_scope(db.WORKER) as session:
            task = session.scalars(newest.order_by(TaskRow.seq.desc()).limit(1)).one()
        return task if task.attempt else None

    task = wait_for(begun, deadline_s=600, what=f"a task of {kind} to begin")
    assert task.started_at is not None
    theirs = sa.select(TaskRow.started_at, TaskRow.finished_at).where(
        TaskRow.user_id == ada.id, TaskRow.kind == kind, TaskRow.started_at < task.started_at
    )
    with db.session_scope(db.WORKER) as session:
        rows = session.execute(theirs).all()
    free_at = max(row.finished_at for row in rows if row.finished_at is not None)
    return {
        "n_before": sum(row.started_at > task.created_at for row in rows),
        "behind_the_running_s": round((free_at - task.created_at).total_seconds(), 3),
        "waited_s": round((task.started_at - free_at).total_seconds(), 3),
    }


def _costs(database: db.Database, user: db.User) -> dict[str, dict[str, float]]:
    """Milliseconds of each verb with nothing else in the queue and behind N_WAITING tasks.

    The first decile of both, in turns, as others may use the machine.
    """
    waiting = {"kind": steps.KIND, "user_id": user.id, "payload": {}}
    taken: dict[str, dict[str, list[float]]] = {verb: {} for verb in ("enqueue", "claim", "place")}
    for _ in range(N_ROUNDS):
        for name, n_others in (("alone", 0), ("behind_many", N_WAITING)):
            others = [{**waiting, "id": uuid4(), "turn": 2 * n, "seq": n} for n in range(n_others)]
            with db.session_scope(db.WORKER, write=True) as session:
                session.execute(
                    sa.delete(TaskRow).where(TaskRow.state == "QUEUED", TaskRow.kind == steps.KIND)
                )
                if others:
                    session.execute(sa.insert(TaskRow), others)
            if not database.is_sqlite:  # as autovacuum does elsewhere
                with sa.create_engine(
                    database.engine.url, isolation_level="AUTOCOMMIT"
                ).connect() as connection:
                    connection.exec_driver_sql("VACUUM ANALYZE tasks")
            for verb, ms in _verbs(user).items():
                taken[verb].setdefault(name, []).extend(ms)
    return {
        f"{verb}_ms": {name: round(statistics.quantiles(ms, n=10)[0], 2) for name, ms in by_name.items()}
        for verb, by_name in taken.items()
    }


def _verbs(user: db.User) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {"enqueue": [], "claim": [], "place": []}

    def timed(verb: str, do: Callable[[], Any]) -> Any:
        began_s = time.perf_counter()
        done = do()
        taken[verb].append(1_000 * (time.perf_counter() - began_s))
        return done

    def enqueue() -> UUID:
        with db.session_scope(user, write=True) as session:
            return steps.enqueue(session, user=user)

    def place(task_id: UUID) -> None:
        with db.session_scope(user) as session:
            queue.position(session, task_id=task_id)

    def claim(worker_id: UUID) -> queue.Task | None:
        with db.session_scope(db.WORKER) as session:
            queue.ready_kinds(session, worker_id=worker_id)
        with db.session_scope(db.WORKER, write=True) as session:
            return queue.claim(session, worker_id=worker_id, lease_s=30.0)

    for _ in range(N_SAMPLES):
        task_id = timed("enqueue", enqueue)
        timed("place", partial(place, task_id))
        task = timed("claim", partial(claim, uuid4()))
        with db.session_scope(db.WORKER, write=True) as session:
            queue.settle(session, task_id=task.id, attempt=task.attempt, state=queue.TaskState.SUCCEEDED)
    return taken


if __name__ == "__main__":
    sys.exit(main())
