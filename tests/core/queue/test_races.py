"""Two who want the same task at the same moment: one gets it, on either database."""

from __future__ import annotations

from core import queue
from core.queue import TaskState
from core.settings import Settings
from tests.core.queue.conftest import LEASE_S, Line
from tests.faults import steps
from tests.servers.processes import at_once
from tests.together import together

ROUNDS = 15


def test_a_click_and_a_worker_never_both_get_a_task(line: Line) -> None:
    for _ in range(ROUNDS):
        task_id = line.add()
        given = together([lambda task_id=task_id: line.claim_one(task_id), line.claim, line.claim])
        winners = [task for task in given if task is not None]
        assert [(task.id, task.attempt) for task in winners] == [(task_id, 1)]
        line.settle(winners[0])


def test_an_abandoned_task_is_taken_over_by_one(line: Line) -> None:
    for _ in range(ROUNDS):
        task_id = line.add()
        line.claimed()
        line.clock.advance(LEASE_S + 1)
        given = together([lambda task_id=task_id: line.claim_one(task_id), line.claim, line.claim])
        winners = [task for task in given if task is not None]
        assert [(task.id, task.attempt) for task in winners] == [(task_id, 2)]
        line.settle(winners[0])


def test_several_claimers_share_several_tasks_without_overlap(line: Line) -> None:
    for _ in range(5):
        added = {line.add() for _ in range(4)}
        given = together([line.claim] * 6)
        claimed = [task.id for task in given if task is not None]
        assert len(claimed) == len(set(claimed))
        rest = []
        while (task := line.claim()) is not None:  # a skipped lock may leave some for the next look
            rest.append(task.id)
        assert sorted([*claimed, *rest]) == sorted(added)


def test_a_cancel_that_races_the_end_leaves_one_of_both(line: Line) -> None:
    for _ in range(ROUNDS):
        task_id = line.add()
        task = line.claimed()
        ended, _ = together(
            [lambda task=task: line.settle(task), lambda task_id=task_id: line.cancel(task_id)]
        )
        assert ended.state is TaskState.SUCCEEDED
        assert (line.row(task_id).state, steps.resource(task_id)[0]) == ("SUCCEEDED", "SUCCEEDED")


def test_a_cancel_that_races_the_claim_is_never_forgotten(line: Line) -> None:
    for _ in range(ROUNDS):
        task_id = line.add()
        together([line.claim, lambda task_id=task_id: line.cancel(task_id)])
        row = line.row(task_id)
        assert row.cancel_requested
        assert row.state in ("CANCELLED", "RUNNING")
        assert steps.resource(task_id)[0] == row.state
        if row.state == "RUNNING":
            line.clock.advance(LEASE_S + 1)
            line.cancel(task_id)


def test_a_cancel_that_races_a_release_cancels(line: Line) -> None:
    for _ in range(ROUNDS):
        task_id = line.add()
        task = line.claimed()
        together([lambda task=task: line.release(task), lambda task_id=task_id: line.cancel(task_id)])
        assert (line.row(task_id).state, steps.resource(task_id)[0]) == ("CANCELLED", "CANCELLED")


def test_a_zombie_and_its_successor_never_both_settle(line: Line) -> None:
    for _ in range(ROUNDS):
        task_id = line.add()
        old = line.claimed()
        line.clock.advance(LEASE_S + 1)
        settled, taken = together([lambda old=old: line.settle(old), line.claim])
        if isinstance(settled, queue.LeaseLost):
            assert taken.attempt == 2
            line.settle(taken)
        else:
            assert taken is None
        assert steps.resource(task_id)[0] == "SUCCEEDED"


CLAIM_ALL = """
worker_id = uuid4()
while True:
    with db.session_scope(db.WORKER, write=True) as session:
        task = queue.claim(session, worker_id=worker_id, lease_s=60)
    if task is None:
        with db.session_scope(db.WORKER) as session:
            if queue.backlog(session).n_queued:
                continue
        break
    steps.effect(task, 0)
    with db.session_scope(db.WORKER, write=True) as session:
        queue.settle(session, task_id=task.id, attempt=task.attempt, state=queue.TaskState.SUCCEEDED)
"""


def test_processes_empty_a_queue_together_and_do_each_task_once(line: Line, settings: Settings) -> None:
    added = [line.add() for _ in range(30)]
    at_once(
        *[CLAIM_ALL] * 3,
        imports="import sys; from uuid import uuid4; from core import db, queue\n"
        "from tests.faults import steps; db.connect(sys.argv[1])",
        arguments=[settings.database],
    )
    assert [steps.effects(task_id) for task_id in added] == [[0]] * 30
    assert {steps.resource(task_id)[0] for task_id in added} == {"SUCCEEDED"}
