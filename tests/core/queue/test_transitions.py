"""Each move of a task: allowed once, fenced, and never without its resource."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from core import db, queue
from core.errors import Conflict, NotFound
from core.queue import TaskState
from core.queue.tasks import SETTLED, TRANSITIONS
from tests.core.queue.conftest import LEASE_S, Line
from tests.faults import steps

REASON = queue.Reason(code="bad_luck", message="It did not work.", hint="Try again.", traceback="line 1")


def test_a_task_exists_only_if_its_transaction_commits(line: Line) -> None:
    with pytest.raises(ZeroDivisionError), db.session_scope(line.user, write=True) as session:
        steps.enqueue(session, user=line.user)
        raise ZeroDivisionError
    assert line.backlog().n_queued == 0
    assert line.claim() is None


def test_a_task_of_an_unknown_kind_is_refused(line: Line) -> None:
    with (
        pytest.raises(queue.UnknownKind, match="nobody_knows"),
        db.session_scope(line.user, write=True) as session,
    ):
        queue.enqueue(session, kind_name="nobody_knows", user_id=line.user.id, payload={})


def test_the_same_dedupe_key_is_queued_once(line: Line) -> None:
    line.add(dedupe_key="monday")
    with pytest.raises(db.Collided):
        line.add(dedupe_key="monday")
    line.add(dedupe_key="tuesday")
    assert line.backlog().n_queued == 2


def test_success_keeps_the_result_and_completes_the_count(line: Line) -> None:
    task_id = line.add()
    task = line.claimed()
    line.beat(task, done=5, total=6)
    settled = line.settle(task, result={"rows": 6})
    assert (settled.state, settled.result, settled.done, settled.total) == (
        TaskState.SUCCEEDED,
        {"rows": 6},
        6,
        6,
    )
    row = line.row(task_id)
    assert (row.finished_at, row.lease_owner, row.lease_until) == (line.clock.at, None, None)
    assert steps.resource(task_id) == ("SUCCEEDED", None)


def test_failure_keeps_the_reason_and_gives_it_to_the_resource(line: Line) -> None:
    task_id = line.add()
    settled = line.settle(line.claimed(), TaskState.FAILED, reason=REASON)
    assert settled.reason == REASON
    assert steps.resource(task_id) == ("FAILED", "bad_luck")


def test_an_attempt_that_was_overtaken_can_write_nothing(line: Line) -> None:
    task_id = line.add()
    old = line.claimed()
    line.clock.advance(LEASE_S + 1)
    new = line.claimed()
    for write in (line.beat, line.settle, line.release, line.retry_later):
        with pytest.raises(queue.LeaseLost):
            write(old)
    row = line.row(task_id)
    assert (row.state, row.attempt, row.n_released) == ("RUNNING", 2, 0)
    line.settle(new)
    assert line.row(task_id).state == "SUCCEEDED"


def test_an_effect_behind_a_lost_lease_is_rolled_back(line: Line) -> None:
    task_id = line.add()
    old = line.claimed()
    line.clock.advance(LEASE_S + 1)
    line.claimed()
    with pytest.raises(queue.LeaseLost):
        steps.effect(old, 0)
    assert steps.effects(task_id) == []


@pytest.mark.parametrize("verb", ["beat", "settle", "release", "retry_later"])
def test_nothing_can_be_written_for_a_settled_task(line: Line, verb: str) -> None:
    line.add()
    task = line.claimed()
    line.settle(task)
    with pytest.raises(queue.LeaseLost):
        getattr(line, verb)(task)


def test_a_beat_keeps_what_it_is_not_told(line: Line) -> None:
    task_id = line.add()
    task = line.claimed()
    line.beat(task, done=3, total=9, checkpoint={"step": 3})
    line.clock.advance(5)
    line.beat(task)
    row = line.row(task_id)
    assert (row.done, row.total, row.checkpoint) == (3, 9, {"step": 3})
    assert row.lease_until == line.clock.at + timedelta(seconds=LEASE_S)


def test_a_task_handed_back_is_queued_at_once_and_so_is_its_resource(line: Line) -> None:
    task_id = line.add()
    task = line.claimed()
    line.beat(task, checkpoint={"step": 1})
    line.release(task)
    assert steps.resource(task_id) == ("QUEUED", None)
    again = line.claimed()
    assert (again.attempt, again.checkpoint) == (2, {"step": 1})


def test_a_failed_attempt_waits_and_the_last_one_fails(line: Line) -> None:
    task_id = line.add(max_attempts=2)
    waiting = line.retry_later(line.claimed(), delay_s=10)
    assert (waiting.state, waiting.reason) == (TaskState.QUEUED, queue.Reason("bad_luck", "It did not work."))
    assert steps.resource(task_id)[0] == "QUEUED"
    assert line.claim() is None
    line.clock.advance(10)
    second = line.claimed()
    assert second.reason is None, "the second attempt still shows why the first one failed"
    failed = line.retry_later(second)
    assert (failed.state, failed.reason) == (
        TaskState.FAILED,
        queue.Reason("bad_luck", "It did not work. It was tried twice."),
    )
    assert steps.resource(task_id) == ("FAILED", "bad_luck")


@pytest.mark.parametrize(("n", "often"), [(1, "once"), (2, "twice"), (3, "3 times"), (1000, "1,000 times")])
def test_how_often_it_was_tried_is_told_as_a_person_says_it(n: int, often: str) -> None:
    assert queue.Reason("x", "It broke.").after(n).message == f"It broke. It was tried {often}."


def test_an_attempt_that_was_handed_back_does_not_count_as_tried(line: Line) -> None:
    line.add(max_attempts=1)
    line.release(line.claimed())
    failed = line.retry_later(line.claimed())
    assert failed.reason is not None
    assert failed.reason.message == "It did not work. It was tried once."


def test_a_queued_task_is_cancelled_at_once(line: Line) -> None:
    task_id = line.add()
    assert line.cancel(task_id).state is TaskState.CANCELLED
    assert steps.resource(task_id)[0] == "CANCELLED"
    assert line.row(task_id).finished_at == line.clock.at
    assert line.claim() is None


def test_a_task_cancelled_between_two_attempts_does_not_blame_the_first(line: Line) -> None:
    task_id = line.add()
    line.retry_later(line.claimed(), delay_s=10)
    assert line.cancel(task_id).reason is None
    assert line.row(task_id).error is None
    assert steps.resource(task_id) == ("CANCELLED", None)


def test_a_running_task_is_asked_to_stop(line: Line) -> None:
    task_id = line.add()
    task = line.claimed()
    asked = line.cancel(task_id)
    assert (asked.state, asked.cancel_requested) == (TaskState.RUNNING, True)
    assert steps.resource(task_id)[0] == "RUNNING"
    assert line.beat(task) is True
    line.settle(task, TaskState.CANCELLED)
    assert steps.resource(task_id)[0] == "CANCELLED"


def test_an_abandoned_task_is_cancelled_at_once(line: Line) -> None:
    task_id = line.add()
    task = line.claimed()
    line.clock.advance(LEASE_S + 1)
    assert line.cancel(task_id).state is TaskState.CANCELLED
    row = line.row(task_id)
    assert (row.lease_owner, row.lease_until) == (None, None)
    assert steps.resource(task_id)[0] == "CANCELLED"
    with pytest.raises(queue.LeaseLost):
        line.settle(task)


def test_a_worker_lost_after_the_cancel_leaves_a_cancelled_task(line: Line) -> None:
    task_id = line.add()
    line.claimed()
    line.cancel(task_id)
    line.clock.advance(LEASE_S + 1)
    assert line.claim() is None, "a cancelled task was taken over"
    assert steps.resource(task_id)[0] == "CANCELLED"


def test_a_cancelled_task_that_is_handed_back_or_retried_is_not_done_again(line: Line) -> None:
    for give_up in (line.release, line.retry_later):
        task_id = line.add()
        task = line.claimed()
        line.cancel(task_id)
        assert give_up(task).state is TaskState.CANCELLED
        assert steps.resource(task_id) == ("CANCELLED", None), (
            "the attempt's failure stands where the cancel should"
        )
        assert line.row(task_id).finished_at == line.clock.at
        line.clock.advance(60)
        assert line.claim() is None


@pytest.mark.parametrize("state", sorted(SETTLED))
def test_a_settled_task_can_not_be_cancelled(line: Line, state: TaskState) -> None:
    task_id = line.add()
    line.settle(line.claimed(), state, reason=REASON if state is TaskState.FAILED else None)
    with pytest.raises(Conflict, match=state.lower()):
        line.cancel(task_id)
    assert line.row(task_id).state == state


def test_a_task_that_does_not_exist_can_not_be_cancelled(line: Line) -> None:
    with pytest.raises(NotFound):
        line.cancel(uuid4())


def test_work_that_ends_after_it_was_cancelled_may_still_count(line: Line) -> None:
    task_id = line.add()
    task = line.claimed()
    line.cancel(task_id)
    assert line.settle(task, result={"rows": 1}).state is TaskState.SUCCEEDED
    assert steps.resource(task_id)[0] == "SUCCEEDED"


@pytest.mark.parametrize("state", ["SUCCEEDED", "FAILED", "CANCELLED", "QUEUED"])
def test_a_resource_that_does_not_follow_rolls_the_move_back(line: Line, state: str) -> None:
    task_id = line.add(follow_fails_at=state, max_attempts=5)
    task = line.claimed()
    with pytest.raises(ZeroDivisionError):
        line.release(task) if state == "QUEUED" else line.settle(task, TaskState(state))
    assert line.row(task_id).state == "RUNNING"
    assert steps.resource(task_id)[0] == "RUNNING"
    line.beat(task)


def test_a_resource_that_does_not_follow_keeps_a_queued_task_from_being_cancelled(line: Line) -> None:
    task_id = line.add(follow_fails_at="CANCELLED")
    with pytest.raises(ZeroDivisionError):
        line.cancel(task_id)
    assert line.row(task_id).state == "QUEUED"


def test_the_table_of_moves_is_what_the_verbs_do(line: Line) -> None:
    """Every verb is tried on a task in every state; the moves seen are the table's."""
    seen: dict[TaskState, set[TaskState]] = {state: set() for state in TaskState}
    for start in TaskState:
        for verb in _VERBS:
            task_id = line.add(max_attempts=9)
            task = line.claimed()
            if start is TaskState.QUEUED:
                line.release(task)
            elif start in SETTLED:
                line.settle(task, start)
            if verb == "take_over":
                line.clock.advance(LEASE_S + 1)
            before = line.row(task_id)
            try:
                _VERBS[verb](line, task)
            except (queue.LeaseLost, Conflict):
                assert line.row(task_id).attempt == before.attempt
            after = line.row(task_id)
            if (after.state, after.attempt) != (before.state, before.attempt):
                seen[start].add(TaskState(after.state))
            if after.state not in SETTLED:  # out of the way of the next one
                line.clock.advance(LEASE_S + 1)
                line.cancel(task_id)
    assert seen == {state: set(allowed) for state, allowed in TRANSITIONS.items()}


_VERBS = {
    "claim_one": lambda line, task: line.claim_one(task.id),
    "take_over": lambda line, task: line.claim(),
    "release": lambda line, task: line.release(task),
    "retry_later": lambda line, task: line.retry_later(task),
    "cancel": lambda line, task: line.cancel(task.id),
    "succeed": lambda line, task: line.settle(task),
    "fail": lambda line, task: line.settle(task, TaskState.FAILED),
    "stop": lambda line, task: line.settle(task, TaskState.CANCELLED),
    "dead letter": lambda line, task: line.dead_letter(task.id),
}


def test_nothing_leads_out_of_a_settled_state() -> None:
    assert {state for state, allowed in TRANSITIONS.items() if not allowed} == set(SETTLED)


def test_a_task_goes_on_later_from_its_checkpoint_and_no_attempt_is_counted(line: Line) -> None:
    task_id = line.add(max_attempts=1)
    for n in range(1, 4):
        with db.session_scope(db.WORKER, write=True) as session:
            task = queue.claim(session, worker_id=uuid4(), lease_s=LEASE_S)
            assert task is not None
            queue.release(
                session,
                task_id=task.id,
                attempt=task.attempt,
                delay_s=60,
                checkpoint={"n": n},
            )
        row = line.row(task_id)
        assert (row.state, row.attempt, row.n_released, row.checkpoint) == ("QUEUED", n, n, {"n": n})
        assert row.run_at == line.clock.at + timedelta(seconds=60)
        assert line.claim() is None, "it was taken before its time"
        line.clock.advance(60)
    assert line.retry_later(line.claimed()).state is TaskState.FAILED


def test_an_attempt_that_brought_the_checkpoint_further_does_not_count(line: Line) -> None:
    task_id = line.add(max_attempts=2)
    for n in range(5):
        task = line.claimed()
        line.beat(task, checkpoint={"step": n})
        line.beat(task, checkpoint={"step": n + 1})
        line.retry_later(task, delay_s=0)
    assert (line.row(task_id).n_progressed, line.row(task_id).state) == (5, "QUEUED")
    task = line.claimed()
    line.beat(task, checkpoint={"step": 5})
    assert line.retry_later(task, delay_s=0).state is TaskState.QUEUED, "the same checkpoint is no progress"
    failed = line.retry_later(line.claimed(), delay_s=0)
    assert (failed.state, failed.attempt) == (TaskState.FAILED, 7)
    assert failed.reason is not None
    assert failed.reason.message.endswith("It was tried twice.")


def test_an_attempt_that_made_progress_and_was_handed_back_is_left_out_once(line: Line) -> None:
    task_id = line.add(max_attempts=1)
    for _ in range(2):
        task = line.claimed()
        line.beat(task, checkpoint={"step": task.attempt})
        line.release(task)
    assert (line.row(task_id).n_released, line.row(task_id).n_progressed) == (2, 0)
    assert line.retry_later(line.claimed()).state is TaskState.FAILED


def test_a_retry_waits_as_long_as_its_kind_says_by_the_tries_that_count(line: Line) -> None:
    task_id = line.add(max_attempts=9)
    reason = queue.Reason(code="bad_luck", message="It did not work.")

    def delay_s(*, checkpoint: dict[str, int] | None = None) -> float:
        task = line.claimed()
        line.beat(task, checkpoint=checkpoint)
        with db.session_scope(db.WORKER, write=True) as session:
            queue.retry_later(session, task_id=task.id, attempt=task.attempt, reason=reason)
        waits_s = (line.row(task_id).run_at - line.clock.at).total_seconds()
        line.clock.advance(waits_s)
        return waits_s

    assert [delay_s(), delay_s(), delay_s()] == [0.5, 1.0, 2.0]
    assert [delay_s(checkpoint={"step": n}) for n in range(3)] == [2.0, 2.0, 2.0]
    assert delay_s() == 4.0
