"""From Trigger to a live app at E2B, in the emulator: the real SDK, and commands that run in real sandboxes."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
import sqlalchemy as sa

from core import db, queue, sandboxes
from core.db.tables.tasks import TaskRow
from core.db.types import now_plus
from core.queue import TaskState
from core.training.deployments import deployments
from core.training.deployments.states import Status
from core.training.follow import KIND
from core.training.runs import provisioning, work
from tests import journeys
from tests.core.training.at_e2b import public, remote
from tests.core.training.deployments.test_keeper import await_status, keeping, urls
from tests.core.training.runs.test_work import lines
from tests.servers.e2b import E2BServer
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


def killing(remote: Bench, server: E2BServer, training_job_id: UUID, *, most: int) -> ToldJob:
    """A worker's side of a job that loses its sandbox while the code runs, so many times."""
    killed: list[str] = []

    def kill() -> bool:
        alive = [machine.id for machine in server.machines.all() if machine.id not in killed]
        if len(killed) < most and alive and remote.job(training_job_id).status == "training":
            killed.extend(alive)
            for ref in alive:
                server.machines.kill(ref)
        return False

    return ToldJob(stop=kill)


def test_a_sandbox_that_is_gone_is_made_anew_once_and_the_training_says_when(
    remote: Bench, e2b: E2BServer
) -> None:
    training_job_id = remote.trigger(code=STEPS + TINY)
    job = remote.attempt(training_job_id, told=killing(remote, e2b, training_job_id, most=1))
    assert job.status == "succeeded", job.reason
    stages = ["queued", "provisioning", "training", "provisioning", "training", "collecting", "succeeded"]
    assert remote.events(training_job_id) == stages
    [said] = [said for _, said in remote.messages(training_job_id) if "was gone at" in said]
    assert re.fullmatch(r"The sandbox i\w+ was gone at [\d:]{8} UTC\. A new one is made, once\.", said)
    assert said in job.warnings
    assert sum(asked.path == "/v2/sandboxes" and asked.method == "POST" for asked in e2b.asked) == 2
    assert e2b.machines.all() == []

    again_id = remote.trigger(code=STEPS + TINY)
    again = remote.attempt(again_id, told=killing(remote, e2b, again_id, most=2))
    assert (again.status, again.reason and again.reason["code"]) == ("failed", "sandbox_lost")
    assert again.reason is not None
    assert re.search(
        r"gone at [\d:]{8} UTC, and the one that was made anew at [\d:]{8} UTC", again.reason["message"]
    )


def test_one_out_of_reach_for_long_is_lost(remote: Bench) -> None:
    assert not issubclass(sandboxes.SandboxUnreachable, queue.kind(KIND).transient)
    task = remote.claim(training_job_id := remote.trigger(code=TINY))
    unreachable = sandboxes.SandboxUnreachable(ref="i1", problem="no answer")
    remote.settle(task, TaskState.FAILED, reason=queue.Reason.of(unreachable))
    assert remote.job(training_job_id).status == "lost"
