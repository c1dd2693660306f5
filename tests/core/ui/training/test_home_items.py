"""What Home knows of trainings in a sandbox and of live apps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from core import db, queue
from core.db.tables.deployments import DeploymentRow
from core.db.tables.tasks import TaskRow
from core.db.types import now_plus
from core.models import models
from core.queue import TaskState
from core.settings import Settings
from core.training import jobs
from core.training.deployments import deployments
from core.training.deployments import states as deployment_states
from core.training.deployments.states import Status as Live
from core.training.states import Status
from core.ui.home import home_data
from core.ui.home.home_data import Overview, Pulse
from tests import journeys
from tests.core.training.test_states import RESULT, stage
from tests.trainings import Bench


@pytest.fixture
def bench(database: db.Database, settings: Settings, user: db.User) -> Bench:
    del database
    return Bench(settings, user)


def pulse(bench: Bench, *, later: timedelta = timedelta()) -> Pulse:
    return journeys.ask(bench.user, lambda session: home_data.pulse(session, now=datetime.now(UTC) + later))


def overview(bench: Bench) -> Overview:
    return journeys.ask(bench.user, home_data.load)


def failed(bench: Bench, *, code: str = "exit_nonzero", **wanted: str) -> UUID:
    training_job_id = bench.trigger(**wanted)
    reason = queue.Reason(code=code, message="The training code ended with exit code 3.")
    bench.settle(bench.claim(training_job_id), TaskState.FAILED, reason=reason)
    return training_job_id


def succeeded(bench: Bench, **wanted: str) -> UUID:
    """A training whose live app begins to start."""
    training_job_id = bench.trigger(**wanted)
    task = bench.claim(training_job_id)
    for to in (Status.PROVISIONING, Status.TRAINING, Status.COLLECTING):
        assert stage(bench, training_job_id, to)
    bench.settle(task, TaskState.SUCCEEDED, result=RESULT)
    return training_job_id


def become(bench: Bench, training_job_id: UUID, *path: Live, **values: object) -> None:
    """Its live app goes through these states."""
    for to in path:
        with db.session_scope(db.WORKER, write=True) as session:
            this = DeploymentRow.training_job_id == training_job_id
            app = session.execute(sa.select(DeploymentRow.id).where(this)).scalar_one()
            assert deployment_states.move(session, deployment_id=app, to=to, **values)


def test_those_that_run_come_first_each_with_its_stage_and_lead_to_their_own_page(bench: Bench) -> None:
    waits, runs = bench.trigger(name="Later"), bench.trigger(name="Now", goal="Soon.")
    bench.claim(runs)
    for to in (Status.PROVISIONING, Status.TRAINING):
        assert stage(bench, runs, to)
    found = pulse(bench)
    assert [(item.id, item.page.title, item.text, item.is_waiting) for item in found.active] == [
        (runs, "Training", "Training **Now** v1 · the code runs", False),
        (waits, "Training", "Training **Later** v1 · in the queue", True),
    ]
    assert (found.n_running, found.n_queued, found.is_stalled) == (1, 1, False)


def test_what_its_worker_has_left_waits_and_is_trained_by_hand(bench: Bench) -> None:
    training_job_id = bench.trigger(name="Left")
    bench.claim(training_job_id)
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.update(TaskRow).values(lease_until=now_plus(-1)))
    found = pulse(bench)
    assert found.is_stalled
    assert [item.text for item in found.active] == ["Training **Left** v1 · waiting to start over"]
    (by_hand,) = [room.queued for room in found.rooms if room.queued]
    assert by_hand.button == "Train it now"
    with db.session_scope(bench.user, write=True) as session:
        assert by_hand.prioritize(session) == bench.job(training_job_id).task_id


def test_a_failure_is_told_once_until_another_training_of_its_name_is_begun(bench: Bench) -> None:
    training_job_id = failed(bench, name="First")
    failed(bench, name="Other", code="time_limit")
    found = pulse(bench)
    assert [(item.page.title, item.text) for item in found.failed] == [
        ("Training", "**Other** v1 took too long to train"),
        ("Training", "**First** v1 could not be trained"),
    ]
    assert found.failed[1].reason == "The training code ended with exit code 3."
    assert [item.text for item in pulse(bench, later=timedelta(days=8)).failed] == []

    with db.session_scope(bench.user, write=True) as session:
        again = jobs.retry(session, training_job_id=training_job_id, most_waiting=5).id
    assert [item.text for item in pulse(bench).failed] == ["**Other** v1 took too long to train"]
    with db.session_scope(bench.user, write=True) as session:
        jobs.cancel(session, training_job_id=again)
    assert len(pulse(bench).failed) == 2, "a training that was cancelled mends nothing"
    with db.session_scope(bench.user, write=True) as session:
        models.request_training(session, upload=bench.upload(), target="churned", name="First")
    assert [item.text for item in pulse(bench).failed] == ["**Other** v1 took too long to train"]


def test_a_fourth_failure_is_behind_a_link(bench: Bench) -> None:
    for name in ("One", "Two", "Three", "Four"):
        failed(bench, name=name)
    found = pulse(bench)
    assert len(found.failed) == 3
    assert [room.all_failed.label for room in found.rooms if room.all_failed] == ["View all trainings"]


def test_the_recent_work_tells_of_each_training_once(bench: Bench) -> None:
    failed(bench, name="Failed")
    succeeded(bench, name="Made")
    bench.trigger(name="Waits")
    found = [(item.label, item.page.title) for item in overview(bench).recent if " v" in item.label]
    assert found == [("Waits v1", "Training"), ("Made v1", "Model"), ("Failed v1", "Training")]


def test_live_apps_are_counted_once_there_are_any(bench: Bench) -> None:
    assert [total.label for total in overview(bench).totals if total.label == "Live apps"] == []
    asleep = succeeded(bench, name="Asleep")
    become(bench, asleep, Live.CHECKING, Live.LIVE, Live.PAUSED)
    become(bench, succeeded(bench, name="Over"), Live.STOPPED)
    before = pulse(bench).state
    become(bench, succeeded(bench, name="Up"), Live.CHECKING, Live.LIVE)
    (total,) = [total for total in overview(bench).totals if total.label == "Live apps"]
    assert (total.n, total.about) == (2, "1 awake, 1 asleep until the next prediction.")
    assert pulse(bench).state != before


def test_a_live_app_that_fails_or_does_not_answer_asks_for_somebody(bench: Bench) -> None:
    reason = queue.Reason(code="x", message="It answers something else than in training.")
    lost = succeeded(bench, name="Lost")
    become(bench, lost, Live.FAILED, reason=reason)
    shaky = succeeded(bench, name="Shaky")
    become(bench, shaky, Live.CHECKING, Live.LIVE)
    assert [item.id for item in pulse(bench).failed] == [lost]
    become(bench, shaky, Live.UNHEALTHY, reason=reason)
    assert [(item.id, item.text, item.reason) for item in pulse(bench).failed] == [
        (shaky, "The live app of **Shaky** v1 does not answer", reason.message),
        (lost, "The live app of **Lost** v1 could not be started", reason.message),
    ]
    with db.session_scope(bench.user, write=True) as session:
        app = deployments.of_model(session, model_id=bench.job(lost).model_id)
        assert app is not None
        deployments.restart(session, deployment_id=app.id)
    assert [item.id for item in pulse(bench).failed] == [shaky]
