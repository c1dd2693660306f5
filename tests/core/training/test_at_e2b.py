"""From Trigger to a live app at E2B, in the emulator: the real SDK, and commands that run in real sandboxes."""

from __future__ import annotations

from core.training.deployments import deployments
from core.training.deployments.states import Status
from tests import journeys
from tests.core.training.at_e2b import public, remote
from tests.core.training.deployments.test_keeper import await_status, keeping, urls
from tests.servers.e2b import E2BServer
from tests.trainings import TINY, Bench

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
    with keeping(remote.settings):
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
