"""Tasks and their messages: what is sent when, and what a message may do, on each kind of database."""

from __future__ import annotations

from uuid import UUID, uuid4

from core import db, queue
from core.db.tables.tasks import TaskRow
from core.queue.sqs import outbox
from core.queue.sqs.client import Notice
from core.queue.sqs.outbox import Unclaimed
from tests.core.queue.conftest import LEASE_S, Line
from tests.faults import steps


def published(line: Line, *, lost_after_s: float | None = None) -> list[Notice]:
    with db.session_scope(db.WORKER) as session:
        is_due = outbox.is_due(session, lost_after_s=lost_after_s)
    with db.session_scope(db.WORKER, write=True) as session:
        notices = outbox.publish(session, lost_after_s=lost_after_s)
    assert is_due == bool(notices)
    return notices


def claim_named(line: Line, task_id: UUID, attempt: int = 0) -> queue.Task | Unclaimed:
    with db.session_scope(db.WORKER, write=True) as session:
        return outbox.claim_named(session, Notice(task_id, attempt), worker_id=uuid4(), lease_s=LEASE_S)


def claimed(line: Line, task_id: UUID, attempt: int = 0) -> queue.Task:
    task = claim_named(line, task_id, attempt)
    assert isinstance(task, queue.Task)
    return task


def dead_letter(line: Line, task_id: UUID, attempt: int = 0) -> queue.Task | Unclaimed:
    with db.session_scope(db.WORKER, write=True) as session:
        return outbox.dead_letter(session, Notice(task_id, attempt), n_deliveries=None)


def claim_unsent(line: Line, *, unsent_s: float) -> queue.Task | None:
    with db.session_scope(db.WORKER) as session:
        is_ready = bool(queue.ready_kinds(session, unsent_s=unsent_s))
    with db.session_scope(db.WORKER, write=True) as session:
        task = queue.claim(session, worker_id=uuid4(), lease_s=LEASE_S, unsent_s=unsent_s)
    assert is_ready == (task is not None)
    return task


def test_each_task_is_sent_once_in_its_order_until_its_message_is_lost(line: Line) -> None:
    late = line.add()
    line.clock.advance(1)
    later, first = line.add(), line.add(priority=-1)
    assert [notice.task_id for notice in published(line)] == [first, late, later]
    assert published(line) == []
    line.clock.advance(9)
    assert published(line, lost_after_s=10) == []
    line.clock.advance(2)
    assert len(published(line, lost_after_s=10)) == 3
    assert published(line, lost_after_s=10) == []


def test_what_could_not_be_sent_is_due_again(line: Line) -> None:
    task_id = line.add()
    notices = published(line)
    with db.session_scope(db.WORKER, write=True) as session:
        outbox.take_back(session, notices)
    assert published(line) == notices == [Notice(task_id, 0)]


def test_only_what_may_begin_now_is_sent(line: Line) -> None:
    task_id, running_id = line.add(), line.add()
    claimed(line, running_id)
    assert [notice.task_id for notice in published(line)] == [task_id]
    line.retry_later(claimed(line, task_id), delay_s=5.0)
    assert published(line) == []
    line.clock.advance(6)
    assert published(line) == [Notice(task_id, 1)]


def test_many_tasks_are_sent_in_parts(line: Line) -> None:
    n = outbox.N_AT_ONCE + 3
    for _ in range(n):
        line.add()
    assert [len(published(line)) for _ in range(3)] == [outbox.N_AT_ONCE, 3, 0]


def test_a_message_claims_its_task_and_a_copy_of_it_nothing(line: Line) -> None:
    other_id, task_id = line.add(), line.add()
    task = claimed(line, task_id)
    assert (task.id, task.attempt, steps.resource(task_id)[0]) == (task_id, 1, "RUNNING")
    assert claim_named(line, task_id) is Unclaimed.DONE
    line.settle(task)
    assert claim_named(line, task_id) is Unclaimed.DONE
    assert line.row(other_id).state == "QUEUED"
    assert claim_named(line, uuid4()) is Unclaimed.DONE


def test_a_message_of_an_earlier_attempt_claims_nothing(line: Line) -> None:
    task_id = line.add()
    line.release(claimed(line, task_id))
    assert claim_named(line, task_id, attempt=0) is Unclaimed.DONE
    assert claimed(line, task_id, attempt=1).attempt == 2


def test_a_message_takes_over_what_was_abandoned_or_settles_it(line: Line) -> None:
    task_id, worn_out, cancelled = line.add(), line.add(max_attempts=1), line.add()
    for one in (task_id, worn_out, cancelled):
        claimed(line, one)
    line.cancel(cancelled)
    line.clock.advance(LEASE_S + 1)
    assert claimed(line, task_id).attempt == 2
    assert claim_named(line, worn_out) is Unclaimed.DONE
    assert claim_named(line, cancelled) is Unclaimed.DONE
    assert steps.resource(worn_out) == ("FAILED", "worker_lost")
    assert steps.resource(cancelled)[0] == "CANCELLED"


def test_a_task_of_a_kind_that_this_version_does_not_know_is_left_to_others(line: Line) -> None:
    task_id = line.add()
    with db.session_scope(db.WORKER, write=True) as session:
        session.get_one(TaskRow, task_id).kind = "of tomorrow"
    assert claim_named(line, task_id) is Unclaimed.LATER
    assert dead_letter(line, task_id) is Unclaimed.LATER
    assert line.row(task_id).state == "QUEUED"


def test_a_dead_letter_fails_the_task_that_waits_for_it_and_its_resource(line: Line) -> None:
    task_id = line.add()
    task = dead_letter(line, task_id)
    assert isinstance(task, queue.Task)
    assert task.reason is not None
    assert task.reason.message == "SQS gave up on this task: its message was moved to the dead-letter queue."
    assert steps.resource(task_id) == ("FAILED", "dead_letter")
    assert line.row(task_id).finished_at is not None
    assert dead_letter(line, task_id) is Unclaimed.DONE
    assert dead_letter(line, uuid4()) is Unclaimed.DONE


def test_a_dead_letter_leaves_alone_what_runs_and_what_was_queued_again(line: Line) -> None:
    task_id = line.add()
    task = claimed(line, task_id)
    assert dead_letter(line, task_id) is Unclaimed.LATER
    line.release(task)
    assert dead_letter(line, task_id, attempt=0) is Unclaimed.DONE
    assert line.row(task_id).state == "QUEUED"


def test_where_messages_carry_only_what_has_none_is_taken_from_the_table(line: Line) -> None:
    sent_id = line.add()
    assert len(published(line)) == 1
    unsent_id = line.add()
    assert claim_unsent(line, unsent_s=5) is None
    line.clock.advance(6)
    task = claim_unsent(line, unsent_s=5)
    assert task is not None
    assert task.id == unsent_id
    assert claim_unsent(line, unsent_s=5) is None
    assert line.row(sent_id).state == "QUEUED"
    line.clock.advance(LEASE_S + 1)
    again = claim_unsent(line, unsent_s=5)
    assert again is not None, "what was abandoned is taken at once"
    assert (again.id, again.attempt) == (unsent_id, 2)
