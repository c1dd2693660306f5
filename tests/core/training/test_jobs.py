"""Trigger, retry and cancel: each once, for its owner alone, and refused where it can't work."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db
from core.db.tables.messages import MessageRow
from core.db.tables.training_jobs import TrainingJobRow
from core.errors import Conflict, NotFound
from core.models.errors import SplitUnusable, TargetMissing
from core.models.validation import Validation
from core.queue import Reason, TaskState
from core.training import jobs
from core.training.errors import GoalUnusable, TooManyTrainings
from core.uploads import uploads
from tests.trainings import TINY, Bench


def test_a_click_makes_model_version_job_task_and_message(bench: Bench) -> None:
    job = bench.job(bench.trigger(goal="Who leaves?\nSoon."))
    assert (job.status, job.origin, job.name, job.model.version) == (
        "queued", "trigger", "churned from customers.csv", 1
    )  # fmt: skip
    assert (job.model.status, job.task.kind, job.task.state) == ("training", "training.run", "QUEUED")
    with db.session_scope(bench.user) as session:
        said = session.execute(sa.select(MessageRow.chat_id, MessageRow.role, MessageRow.content)).all()
    assert [tuple(one) for one in said] == [(job.model_id, "user", "Who leaves?\nSoon.")]
    assert bench.events(job.id) == ["queued"]


def test_the_same_click_twice_makes_one_training(bench: Bench) -> None:
    first = bench.trigger(goal="Who leaves?")
    bench.claim(first)
    assert bench.trigger(goal=" Who leaves? ") == first
    assert bench.trigger(goal="Who leaves?", name="churned from customers.csv") == first
    other = bench.trigger(goal="Who stays?")
    assert other != first
    assert bench.model(other).version == 2


def test_what_is_stated_of_rows_is_part_of_what_is_asked_and_of_a_retry(bench: Bench) -> None:
    by_contract = Validation(group_column="contract")
    first = bench.trigger(validation=by_contract)
    assert bench.trigger(validation=by_contract) == first
    assert bench.trigger(validation=Validation(time_column="contract")) != first
    for wrong in (
        Validation(group_column="churned"),
        Validation(time_column="nobody"),
        Validation("contract", "age"),
    ):
        with pytest.raises(SplitUnusable):
            bench.trigger(validation=wrong)
    bench.settle(bench.claim(first), TaskState.FAILED, reason=Reason(code="oom", message="No memory."))
    with db.session_scope(bench.user, write=True) as session:
        again = jobs.retry(session, training_job_id=first, most_waiting=5).id
    task = bench.job(again).task
    assert task is not None
    assert task.payload["validation"] == {"group_column": "contract"}


@pytest.mark.parametrize("goal", ["x" * 100_000, "bell\a", "half \ud800 a pair", "nul\0"])
def test_a_goal_that_no_person_writes_is_refused(small_bench: Bench, goal: str) -> None:
    with pytest.raises(GoalUnusable):
        small_bench.trigger(goal=goal)
    with db.session_scope(db.WORKER) as session:
        assert session.execute(sa.select(TrainingJobRow.id)).all() == []


def test_a_target_that_is_not_there_is_refused(small_bench: Bench) -> None:
    with pytest.raises(TargetMissing):
        small_bench.trigger(target="nobody")


def test_no_more_than_a_few_of_one_user_wait(small_bench: Bench) -> None:
    for number in range(5):
        small_bench.trigger(name=f"model {number}")
    with pytest.raises(TooManyTrainings):
        small_bench.trigger(name="one more")


def test_a_retry_is_a_new_job_and_version_with_the_same_code(bench: Bench) -> None:
    first = bench.trigger(code=TINY, goal="Who leaves?")
    with db.session_scope(bench.user, write=True) as session, pytest.raises(Conflict):
        jobs.retry(session, training_job_id=first, most_waiting=5)
    bench.settle(bench.claim(first), TaskState.FAILED, reason=Reason(code="oom", message="No memory."))
    for _ in range(2):  # a click may come twice
        with db.session_scope(bench.user, write=True) as session:
            again = jobs.retry(session, training_job_id=first, most_waiting=5).id
    job = bench.job(again)
    assert (job.retry_of, job.model.version, job.status, job.goal) == (first, 2, "queued", "Who leaves?")
    with db.session_scope(db.WORKER) as session:
        code = sa.select(TrainingJobRow.code).where(TrainingJobRow.id == again)
        assert session.execute(code).scalar_one() == TINY
    bench.claim(again)
    assert bench.events(again) == ["queued", "provisioning"]


def test_a_training_is_seen_and_changed_by_its_owner_alone(bench: Bench, stranger: db.User) -> None:
    training_job_id = bench.trigger()
    for verb in (jobs.get, jobs.cancel, jobs.prioritize):
        with db.session_scope(stranger, write=True) as session, pytest.raises(NotFound):
            verb(session, training_job_id=training_job_id)
    with db.session_scope(stranger) as session:
        assert jobs.page(session).items == []


def test_an_upload_that_is_trained_on_is_not_deleted(small_bench: Bench) -> None:
    small_bench.trigger()
    upload = small_bench.upload()
    with db.session_scope(small_bench.user, write=True) as session, pytest.raises(Conflict):
        uploads.delete(session, upload_id=upload.id)
