"""What an autoscaler is told: the load of all users, and the workers that it asks for."""

from __future__ import annotations

from uuid import uuid4

from core import db, queue
from core.queue import Pool
from core.queue.scale import WorkerDemand
from tests.core.queue.conftest import LEASE_S, Line
from tests.faults.pooled_steps import TRAINING


def scale(line: Line, *, slots_each: int = 1) -> WorkerDemand:
    with db.session_scope(db.WORKER) as session:
        return queue.scale(session, slots_each=slots_each, now=line.clock.at)


def beat(line: Line, *, slots: int, is_embedded: bool = False) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        queue.workers.beat(
            session,
            worker_id=uuid4(),
            pools={Pool.SCORING: slots},
            is_embedded=is_embedded,
        )


def test_with_nothing_to_do_no_worker_is_suggested(line: Line) -> None:
    beat(line, slots=1)
    assert scale(line) == WorkerDemand(
        queued=0, running=0, abandoned=0, oldest_s=0.0, workers=1, places=1, suggested_workers=0
    )


def test_each_worker_is_to_have_as_much_as_it_does_at_a_time(line: Line, stranger: db.User) -> None:
    for _ in range(4):
        line.add()
    Line(stranger, line.clock).add()
    line.clock.advance(41.8)
    line.claim()
    found = scale(line, slots_each=2)
    assert (found.queued, found.running, found.oldest_s, found.suggested_workers) == (4, 1, 41.8, 3)
    assert (scale(line).suggested_workers, scale(line, slots_each=0).suggested_workers) == (5, 5)


def test_what_the_app_does_itself_needs_no_worker(line: Line) -> None:
    beat(line, slots=2, is_embedded=True)
    for _ in range(3):
        line.add()
    found = scale(line)
    assert (found.workers, found.places, found.suggested_workers) == (0, 2, 1)


def test_a_task_whose_worker_is_gone_still_asks_for_one(line: Line) -> None:
    line.add()
    line.claim()
    line.clock.advance(LEASE_S + 1)
    found = scale(line)
    assert (found.running, found.abandoned, found.suggested_workers) == (1, 1, 1)


def test_what_each_worker_does_and_since_when_can_be_told(line: Line) -> None:
    worker_id = uuid4()
    task_id = line.add(total=10)
    line.clock.advance(5)
    task = line.claim(worker_id)
    assert task is not None
    began_at = line.clock.at
    line.clock.advance(3)
    line.beat(task, done=4)
    with db.session_scope(db.WORKER) as session:
        (doing,) = queue.workers.doing(session)
    assert (doing.worker_id, doing.kind, doing.since, doing.done) == (worker_id, "test.steps", began_at, 4)
    assert line.row(task_id).lease_owner == worker_id
    line.clock.advance(LEASE_S + 1)
    with db.session_scope(db.WORKER) as session:
        assert queue.workers.doing(session) == []


def test_as_many_workers_are_asked_for_as_the_pool_needs_that_needs_most(line: Line) -> None:
    for _ in range(4):
        line.add()
    assert scale(line, slots_each=4).suggested_workers == 1
    for _ in range(3):
        line.add(kind=TRAINING)
    assert scale(line, slots_each=4).suggested_workers == 3, "a worker has one slot for training"
    with db.session_scope(db.WORKER, write=True) as session:
        pools = {Pool.SCORING: 4, Pool.TRAINING: 1}
        queue.workers.beat(session, worker_id=uuid4(), pools=pools, is_embedded=True)
    found = scale(line, slots_each=4)
    assert (found.places, found.suggested_workers) == (5, 2)
