"""Real worker processes, killed and frozen: nothing is lost, done twice or left half done."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
import sqlalchemy as sa

from core import db
from core.db.tables.tasks import TaskRow, WorkerRow
from core.queue import SETTLED
from core.settings import Settings
from tests.faults import steps
from tests.faults.invariant import examine
from tests.faults.storm import Storm, rage
from tests.faults.worker_process import WorkerProcess
from tests.servers.waiting import wait_for

pytestmark = pytest.mark.faults
LEASE_S = 2.0
N_STEPS = 6


class Crew:
    """Worker processes on one database, and the tasks they do."""

    def __init__(self, settings: Settings, user: db.User) -> None:
        self.settings = settings.model_copy(update={"lease_s": LEASE_S, "log_level": "error"})
        self.user = user
        self.workers: list[WorkerProcess] = []

    def start(self) -> WorkerProcess:
        self.workers.append(WorkerProcess(self.settings))
        return self.workers[-1]

    def add(self, **options: Any) -> UUID:
        options = {"n_steps": N_STEPS, "step_s": 0.05, "lease_s": LEASE_S} | options
        with db.session_scope(self.user, write=True) as session:
            return steps.enqueue(session, user=self.user, **options)

    def task(self, task_id: UUID) -> TaskRow:
        with db.session_scope(db.WORKER) as session:
            return session.execute(sa.select(TaskRow).where(TaskRow.id == task_id)).scalar_one()

    def worker_of(self, task_id: UUID) -> WorkerProcess:
        """The worker that runs the task, once there is one."""

        def found() -> WorkerProcess | None:
            with db.session_scope(db.WORKER) as session:
                query = sa.select(WorkerRow.pid).join(TaskRow, TaskRow.lease_owner == WorkerRow.id)
                pid = session.execute(query.where(TaskRow.id == task_id)).scalar_one_or_none()
            return next((worker for worker in self.workers if worker.pid == pid), None)

        return wait_for(found, what="a worker to claim the task")

    def wait_settled(self, task_id: UUID) -> TaskRow:
        wait_for(lambda: self.task(task_id).state in SETTLED, what="the task to be settled")
        return self.task(task_id)

    def kill(self, worker: WorkerProcess) -> None:
        worker.kill()
        self.workers.remove(worker)

    def end(self) -> None:
        for worker in self.workers:
            worker.end()


@contextmanager
def _crew(settings: Settings, user: db.User) -> Iterator[Crew]:
    steps.make_tables()
    crew = Crew(settings, user)
    try:
        yield crew
    finally:
        crew.end()


@pytest.fixture
def crew(database: db.Database, settings: Settings, user: db.User) -> Iterator[Crew]:
    """Nobody at work yet, on each kind of database; whoever is started is ended."""
    with _crew(settings, user) as crew:
        yield crew


@pytest.fixture
def sqlite_crew(sqlite_database: db.Database, settings: Settings, user: db.User) -> Iterator[Crew]:
    """The same, for what the kind of database has no part in."""
    with _crew(settings, user) as crew:
        yield crew


def test_a_worker_killed_at_any_moment_is_replaced_from_the_checkpoint(crew: Crew, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    moments: dict[str, tuple[dict[str, Any], Callable[[UUID], bool]]] = {
        "after the claim": ({"step_s": 0.5}, lambda task_id: crew.task(task_id).state == "RUNNING"),
        "in the middle of a step": ({"step_s": 0.3}, lambda task_id: len(steps.effects(task_id)) == 3),
        "between effect and commit": (
            {"open_effect": str(opened), "open_s": 60.0, "at_step": 2},
            lambda task_id: opened.exists(),
        ),
        "before the last write": (
            {"linger_s": 1.0},
            lambda task_id: len(steps.effects(task_id)) == N_STEPS,
        ),
    }
    for _ in range(2):
        crew.start()
    for moment, (options, has_come) in moments.items():
        task_id = crew.add(**options)
        wait_for(lambda: has_come(task_id), what=moment)  # noqa: B023  # called at once
        done_before = steps.effects(task_id)
        crew.kill(crew.worker_of(task_id))
        crew.start()
        row = crew.wait_settled(task_id)
        assert (row.state, row.attempt) == ("SUCCEEDED", 2), moment
        assert steps.effects(task_id) == list(range(N_STEPS)), f"effects after a kill {moment}"
        assert _steps_of_attempt(task_id, 1) == done_before, f"checkpoint after a kill {moment}"
        assert examine([task_id], n_steps=N_STEPS).clean, moment


def _steps_of_attempt(task_id: UUID, attempt: int) -> list[int]:
    with db.session_scope(db.WORKER) as session:
        query = sa.text(
            "SELECT step FROM test_effects WHERE task_id = :task AND attempt = :attempt ORDER BY step"
        )
        return list(session.execute(query, {"task": str(task_id), "attempt": attempt}).scalars())


def test_a_worker_frozen_past_its_lease_writes_nothing_when_it_wakes(crew: Crew) -> None:
    crew.start()
    task_id = crew.add(step_s=0.4)
    wait_for(lambda: len(steps.effects(task_id)) == 2, what="two steps")
    zombie = crew.worker_of(task_id)
    children = zombie.children()
    zombie.signal(signal.SIGSTOP)
    for pid in children:
        psutil.Process(pid).suspend()
    rescuer = crew.start()
    row = crew.wait_settled(task_id)
    assert (row.state, row.attempt) == ("SUCCEEDED", 2)
    before = (row.state, row.attempt, row.done, row.result, row.finished_at)
    for pid in children:
        psutil.Process(pid).resume()
    zombie.signal(signal.SIGCONT)
    rescuer.end()
    crew.workers.remove(rescuer)
    assert crew.wait_settled(crew.add()).state == "SUCCEEDED", "the zombie did not go back to work"
    row = crew.task(task_id)
    assert (row.state, row.attempt, row.done, row.result, row.finished_at) == before
    assert examine([task_id], n_steps=N_STEPS).clean


def test_a_worker_frozen_alone_loses_the_outcome_that_its_child_reports(sqlite_crew: Crew) -> None:
    crew = sqlite_crew
    crew.start()
    task_id = crew.add(step_s=0.3)
    wait_for(lambda: steps.effects(task_id), what="the child to have the task")
    zombie = crew.worker_of(task_id)
    zombie.signal(signal.SIGSTOP)
    wait_for(lambda: len(steps.effects(task_id)) == N_STEPS, what="the child to finish by itself")
    rescuer = crew.start()
    row = crew.wait_settled(task_id)
    assert (row.state, row.attempt) == ("SUCCEEDED", 2)
    zombie.signal(signal.SIGCONT)
    rescuer.end()
    crew.workers.remove(rescuer)
    assert crew.wait_settled(crew.add()).state == "SUCCEEDED"
    assert crew.task(task_id).result == {"steps": N_STEPS, "attempt": 2}
    assert examine([task_id], n_steps=N_STEPS).clean


def test_a_task_that_kills_its_worker_each_time_fails_after_exactly_its_attempts(sqlite_crew: Crew) -> None:
    crew = sqlite_crew
    poison = crew.add(fault="kill worker", max_attempts=2)
    for _ in range(3):
        crew.start()
    row = crew.wait_settled(poison)
    assert (row.state, row.attempt) == ("FAILED", 2)
    assert steps.resource(poison) == ("FAILED", "worker_lost")
    assert steps.effects(poison) == []
    assert len([worker for worker in crew.workers if worker.is_dead()]) == 2


def test_children_die_with_a_killed_worker(sqlite_crew: Crew) -> None:
    crew = sqlite_crew
    worker = crew.start()
    task_id = crew.add(step_s=5.0)
    wait_for(lambda: crew.task(task_id).state == "RUNNING", what="the task to begin")
    children = worker.children()
    assert children
    crew.kill(worker)
    wait_for(lambda: not any(psutil.pid_exists(pid) for pid in children), what="the children to be gone")


def test_a_worker_told_to_end_hands_back_in_time(sqlite_crew: Crew) -> None:
    crew = sqlite_crew
    worker = crew.start()
    task_id = crew.add(step_s=0.3)
    wait_for(lambda: len(steps.effects(task_id)) == 2, what="two steps")
    assert worker.end() == 0
    crew.workers.remove(worker)
    row = crew.task(task_id)
    assert (row.state, row.n_released) == ("QUEUED", 1)
    assert steps.resource(task_id)[0] == "QUEUED"


def test_a_storm_of_kills_and_freezes_leaves_every_effect_exactly_once(
    database: db.Database, settings: Settings, user: db.User, request: pytest.FixtureRequest
) -> None:
    """On Postgres its server crashes and comes back in the middle of it, too."""
    steps.make_tables()
    storm = Storm(n_tasks=30, n_steps=4, n_kills=4, n_stops=2, lease_s=LEASE_S, deadline_s=90)
    midway = None if database.is_sqlite else request.getfixturevalue("postgres").crash
    outcome = rage(storm, settings.model_copy(update={"log_level": "error"}), user, midway=midway)
    assert outcome.findings.clean, outcome.findings
    assert outcome.findings.n_takeovers >= 2, "the faults hit nobody"
