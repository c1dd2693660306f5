"""`python -m core.worker`: a process of its own that takes what the app has queued."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

from core import db, queue
from core.db.tables.tasks import TaskRow
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys
from tests.faults import steps
from tests.faults.worker_process import WorkerProcess
from tests.servers.parts import require
from tests.servers.waiting import PATIENCE_S, wait_for

PROJECT = Path(__file__).resolve().parents[1]
CANCELS = """
import sys
from uuid import UUID
from core import db, queue, settings
from tests.faults import steps
db.connect_configured(settings.current())
with db.session_scope(db.WORKER, write=True) as session:
    queue.cancel(session, task_id=UUID(sys.argv[1]))
"""


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


def test_a_worker_ends_though_the_signal_interrupts_another_thread_than_the_one_that_waits(
    sqlite_database: db.Database, settings: Settings, user: db.User
) -> None:
    """So it is, too, for one that comes just before the main thread begins to wait: nothing wakes that thread."""
    worker = WorkerProcess(settings)
    try:
        wait_for(lambda: journeys.ask(user, queue.workers.alive), what="it to be there")
        another = next(thread for thread in worker.threads_that_hear() if thread != worker.pid)
        assert ctypes.CDLL(None).tgkill(worker.pid, another, signal.SIGTERM) == 0
        assert worker.wait() == 0
    finally:
        worker.end()


def test_what_a_killed_worker_had_is_taken_up_by_the_next_that_starts_here_long_before_its_lease_ends(
    database: db.Database, settings: Settings, user: db.User
) -> None:
    steps.make_tables()
    patient = settings.model_copy(update={"lease_s": 3_600.0})
    with db.session_scope(user, write=True) as session:
        task_id = steps.enqueue(session, user=user, n_steps=10_000, step_s=0.1, lease_s=3_600.0)
    killed = WorkerProcess(patient)
    wait_for(lambda: steps.effects(task_id), what="it to be begun")
    killed.kill()
    living = WorkerProcess(patient)
    try:
        wait_for(lambda: steps.attempts(task_id) == {1, 2}, what="it to be taken up")
        (alive,) = journeys.ask(user, queue.workers.alive)
        assert alive.pid == living.pid
        later = WorkerProcess(patient)  # it finds a living worker, and takes nothing from it
        wait_for(lambda: len(journeys.ask(user, queue.workers.alive)) == 2, what="a third to be there")
        assert later.end() == 0
        assert steps.attempts(task_id) == {1, 2}
    finally:
        assert living.end() == 0


def test_a_clock_that_is_set_back_by_two_hours_holds_neither_work_nor_cancels_up(
    sqlite_database: db.Database, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    steps.make_tables()
    clock = tmp_path / "clock"
    clock.write_text("+0s")
    faked = {
        "LD_PRELOAD": str(require("faketime")), "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    with db.session_scope(user, write=True) as session:
        leased, unwanted = (steps.enqueue(session, user=user) for _ in range(2))
    with db.session_scope(db.WORKER, write=True) as session:
        for task_id in (leased, unwanted):
            queue.claim_one(session, task_id=task_id, worker_id=uuid4(), lease_s=3_600.0)
    worker = WorkerProcess(settings, environment=faked)
    try:
        wait_for(lambda: journeys.ask(user, queue.workers.alive), what="the worker to be there")
        assert _state(leased) == ("RUNNING", 1)
        two_hours_ago = tmp_path / "two hours ago"
        two_hours_ago.write_text("-2h")
        subprocess.run(
            [sys.executable, "-c", CANCELS, str(unwanted)], cwd=PROJECT, check=True,
            env={**os.environ, **settings.environment(), **faked, "FAKETIME_TIMESTAMP_FILE": str(two_hours_ago)},
        )  # fmt: skip
        assert _state(unwanted) == ("CANCELLED", 1)
        clock.write_text("-2h")
        with db.session_scope(user, write=True) as session:
            queued = steps.enqueue(session, user=user)  # by this process's clock, two hours ahead
        wait_for(lambda: _state(queued) == ("SUCCEEDED", 1), what="queued work to be done")
        wait_for(lambda: _state(leased) == ("SUCCEEDED", 2), what="the lease to be taken over")
    finally:
        assert worker.end() == 0


def _state(task_id: UUID) -> tuple[str, int]:
    with db.session_scope(db.WORKER) as session:
        row = session.get_one(TaskRow, task_id)
        return row.state, row.attempt
