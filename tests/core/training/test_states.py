"""The states of a training, their events, and how they follow the task and take the model along."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa

from core import db, queue
from core.db.tables.deployments import DeploymentRow
from core.db.tables.tasks import TaskRow
from core.db.types import now_plus
from core.queue import TaskState
from core.training import jobs, states
from core.training.states import PENDING, SETTLED, STAGES, TRANSITIONS, Status
from tests.trainings import TINY, Bench

RESULT = {
    "schema": {"features": [], "target": "churned", "task": "binary", "labels": ["No", "Yes"], "positive_label": "Yes"},
    "report": {},
    "task_type": "binary",
    "artifact_key": "models/a/b.zip",
    "artifact_sha256": "0",
    "checks": [{"row": {}, "answer": [0.5, 0.5]}],
}  # fmt: skip


def stage(bench: Bench, training_job_id: UUID, to: Status, *, attempt: int = 1, outcome: str = "") -> bool:
    with db.session_scope(db.WORKER, write=True) as session:
        return states.move(session, training_job_id=training_job_id, to=to, attempt=attempt, outcome=outcome)


def test_every_state_is_a_stage_or_waits_or_is_settled_and_a_settled_one_leads_nowhere() -> None:
    assert set(TRANSITIONS) == set(Status) == PENDING | SETTLED
    assert {Status.QUEUED, *STAGES} == PENDING
    assert all(not TRANSITIONS[settled] for settled in SETTLED)


@pytest.mark.parametrize("before", STAGES)
def test_a_stage_leads_to_the_next_back_to_provisioning_to_the_queue_or_to_an_end(before: Status) -> None:
    following = [*STAGES, Status.SUCCEEDED][STAGES.index(before) + 1]
    allowed = {following, Status.QUEUED, Status.PROVISIONING} | (SETTLED - {Status.SUCCEEDED})
    if before in (Status.SCRAPING, Status.GENERATING):
        allowed.add(before)  # taken over before there was any code
    if before in (Status.TRAINING, Status.COLLECTING):
        allowed.add(Status.GENERATING)  # code by Claude has failed, and is written again
    assert TRANSITIONS[before] == allowed


def test_each_move_is_written_with_its_event_and_none_that_is_not_allowed(bench: Bench) -> None:
    training_job_id = bench.trigger()
    assert not stage(bench, training_job_id, Status.TRAINING)
    bench.claim(training_job_id)
    assert stage(bench, training_job_id, Status.PROVISIONING)
    assert stage(bench, training_job_id, Status.TRAINING)
    assert not stage(bench, training_job_id, Status.SUCCEEDED)
    assert bench.events(training_job_id) == ["queued", "generating", "provisioning", "training"]
    assert bench.job(training_job_id).status == "training"


def test_what_came_of_a_stage_is_said_of_that_stage(bench: Bench) -> None:
    training_job_id = bench.trigger()
    bench.claim(training_job_id)
    assert stage(bench, training_job_id, Status.PROVISIONING, outcome="The template is used.")
    assert not stage(bench, training_job_id, Status.SUCCEEDED, outcome="Nothing of it.")
    assert bench.messages(training_job_id) == [("generating", "The template is used.")]


def test_a_success_makes_the_model_ready_and_one_live_app(bench: Bench) -> None:
    training_job_id = bench.trigger(code=TINY)
    task = bench.claim(training_job_id)
    for to in (Status.TRAINING, Status.COLLECTING):
        assert stage(bench, training_job_id, to)
    bench.settle(task, TaskState.SUCCEEDED, result=RESULT)
    bench.agree()
    model = bench.model(training_job_id)
    assert (model.status, model.origin, model.format) == ("ready", "sandbox", "bytes")
    with db.session_scope(db.WORKER) as session:
        made = session.execute(sa.select(DeploymentRow)).scalars().all()
    assert [(one.status, one.model_id, one.url) for one in made] == [("starting", model.id, None)]
    assert bench.events(training_job_id)[-3:] == ["training", "collecting", "succeeded"]


@pytest.mark.parametrize(
    ("code", "status"),
    [("time_limit", "timed_out"), ("worker_lost", "lost"), ("worker_silent", "lost"), ("dead_letter", "lost"),
     ("oom", "failed"), ("no_model", "failed")],
)  # fmt: skip
def test_why_a_task_failed_says_what_becomes_of_the_training(bench: Bench, code: str, status: str) -> None:
    training_job_id = bench.trigger()
    task = bench.claim(training_job_id)
    bench.settle(task, TaskState.FAILED, reason=queue.Reason(code=code, message="It went wrong."))
    job = bench.job(training_job_id)
    assert (job.status, job.reason and job.reason["code"]) == (status, code)
    assert job.finished_at is not None
    bench.agree()


def test_who_takes_over_provisions_again_with_the_same_code(bench: Bench) -> None:
    training_job_id = bench.trigger()
    bench.claim(training_job_id)
    bench.change(training_job_id, code=TINY, code_sha256="1" * 64)
    for to in (Status.PROVISIONING, Status.TRAINING):
        assert stage(bench, training_job_id, to)
    with db.session_scope(db.WORKER, write=True) as session:  # its worker falls silent
        session.execute(sa.update(TaskRow).values(lease_until=now_plus(-1)))
    again = bench.claim(training_job_id)
    assert again.attempt == 2
    assert bench.events(training_job_id)[-2:] == ["training", "provisioning"]
    bench.agree()


def test_a_release_and_a_later_try_go_back_to_the_queue(bench: Bench) -> None:
    training_job_id = bench.trigger()
    task = bench.claim(training_job_id)
    with db.session_scope(db.WORKER, write=True) as session:
        queue.release(session, task_id=task.id, attempt=task.attempt)
    assert bench.job(training_job_id).status == "queued"
    task = bench.claim(training_job_id)
    reason = queue.Reason(code="worker_lost", message="The process that ran this was killed by signal 9.")
    with db.session_scope(db.WORKER, write=True) as session:
        queue.retry_later(session, task_id=task.id, attempt=task.attempt, reason=reason)
    assert bench.events(training_job_id) == ["queued", "generating", "queued", "generating", "queued"]
    bench.agree()


@pytest.mark.parametrize("is_running", [False, True])
def test_a_cancel_ends_job_model_and_task(bench: Bench, is_running: bool) -> None:
    training_job_id = bench.trigger()
    task = bench.claim(training_job_id) if is_running else None
    with db.session_scope(bench.user, write=True) as session:
        jobs.cancel(session, training_job_id=training_job_id)
    if task is not None:
        assert bench.job(training_job_id).status == "generating"
        bench.settle(task, TaskState.CANCELLED)
    assert bench.job(training_job_id).status == "cancelled"
    bench.agree()


def test_the_writes_of_an_attempt_that_lost_its_lease_are_refused(bench: Bench) -> None:
    training_job_id = bench.trigger()
    task = bench.claim(training_job_id)
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.update(TaskRow).values(lease_until=now_plus(-1)))
    bench.claim(training_job_id)
    before = bench.events(training_job_id)
    with (
        pytest.raises(queue.LeaseLost),
        db.session_scope(db.WORKER, write=True) as session,
    ):
        queue.beat(
            session, task_id=task.id, attempt=task.attempt, lease_s=30, checkpoint={"done": "generating"}
        )
        states.move(session, training_job_id=training_job_id, to=Status.PROVISIONING, attempt=task.attempt)
    assert bench.events(training_job_id) == before
