"""From Trigger to a live app at E2B, in the emulator: the real SDK, and commands that run in real sandboxes."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from core import db, queue, sandboxes
from core.db.tables.deployments import DeploymentRow
from core.db.tables.tasks import TaskRow
from core.db.types import now_plus
from core.queue import TaskState
from core.sandboxes import Limits
from core.training.deployments import deployments, local_keeper, rounds
from core.training.deployments.states import Status
from core.training.follow import KIND
from core.training.runs import provisioning, work
from tests import journeys
from tests.core.sandboxes.conftest import at
from tests.core.training.at_e2b import public, remote
from tests.core.training.deployments.test_keeper import await_status, keeping, predict, row, urls
from tests.core.training.runs.test_work import lines
from tests.servers.e2b import E2BServer
from tests.servers.waiting import wait_for
from tests.trainings import TINY, Bench, ToldJob

__all__ = ["remote"]


def test_a_training_runs_at_e2b_and_its_app_is_live_at_a_public_address(
    remote: Bench, e2b: E2BServer
) -> None:
    job = remote.attempt(remote.trigger(code=TINY))
    assert job.status == "succeeded", job.reason
    assert (job.backend, job.environment and job.environment["sandbox"]) == ("e2b", "e2b")
    assert e2b.machines.all() == []
    found = journeys.ask(remote.user, lambda session: deployments.of_model(session, model_id=job.model_id))
    assert found is not None
    with keeping(remote.settings, remote_look_s=0.3):
        app = await_status(remote, found.id, Status.LIVE, Status.FAILED)
        assert app.status == "live", app.reason
        [machine] = e2b.machines.all()
        assert app.url == f"https://8000-{machine.id}.{e2b.domain}"
        assert urls(remote, app.id) == {app.url}
        with public(e2b, app) as somebody:
            page = somebody.get("/")
            assert "Predicts <b>" in page.text
            said = somebody.post("/answer", json={"rows": [{"tenure_months": 3}]}).json()
            assert said == {
                "predictions": [{"prediction": "Yes", "probabilities": {"No": 0.25, "Yes": 0.75}}]
            }


def live(remote: Bench, server: E2BServer) -> DeploymentRow:
    """A live app at the emulator, whose keeper runs."""
    job = remote.attempt(remote.trigger(code=TINY))
    assert job.status == "succeeded", job.reason
    found = journeys.ask(remote.user, lambda session: deployments.of_model(session, model_id=job.model_id))
    assert found is not None
    app = await_status(remote, found.id, Status.LIVE, Status.FAILED)
    assert app.status == "live", app.reason
    assert [machine.id for machine in server.machines.all()] == [app.sandbox_ref]
    return app


def await_row(remote: Bench, deployment_id: UUID, holds: Callable[[DeploymentRow], object]) -> DeploymentRow:
    def reached() -> DeploymentRow | None:
        found = row(remote, deployment_id)
        return found if holds(found) else None

    return wait_for(reached, what="the live app's row to say so")


def test_a_live_app_sleeps_wakes_outlives_its_keeper_and_has_a_new_address_when_it_is_made_anew(
    remote: Bench, e2b: E2BServer
) -> None:
    with keeping(remote.settings, remote_look_s=0.3):
        app = live(remote, e2b)
        first = e2b.machines.get(str(app.sandbox_ref))
        assert first is not None
        assert predict(remote, app.id, [{"tenure_months": 3}]) == [
            {"prediction": "Yes", "probabilities": {"No": 0.25, "Yes": 0.75}}
        ]
        e2b.machines.expire(first)  # nobody came for so long
        await_status(remote, app.id, Status.PAUSED)
        assert urls(remote, app.id) == {app.url}
        with public(e2b, app) as somebody:  # who wakes it up
            assert somebody.get("/health").status_code == 200
        await_status(remote, app.id, Status.LIVE)
        e2b.machines.expire(first)
        await_status(remote, app.id, Status.PAUSED)
        assert predict(remote, app.id, [{"tenure_months": 3}])  # as does a prediction in the app
        assert row(remote, app.id).sandbox_ref == first.id

    # The app was restarted: the same sandbox serves on, and is taken up.
    n_made = sum(asked.method == "POST" and asked.path == "/v2/sandboxes" for asked in e2b.asked)
    with keeping(remote.settings, remote_look_s=0.3):
        wait_for(lambda: local_keeper.address_of(app.id), what="the next keeper to take it up")
        assert (row(remote, app.id).status, row(remote, app.id).sandbox_ref) == ("live", first.id)
        assert n_made == sum(asked.method == "POST" and asked.path == "/v2/sandboxes" for asked in e2b.asked)

        e2b.machines.kill(first.id)
        gone = await_status(remote, app.id, Status.EXPIRED)
        assert gone.reason is not None
        assert gone.reason["code"] == "gone"
        assert urls(remote, app.id) == {None}
        with db.session_scope(remote.user, write=True) as session:
            deployments.restart(session, deployment_id=app.id)
        again = await_status(remote, app.id, Status.LIVE)
        assert again.url not in (None, app.url)
        assert urls(remote, app.id) == {again.url}

        with db.session_scope(remote.user, write=True) as session:
            deployments.restart(session, deployment_id=app.id)
        third = await_row(remote, app.id, lambda now: now.status == "live" and now.url != again.url)
        wait_for(
            lambda: [one.id for one in e2b.machines.all()] == [third.sandbox_ref], what="the old one to end"
        )
        with db.session_scope(remote.user, write=True) as session:
            deployments.stop(session, deployment_id=app.id)
        wait_for(lambda: not e2b.machines.all(), what="its sandbox to end")


def test_lost_contact_is_shown_since_when_and_is_no_failure(remote: Bench, e2b: E2BServer) -> None:
    with keeping(remote.settings, remote_look_s=0.3):
        app = live(remote, e2b)
        e2b.vanish()
        away = await_row(remote, app.id, lambda now: now.unreachable_since)
        assert (away.status, away.url, away.reason) == ("live", app.url, None)
        e2b.come_back()
        await_row(remote, app.id, lambda now: now.unreachable_since is None)
        e2b.cut_off(str(app.sandbox_ref))
        away = await_row(remote, app.id, lambda now: now.unreachable_since)
        assert (away.status, away.sandbox_ref) == ("live", app.sandbox_ref)
        e2b.faults.key_works = False
        e2b.faults.cut_off.clear()


def test_a_private_app_is_reached_through_the_apps_own_address_alone(remote: Bench, e2b: E2BServer) -> None:
    remote.settings = remote.settings.model_copy(update={"e2b_private": True})
    job = remote.attempt(remote.trigger(code=TINY))
    found = journeys.ask(remote.user, lambda session: deployments.of_model(session, model_id=job.model_id))
    assert found is not None
    with keeping(remote.settings, remote_look_s=0.3):
        refused = await_status(remote, found.id, Status.FAILED)
        assert refused.reason is not None
        assert "APP_URL" in refused.reason["hint"]
    remote.settings = remote.settings.model_copy(update={"app_url": "https://desk.example.org"})
    with db.session_scope(remote.user, write=True) as session:
        deployments.restart(session, deployment_id=found.id)
    with keeping(remote.settings, remote_look_s=0.3):
        app = await_status(remote, found.id, Status.LIVE, Status.FAILED)
        assert app.status == "live", app.reason
        assert urls(remote, app.id) == {f"https://desk.example.org/live/{app.id}/"}
        assert predict(remote, app.id, [{"tenure_months": 3}])
        host = f"8000-{app.sandbox_ref}.{e2b.domain}"
        with httpx.Client(verify=ssl.create_default_context()) as somebody:
            asked = somebody.get(f"https://127.0.0.1:{e2b.tls_port}/", headers={"Host": host})
        assert asked.status_code == 403


def test_what_no_row_wants_is_ended_paused_ones_too_and_what_others_have_is_left(
    remote: Bench, e2b: E2BServer
) -> None:
    backend = sandboxes.configured(remote.settings)
    assert isinstance(backend, sandboxes.E2BBackend)
    wanted_id = remote.trigger(code=TINY)
    limits = Limits()
    others = at(e2b, installation=lambda: "another").create(
        labels={"training_job": str(uuid4())}, limits=limits
    )
    wanted = backend.create(labels={"training_job": str(wanted_id)}, limits=limits)
    refs = []
    for labels in (
        {"training_job": str(uuid4())},
        {"deployment": str(uuid4())},
        {"task": "rubbish"},
        {"of": "nobody"},
    ):
        refs.append(backend.create(labels=labels, limits=limits, sleeps=True).ref)
    backend.pause(refs[0])
    later = datetime.now(UTC) + timedelta(seconds=50)
    assert rounds.Rounds(backend, now=lambda: later).look() == 4
    assert {machine.id for machine in e2b.machines.all()} == {others.ref, wanted.ref}
    assert [one.ref for one in rounds.seen().sandboxes] == [wanted.ref]
    remote.change(wanted_id, sandbox_ref="another")
    assert rounds.Rounds(backend, now=lambda: later).look() == 1


STEPS = """
import time
for n in range(10):
    print("step", n, flush=True)
    time.sleep(0.1)
"""


def test_a_worker_that_takes_over_goes_on_watching_the_same_process(remote: Bench, e2b: E2BServer) -> None:
    training_job_id = remote.trigger(code=STEPS + TINY)
    first, others = remote.claim(training_job_id), list[queue.Task]()

    def is_taken_over() -> bool:
        """Its lease becomes another's, as of a worker that was frozen: it finds out when it next writes something."""
        if not others and any(line.startswith("step") for line in lines(remote, training_job_id)):
            with db.session_scope(db.WORKER, write=True) as session:
                session.execute(sa.update(TaskRow).values(lease_until=now_plus(-100)))
            others.append(remote.claim(training_job_id))
        return False

    with pytest.raises(queue.LeaseLost):
        work.work(first, ToldJob(stop=is_taken_over), config=remote.settings)
    [machine] = e2b.machines.all()
    result = work.work(others[0], ToldJob(), config=remote.settings)
    remote.settle(others[0], TaskState.SUCCEEDED, result=result)
    job = remote.job(training_job_id)
    assert (job.status, job.sandbox_ref) == ("succeeded", machine.id)
    assert ("provisioning", provisioning.FOUND) in remote.messages(training_job_id)
    steps = [line for line in lines(remote, training_job_id) if line.startswith("step")]
    assert steps == [f"step {n}" for n in range(10)]
    assert sum(asked.path == "/v2/sandboxes" and asked.method == "POST" for asked in e2b.asked) == 1
    assert e2b.machines.all() == []


def test_a_sandbox_that_is_gone_in_any_stage_is_a_later_try_and_one_out_of_reach_is_lost(
    remote: Bench, e2b: E2BServer
) -> None:
    assert issubclass(sandboxes.SandboxLost, queue.kind(KIND).transient)
    assert not issubclass(sandboxes.SandboxUnreachable, queue.kind(KIND).transient)
    training_job_id = remote.trigger(code=STEPS + TINY)
    task = remote.claim(training_job_id)

    def kill() -> bool:
        if lines(remote, training_job_id):
            for machine in e2b.machines.all():
                e2b.machines.kill(machine.id)
        return False

    with pytest.raises(sandboxes.SandboxLost):
        work.work(task, ToldJob(stop=kill), config=remote.settings)
    unreachable = sandboxes.SandboxUnreachable(ref="i1", problem="no answer")
    remote.settle(task, TaskState.FAILED, reason=queue.Reason.of(unreachable))
    assert remote.job(training_job_id).status == "lost"
