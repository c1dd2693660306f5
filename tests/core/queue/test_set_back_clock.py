"""A clock that is set back by two hours: nothing waits for it to come round again."""

from __future__ import annotations

from uuid import uuid4

import pytest

from core import db, queue
from core.db.types import SET_BACK_S
from core.queue import SET_ASIDE_S, TaskState, figures
from core.queue.sqs import outbox
from tests.core.queue.conftest import LEASE_S, Line
from tests.core.queue.test_queue_position import beat, position

TWO_HOURS_S = 7_200.0


def test_queued_work_is_taken_at_once_and_in_its_order(line: Line) -> None:
    before = line.add()
    line.clock.advance(-TWO_HOURS_S)
    after = line.add()
    assert line.is_ready()
    assert [line.claimed().id, line.claimed().id] == [before, after]


def test_a_lease_that_was_given_in_the_future_is_over(line: Line) -> None:
    task_id = line.add()
    first = line.claimed()
    line.clock.advance(-TWO_HOURS_S)
    assert line.is_ready()
    assert line.backlog().n_abandoned == 1
    assert line.claimed().attempt == 2
    assert line.backlog().n_abandoned == 0
    with pytest.raises(queue.LeaseLost):
        line.beat(first)
    assert line.row(task_id).attempt == 2


def test_a_running_task_can_be_cancelled(line: Line) -> None:
    task_id = line.add()
    line.claimed()
    line.clock.advance(-TWO_HOURS_S)
    assert line.cancel(task_id).state is TaskState.CANCELLED


def test_a_worker_that_lives_keeps_its_task_by_its_next_beat(line: Line) -> None:
    line.add()
    task = line.claimed()
    line.clock.advance(-TWO_HOURS_S)
    line.beat(task)
    assert not line.is_ready()
    assert line.claim() is None
    assert line.backlog().n_abandoned == 0


def test_a_clock_that_is_put_right_by_a_moment_takes_nothing_from_anybody(line: Line) -> None:
    line.add()
    line.claimed()
    line.clock.advance(-SET_BACK_S)
    assert line.claim() is None
    line.clock.advance(-0.001)
    assert line.claim() is not None


@pytest.mark.parametrize("delay_s", [1.0, 60.0, 86_400.0])
def test_a_delay_is_not_made_longer(line: Line, delay_s: float) -> None:
    line.add()
    line.retry_later(line.claimed(), delay_s=delay_s)
    assert line.claim() is None
    line.clock.advance(-TWO_HOURS_S)
    assert line.is_ready()
    assert line.claimed().attempt == 2


@pytest.mark.parametrize("is_running", [False, True])
def test_what_was_set_aside_is_tried_again(line: Line, is_running: bool) -> None:
    task_id = line.add()
    if is_running:
        line.claimed()
        line.clock.advance(LEASE_S + 1)
    line.set_aside(task_id)
    line.clock.advance(SET_ASIDE_S / 2)
    assert line.claim() is None
    line.clock.advance(-TWO_HOURS_S)
    assert line.claimed().id == task_id


def test_a_page_promises_what_is_so_then(line: Line) -> None:
    beat(line, uuid4(), slots=1)
    running = line.add()
    line.claimed()
    delayed = line.add()
    line.retry_later(line.claimed(), delay_s=60)
    waits = line.add()
    line.clock.advance(-TWO_HOURS_S)
    found = position(line, waits)
    assert (found.n_running, found.n_free) == (0, 0), "what was heard of a worker in the future counts"
    assert found.n_before == 2
    assert position(line, delayed).retry_at is None
    assert position(line, running).n_running == 0
    with db.session_scope(db.WORKER) as session:
        assert queue.workers.alive(session) == []
        assert queue.workers.doing(session) == []


def test_a_worker_is_alive_again_by_its_next_beat(line: Line) -> None:
    worker_id = uuid4()
    beat(line, worker_id, slots=1)
    line.clock.advance(-TWO_HOURS_S)
    beat(line, worker_id, slots=1)
    with db.session_scope(db.WORKER) as session:
        (alive,) = queue.workers.alive(session)
    assert alive.id == worker_id


def test_a_message_that_was_sent_in_the_future_is_sent_again_when_it_is_lost(line: Line) -> None:
    line.add()

    def publish(lost_after_s: float | None) -> int:
        with db.session_scope(db.WORKER, write=True) as session:
            return len(outbox.publish(session, lost_after_s=lost_after_s))

    assert publish(None) == 1
    line.clock.advance(-TWO_HOURS_S)
    assert publish(None) == 0
    assert publish(5.0) == 1


def test_a_task_that_no_message_was_sent_for_is_taken_without(line: Line) -> None:
    line.add()

    def ready() -> list[str]:
        with db.session_scope(db.WORKER) as session:
            return queue.ready_kinds(session, unsent_s=5.0)

    assert ready() == []
    line.clock.advance(-TWO_HOURS_S)
    assert ready() != []


def test_no_figure_is_less_than_nothing(line: Line) -> None:
    line.add()
    line.clock.advance(-TWO_HOURS_S)
    with db.session_scope(db.WORKER) as session:
        (waits,) = figures.unsettled(session)
    assert waits.oldest_s == 0
    task = line.claimed()
    line.clock.advance(-TWO_HOURS_S)
    line.settle(task)
    with db.session_scope(db.WORKER) as session:
        (done,) = figures.settled(session)
    assert (done.waited_s, done.ran_s, done.longest_wait_s, done.longest_run_s) == (0, 0, 0, 0)
