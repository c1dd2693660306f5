"""`python -m core.worker`: a process of its own that takes what the app has queued."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from core import db, queue
from core.db.tables.tasks import TaskRow
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys
from tests.faults import steps
from tests.faults.worker_process import WorkerProcess
from tests.servers.waiting import PATIENCE_S, wait_for

PROJECT = Path(__file__).resolve().parents[1]


def test_a_worker_of_its_own_trains_scores_and_leaves_cleanly(
    sqlite_database: db.Database, settings: Settings, storage: LocalStorage, user: db.User, tmp_path: Path
) -> None:
    upload = journeys.upload_bytes(user, journeys.sample_bytes(tmp_path), settings=settings, files=storage)
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "core.worker"],
            cwd=PROJECT, env={**os.environ, **settings.environment()}, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        prediction = journeys.settled(
            user, journeys.queue_prediction(user, upload, journeys.train(user, upload))
        )
        alive = journeys.ask(user, queue.workers.alive)
    finally:
        worker.send_signal(signal.SIGTERM)
        exit_code = worker.wait(PATIENCE_S)
    assert (prediction.status, exit_code) == ("COMPLETED", 0)
    assert [(one.pid, one.is_embedded) for one in alive] == [(worker.pid, False)]
    assert wait_for(lambda: not journeys.ask(user, queue.workers.alive))
    said = (tmp_path / "worker.log").read_text()
    assert "Traceback" not in said
    assert "taking tasks" in said


def test_a_worker_told_to_end_ends_what_it_has_and_hands_back_what_takes_longer(
    sqlite_database: db.Database, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    steps.make_tables()
    with db.session_scope(user, write=True) as session:
        short = steps.enqueue(session, user=user, n_steps=10, step_s=0.1)
        long = steps.enqueue(session, user=user, n_steps=10_000, step_s=0.1)
    worker = WorkerProcess(settings, slots=2, drain_s=10.0)
    wait_for(lambda: steps.effects(short) and steps.effects(long), what="both to be begun")
    assert worker.end() == 0
    with db.session_scope(db.WORKER) as session:
        ended, handed_back = session.get_one(TaskRow, short), session.get_one(TaskRow, long)
    assert (ended.state, ended.attempt) == ("SUCCEEDED", 1)
    assert (handed_back.state, handed_back.n_released, handed_back.lease_owner) == ("QUEUED", 1, None)
    assert steps.effects(long) == list(range(len(steps.effects(long))))
