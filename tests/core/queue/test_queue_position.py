"""What a page may promise to whoever waits for a task."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from core import db, queue
from core.errors import NotFound
from core.queue import Pool, TaskState
from tests.core.queue.conftest import LEASE_S, Line
from tests.faults.pooled_steps import TRAINING


def position(line: Line, task_id: UUID) -> queue.QueuePosition:
    with db.session_scope(line.user) as session:
        return queue.position(session, task_id=task_id)


def beat(line: Line, worker_id: UUID, *, slots: int) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        queue.workers.beat(
            session,
            worker_id=worker_id,
            pools={Pool.SCORING: slots},
            is_embedded=True,
        )


def test_before_a_free_worker_a_task_starts_now(line: Line) -> None:
    beat(line, uuid4(), slots=1)
    found = position(line, line.add())
    assert found == queue.QueuePosition(
        state=TaskState.QUEUED, n_running=0, n_free=1, n_before=0, attempt=0, retry_at=None, reason=None
    )
    assert found.starts_now


def test_a_task_behind_another_users_that_runs_does_not_start_now(line: Line, stranger: db.User) -> None:
    worker_id = uuid4()
    beat(line, worker_id, slots=1)
    Line(stranger, line.clock).add()
    line.claim(worker_id)
    found = position(line, line.add())
    assert (found.n_running, found.n_free, found.n_before) == (1, 0, 0)
    assert not found.starts_now


def test_the_second_place_of_a_worker_is_free_while_its_first_is_busy(line: Line) -> None:
    worker_id = uuid4()
    beat(line, worker_id, slots=2)
    line.add()
    line.claim(worker_id)
    waiting = line.add()
    assert position(line, waiting).starts_now
    line.add(priority=-10)
    found = position(line, waiting)
    assert (found.n_running, found.n_free, found.n_before) == (1, 1, 1)
    assert not found.starts_now


def test_work_by_hand_beside_a_busy_worker_takes_no_place_of_another(line: Line) -> None:
    overfull, idle = uuid4(), uuid4()
    beat(line, overfull, slots=1)
    beat(line, idle, slots=1)
    for _ in range(2):
        line.add()
        line.claim(overfull)
    assert position(line, line.add()).n_free == 1


def test_a_worker_that_starts_promises_nothing_yet_and_one_that_is_gone_nothing_more(line: Line) -> None:
    worker_id, task_id = uuid4(), line.add()
    assert not position(line, task_id).starts_now
    beat(line, worker_id, slots=0)
    assert not position(line, task_id).starts_now
    beat(line, worker_id, slots=1)
    assert position(line, task_id).starts_now
    line.clock.advance(queue.workers.ALIVE_S + 1)
    assert not position(line, task_id).starts_now


def test_a_task_that_waits_for_its_next_attempt_tells_when_and_why(line: Line) -> None:
    beat(line, uuid4(), slots=1)
    task_id = line.add()
    line.retry_later(line.claimed(), delay_s=10)
    found = position(line, task_id)
    assert (found.attempt, found.retry_at) == (1, line.clock.at + timedelta(seconds=10))
    assert found.reason == queue.Reason("bad_luck", "It did not work.")
    assert not found.starts_now
    line.clock.advance(10)
    later = position(line, task_id)
    assert (later.retry_at, later.reason) == (None, found.reason)
    assert later.starts_now


def test_line_is_counted_by_priority_then_age_and_without_those_that_come_later(line: Line) -> None:
    later = line.add(priority=-5)
    line.retry_later(line.claimed(), delay_s=60)
    first = line.add()
    line.clock.advance(1)
    second = line.add()
    urgent = line.add(priority=-10)
    assert [position(line, task_id).n_before for task_id in (urgent, first, second)] == [0, 1, 2]
    assert position(line, later).n_before == 1
    line.clock.advance(60)
    assert position(line, first).n_before == 2


def test_an_abandoned_task_is_taken_first(line: Line) -> None:
    line.add()
    line.claimed()
    line.clock.advance(LEASE_S + 1)
    found = position(line, line.add())
    assert (found.n_running, found.n_before) == (0, 1)


def test_a_task_that_runs_or_is_settled_has_nothing_before_it(line: Line) -> None:
    task_id = line.add()
    task = line.claimed()
    line.add(priority=-10)
    running = position(line, task_id)
    assert (running.state, running.n_before, running.attempt) == (TaskState.RUNNING, 0, 1)
    line.settle(task, TaskState.FAILED, reason=queue.Reason("x", "It broke."))
    failed = position(line, task_id)
    assert (failed.state, failed.n_before, failed.n_running) == (TaskState.FAILED, 0, 0)
    assert failed.reason == queue.Reason("x", "It broke.")


def test_a_task_that_is_not_there_stands_nowhere(line: Line) -> None:
    with pytest.raises(NotFound):
        position(line, uuid4())


def test_other_pools_tasks_stand_before_nobody_and_take_no_slot(line: Line) -> None:
    worker_id = uuid4()
    pools = {Pool.SCORING: 1, Pool.TRAINING: 1}
    with db.session_scope(db.WORKER, write=True) as session:
        queue.workers.beat(session, worker_id=worker_id, pools=pools, is_embedded=True)
    line.add(kind=TRAINING, priority=-10)
    line.claim(worker_id)
    behind = line.add(kind=TRAINING, priority=-10)
    found = position(line, line.add())
    assert (found.n_running, found.n_free, found.n_before, found.starts_now) == (0, 1, 0, True)
    found = position(line, behind)
    assert (found.n_running, found.n_free, found.n_before, found.starts_now) == (1, 0, 0, False)
    assert position(line, line.add(kind=TRAINING)).n_before == 1
