"""Who gets which task, when, and what becomes of the abandoned."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from core import db, queue
from core.db.tables.tasks import TaskRow
from core.queue import SET_ASIDE_S, TaskState
from core.queue.figures import Backlog, Retried
from tests.core.queue.conftest import LEASE_S, Line
from tests.faults import steps
from tests.faults.pooled_steps import GENERATION, TRAINING


def test_an_empty_queue_gives_nothing(line: Line) -> None:
    assert not line.is_ready()
    assert line.claim() is None


def test_the_smallest_priority_goes_first_and_then_the_oldest(line: Line) -> None:
    added = []
    for priority in (0, 5, 0, -10):
        added.append(line.add(priority=priority))
        line.clock.advance(1)
    claimed = [line.claimed().id for _ in added]
    assert claimed == [added[3], added[0], added[2], added[1]]
    assert line.claim() is None


def test_a_prioritized_task_overtakes_all_others(line: Line) -> None:
    line.add()
    line.clock.advance(1)
    urgent = line.add(priority=7)
    with db.session_scope(line.user, write=True) as session:
        queue.prioritize(session, task_id=urgent)
    assert line.claimed().id == urgent


def test_a_claimed_task_is_running_under_a_lease_and_its_resource_follows(line: Line) -> None:
    task_id, worker_id = line.add(n_steps=3), uuid4()
    task = line.claim(worker_id)
    assert task is not None
    assert (task.id, task.state, task.attempt, task.payload) == (
        task_id,
        TaskState.RUNNING,
        1,
        {"n_steps": 3},
    )
    row = line.row(task_id)
    assert (row.lease_owner, row.lease_until) == (worker_id, line.clock.at + timedelta(seconds=LEASE_S))
    assert row.started_at == line.clock.at
    assert steps.resource(task_id) == ("RUNNING", None)
    assert line.claim() is None, "a running task was given away twice"


def test_a_task_that_is_due_later_waits_for_its_time(line: Line) -> None:
    task_id = line.add()
    line.retry_later(line.claimed(), delay_s=60)
    line.clock.advance(59)
    assert not line.is_ready()
    assert line.claim() is None
    line.clock.advance(1)
    assert line.is_ready()
    assert line.claimed().id == task_id


def test_a_lease_that_ran_out_is_taken_over_with_the_next_attempt_and_the_checkpoint(line: Line) -> None:
    task_id = line.add()
    first = line.claimed()
    line.beat(first, done=2, total=6, checkpoint={"step": 2})
    line.clock.advance(LEASE_S)
    assert line.claim() is None, "taken over while the lease still ran"
    line.clock.advance(0.001)
    assert line.is_ready()
    second = line.claimed()
    assert (second.id, second.attempt, second.checkpoint, second.done) == (task_id, 2, {"step": 2}, 2)
    assert steps.resource(task_id)[0] == "RUNNING"


def test_a_beat_keeps_the_lease(line: Line) -> None:
    line.add()
    task = line.claimed()
    for _ in range(5):
        line.clock.advance(LEASE_S - 1)
        assert line.beat(task) is False
        assert line.claim() is None


def test_an_abandoned_task_goes_before_one_that_waits(line: Line) -> None:
    old = line.add()
    line.claimed()
    line.clock.advance(LEASE_S + 1)
    line.add(priority=-10)
    assert line.claimed().id == old


def test_a_task_whose_worker_is_lost_each_time_fails_after_exactly_its_attempts(line: Line) -> None:
    task_id = line.add(max_attempts=3)
    for attempt in (1, 2, 3):
        assert line.claimed().attempt == attempt
        line.clock.advance(LEASE_S + 1)
    assert line.claim() is None
    row = line.row(task_id)
    assert (row.state, row.attempt, row.finished_at) == ("FAILED", 3, line.clock.at)
    assert (row.lease_owner, row.lease_until) == (None, None)
    assert row.error is not None
    assert row.error["message"] == "The worker that ran this stopped unexpectedly. It was tried 3 times."
    assert steps.resource(task_id) == ("FAILED", "worker_lost")


def test_attempts_that_were_handed_back_do_not_count(line: Line) -> None:
    task_id = line.add(max_attempts=2)
    for _ in range(4):
        line.release(line.claimed())
    for _ in range(2):
        line.claimed()
        line.clock.advance(LEASE_S + 1)
    assert line.claim() is None
    row = line.row(task_id)
    assert (row.state, row.attempt, row.n_released) == ("FAILED", 6, 4)


def test_claiming_one_task_takes_exactly_that(line: Line) -> None:
    line.add(priority=-10)
    wanted = line.add()
    task = line.claim_one(wanted)
    assert task is not None
    assert (task.id, task.attempt, task.state) == (wanted, 1, TaskState.RUNNING)
    assert line.claim_one(wanted) is None
    line.clock.advance(LEASE_S + 1)
    again = line.claim_one(wanted)
    assert again is not None
    assert again.attempt == 2


def test_claiming_a_settled_or_unknown_task_gives_nothing(line: Line) -> None:
    task_id = line.add()
    line.settle(line.claimed())
    assert line.claim_one(task_id) is None
    assert line.claim_one(uuid4()) is None


def test_claiming_one_that_used_up_its_attempts_fails_it_instead(line: Line) -> None:
    task_id = line.add(max_attempts=1)
    line.claimed()
    line.clock.advance(LEASE_S + 1)
    assert line.claim_one(task_id) is None
    assert steps.resource(task_id) == ("FAILED", "worker_lost")


def test_a_kind_that_this_version_does_not_know_is_left_for_others(line: Line) -> None:
    task_id = line.add()
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.update(TaskRow).values(kind="from.the.future"))
    assert line.claim() is None
    assert line.claim_one(task_id) is None
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(
            sa.update(TaskRow).values(
                state="RUNNING", attempt=3, lease_until=line.clock.at - timedelta(days=1)
            )
        )
    assert line.claim() is None
    assert line.claim_one(task_id) is None
    assert line.row(task_id).state == "RUNNING"


@pytest.mark.parametrize("is_worn_out", [False, True])
def test_a_resource_that_does_not_follow_takes_the_claim_back_and_holds_no_other_up(
    line: Line, is_worn_out: bool
) -> None:
    stubborn = line.add(follow_fails_at="FAILED" if is_worn_out else "RUNNING", max_attempts=1)
    state = "RUNNING" if is_worn_out else "QUEUED"
    if is_worn_out:
        line.claimed()
        line.clock.advance(LEASE_S + 1)
    before = line.row(stubborn)
    with pytest.raises(queue.NotFollowed) as refused:
        line.claim()
    assert isinstance(refused.value.__cause__, ZeroDivisionError)
    assert refused.value.task_id == stubborn
    after = line.row(stubborn)
    assert (after.state, after.attempt, after.lease_until) == (state, before.attempt, before.lease_until)
    assert steps.resource(stubborn) == (state, None)

    line.set_aside(stubborn)
    other = line.add()
    assert line.settle(line.claimed()).id == other
    assert line.row(stubborn).error == queue.Reason("not_followed", "It did not follow.").to_json()
    line.clock.advance(SET_ASIDE_S - 1)
    assert not line.is_ready()
    line.clock.advance(2)
    with pytest.raises(queue.NotFollowed):
        line.claim()


def test_what_somebody_works_on_or_has_done_is_not_set_aside(line: Line) -> None:
    line.add()
    task = line.claimed()
    before = line.row(task.id).lease_until
    line.set_aside(task.id)
    assert (line.row(task.id).lease_until, line.row(task.id).error) == (before, None)
    line.settle(task)
    line.set_aside(task.id)
    assert line.row(task.id).error is None


def test_a_worker_takes_nothing_over_from_itself_but_what_it_has_let_go(line: Line) -> None:
    """Its lease may run out while it works: the machine has slept, or its clock was set."""
    own, other = uuid4(), uuid4()
    task_id = line.add()
    task = line.claim(own)
    assert task is not None
    line.clock.advance(LEASE_S + 1)
    assert line.claim(own) is None
    assert not line.is_ready(own)
    assert line.claim_one(task_id, own) is None
    line.beat(task)
    line.clock.advance(LEASE_S + 1)
    with db.session_scope(db.WORKER, write=True) as session:
        queue.let_go(session, task_id=task_id, attempt=task.attempt)
    assert line.is_ready(own)
    again = line.claim(own)
    assert again is not None
    assert again.attempt == 2
    line.clock.advance(LEASE_S + 1)
    assert line.is_ready(other)
    assert line.claim(other) is not None


def test_of_tasks_those_that_are_due_are_told_from_those_that_are_over(line: Line) -> None:
    running, later, done, gone = line.add(), line.add(), line.add(), uuid4()
    for task_id in (running, later, done):
        assert line.claim_one(task_id) is not None
    line.retry_later(line.task(later), delay_s=10)
    line.settle(line.task(done))

    def found() -> tuple[set[UUID], set[UUID]]:
        with db.session_scope(db.WORKER) as session:
            return queue.due_or_over(session, task_ids=[running, later, done, gone])

    assert found() == (set(), {done, gone})
    line.clock.advance(11)
    assert found() == ({later}, {done, gone})


def test_the_backlog_counts_what_waits_runs_and_is_abandoned(line: Line) -> None:
    assert line.backlog() == Backlog(n_queued=0, n_running=0, n_abandoned=0, oldest_at=None)
    for _ in range(4):
        line.add()
        line.clock.advance(10)
    line.claimed()
    line.clock.advance(LEASE_S + 1)
    abandoned_since = line.clock.at
    assert line.backlog().n_abandoned == 1
    line.claimed()  # takes the abandoned one over
    line.claimed()
    figures = line.backlog()
    assert (figures.n_queued, figures.n_running, figures.n_abandoned) == (2, 2, 0)
    assert figures.oldest_at == abandoned_since - timedelta(seconds=LEASE_S + 1 + 20)


def test_tasks_that_had_to_be_begun_again_are_counted_with_the_last_such_attempt(line: Line) -> None:
    def retried() -> Retried:
        with db.session_scope(db.WORKER) as session:
            return queue.retried(session, within_s=3600)

    line.add()
    line.settle(line.claimed())
    line.add()
    line.release(line.claimed())
    line.settle(line.claimed())
    assert retried() == Retried(n=0, last_at=None)

    line.add()
    line.retry_later(line.claimed(), delay_s=1)
    assert retried() == Retried(n=1, last_at=line.clock.at)
    line.clock.advance(1)
    again = line.claimed()
    assert retried() == Retried(n=1, last_at=line.clock.at)
    begun_at = line.clock.at
    line.clock.advance(60)
    line.settle(again)
    assert retried() == Retried(n=1, last_at=begun_at)
    line.clock.advance(3601)
    assert retried().n == 0


def test_only_the_kinds_that_are_asked_for_are_taken(line: Line) -> None:
    line.add(priority=-10)
    other = line.add(kind=TRAINING)

    def claim(*kinds: str) -> queue.Task | None:
        with db.session_scope(db.WORKER, write=True) as session:
            return queue.claim(session, worker_id=uuid4(), lease_s=LEASE_S, kinds=kinds)

    with db.session_scope(db.WORKER) as session:
        assert queue.ready_kinds(session, kinds=[GENERATION, TRAINING]) == [TRAINING]
        assert set(queue.ready_kinds(session)) == {steps.KIND, TRAINING}
        assert queue.ready_kinds(session, kinds=[]) == []
    assert claim(GENERATION) is None
    assert claim() is None
    task = claim(GENERATION, TRAINING)
    assert task is not None
    assert task.id == other
    line.clock.advance(LEASE_S + 1)
    assert claim(GENERATION) is None, "an abandoned task of another pool was taken"
    with db.session_scope(db.WORKER) as session:
        assert queue.ready_kinds(session, kinds=[TRAINING]) == [TRAINING]


def test_a_lost_worker_whose_attempt_made_progress_costs_no_attempt(line: Line) -> None:
    task_id = line.add(max_attempts=1)
    for n in range(3):
        line.beat(line.claimed(), checkpoint={"step": n})
        line.clock.advance(LEASE_S + 1)
    assert line.claimed().attempt == 4
    line.clock.advance(LEASE_S + 1)
    assert line.claim() is None
    assert (line.row(task_id).state, line.row(task_id).n_progressed) == ("FAILED", 3)


def test_of_which_kind_a_task_is_can_be_asked_while_somebody_may_take_it(line: Line) -> None:
    def kind_of(task_id: UUID) -> str | None:
        with db.session_scope(db.WORKER) as session:
            return queue.claimable_kind(session, task_id=task_id)

    task_id = line.add(kind=TRAINING)
    assert kind_of(task_id) == TRAINING
    task = line.claimed()
    assert kind_of(task_id) is None
    line.clock.advance(LEASE_S + 1)
    assert kind_of(task_id) == TRAINING
    line.settle(task)
    assert (kind_of(task_id), kind_of(uuid4())) == (None, None)
