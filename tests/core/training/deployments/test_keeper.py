"""The keeper makes processes match rows, in real sandboxes: live only with the answers of the training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from core import db, sandboxes
from core.db.tables.deployments import DeploymentRow
from core.db.tables.models import ModelRow
from core.db.types import now_plus
from core.errors import NotFound
from core.models import changes
from core.models.changes import ModelInUse
from core.settings import Settings
from core.training.deployments import deployments, requests
from core.training.deployments.keeper import Keeper
from core.training.deployments.states import Status
from core.training.errors import NotLive, RowsRefused
from tests import journeys, made
from tests.servers.waiting import wait_for
from tests.trainings import TINY, Bench

FICKLE = TINY.replace("return [model] * len(frame)", "return [[0.5, 0.5]] * len(frame)")
ROW = {"tenure_months": 3}


@contextmanager
def keeping(settings: Settings, **options: float) -> Iterator[Keeper]:
    keeper = Keeper(settings, **options)
    keeper.start()
    try:
        yield keeper
    finally:
        assert keeper.stop()


def deployed(bench: Bench, code: str = TINY) -> UUID:
    """The deployment of a model that was just trained."""
    job = bench.attempt(bench.trigger(code=code))
    assert job.status == "succeeded", job.reason
    found = journeys.ask(bench.user, lambda session: deployments.of_model(session, model_id=job.model_id))
    assert found is not None
    return found.id


def row(bench: Bench, deployment_id: UUID) -> DeploymentRow:
    return journeys.ask(bench.user, lambda session: deployments.get(session, deployment_id=deployment_id))


def await_status(bench: Bench, deployment_id: UUID, *wanted: Status) -> DeploymentRow:
    def reached() -> DeploymentRow | None:
        found = row(bench, deployment_id)
        return found if found.status in wanted else None

    return wait_for(reached, what=f"the live app to be {' or '.join(wanted)}")


def change(deployment_id: UUID, **values: object) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.update(DeploymentRow).where(DeploymentRow.id == deployment_id).values(**values))


def urls(bench: Bench, deployment_id: UUID) -> set[str | None]:
    """What deployment, model and training show."""
    found = row(bench, deployment_id)
    training = bench.job(found.training_job_id) if found.training_job_id else None
    return {found.url, found.model.deployed_url, training.deployment_url if training else None}


def predict(bench: Bench, deployment_id: UUID, given: object) -> list[dict[str, object]]:
    answers = requests.predict(bench.user, deployment_id=deployment_id, given=given)
    return [answer.to_json() for answer in answers]


def test_a_live_app_goes_through_its_life(sandboxed: Bench, stranger: db.User) -> None:
    deployment_id = deployed(sandboxed)
    with keeping(sandboxed.settings):
        found = await_status(sandboxed, deployment_id, Status.LIVE, Status.FAILED)
        assert found.status == "live", found.reason
        url = f"{sandboxed.settings.url}/live/{deployment_id}/"
        assert urls(sandboxed, deployment_id) == {url}
        assert found.expires_at is not None
        assert predict(sandboxed, deployment_id, [ROW]) == [
            {"prediction": "Yes", "probabilities": {"No": 0.25, "Yes": 0.75}}
        ]
        with db.session_scope(sandboxed.user, write=True) as session:
            changes.set_threshold(session, model_id=found.model_id, wanted=0.8)
        assert predict(sandboxed, deployment_id, [ROW])[0]["prediction"] == "No"
        with pytest.raises(RowsRefused, match="'tenure_months' is no number"):
            predict(sandboxed, deployment_id, [{"tenure_months": "long"}])
        with pytest.raises(NotFound):
            requests.predict(stranger, deployment_id=deployment_id, given=[ROW])
        with db.session_scope(sandboxed.user, write=True) as session, pytest.raises(ModelInUse):
            changes.delete(session, model_id=found.model_id)

        # its process is killed: another takes its place
        killed = found.sandbox_ref
        assert killed is not None
        backend = sandboxes.configured(sandboxed.settings)
        backend.stop_ref(killed)
        wait_for(lambda: row(sandboxed, deployment_id).sandbox_ref != killed, what="another process")
        await_status(sandboxed, deployment_id, Status.LIVE)

        # nobody uses it: it sleeps, and the next request wakes it up and waits
        change(deployment_id, used_at=now_plus(-1_000))
        await_status(sandboxed, deployment_id, Status.PAUSED)
        assert urls(sandboxed, deployment_id) == {url}
        assert predict(sandboxed, deployment_id, [ROW])

        with db.session_scope(sandboxed.user, write=True) as session:
            deployments.stop(session, deployment_id=deployment_id)
        assert urls(sandboxed, deployment_id) == {None}
        with pytest.raises(NotLive, match="stopped"):
            predict(sandboxed, deployment_id, [ROW])
        wait_for(lambda: not backend.list(), what="its process to end")

        with db.session_scope(sandboxed.user, write=True) as session:
            deployments.restart(session, deployment_id=deployment_id)
        await_status(sandboxed, deployment_id, Status.LIVE)
        change(deployment_id, used_at=now_plus(-100_000))
        await_status(sandboxed, deployment_id, Status.EXPIRED)
        assert urls(sandboxed, deployment_id) == {None}


def test_a_model_that_answers_otherwise_than_in_training_never_goes_live(sandboxed: Bench) -> None:
    deployment_id = deployed(sandboxed, FICKLE)
    with keeping(sandboxed.settings):
        found = await_status(sandboxed, deployment_id, Status.LIVE, Status.FAILED)
    assert (found.status, found.reason and found.reason["code"]) == ("failed", "check_failed")
    assert urls(sandboxed, deployment_id) == {None}
    assert sandboxed.job(found.training_job_id).status == "succeeded" if found.training_job_id else False


def test_the_next_keeper_revives_what_was_live(sandboxed: Bench) -> None:
    deployment_id = deployed(sandboxed)
    with keeping(sandboxed.settings):
        await_status(sandboxed, deployment_id, Status.LIVE)
    assert row(sandboxed, deployment_id).lease_owner is None
    moved = sandboxed.settings.model_copy(update={"app_url": "https://desk.example.org"})
    with keeping(moved):
        wait_for(
            lambda: (row(sandboxed, deployment_id).url or "").startswith("https://desk."), what="its new URL"
        )
        await_status(sandboxed, deployment_id, Status.LIVE)
        assert urls(sandboxed, deployment_id) == {f"https://desk.example.org/live/{deployment_id}/"}


def test_no_more_are_awake_than_may_be(sandboxed: Bench) -> None:
    one = deployed(sandboxed)
    job = sandboxed.attempt(sandboxed.trigger(code=TINY, name="another"))
    with db.session_scope(sandboxed.user) as session:
        other = deployments.of_model(session, model_id=job.model_id)
    assert other is not None
    change(one, used_at=now_plus(-10))
    with keeping(sandboxed.settings.model_copy(update={"deployments_max": 1})):
        await_status(sandboxed, one, Status.PAUSED)
        await_status(sandboxed, other.id, Status.LIVE)
    with db.session_scope(db.WORKER) as session:
        assert session.execute(sa.select(sa.func.count()).select_from(ModelRow)).scalar_one() == 2


def test_a_clock_that_was_set_back_keeps_no_app_from_its_keeper(sandboxed: Bench) -> None:
    deployment_id = deployed(sandboxed)
    two_hours = now_plus(7_200)
    change(deployment_id, lease_owner=uuid4(), lease_until=two_hours, used_at=two_hours)
    with keeping(sandboxed.settings):
        found = await_status(sandboxed, deployment_id, Status.LIVE)
    with db.session_scope(db.WORKER) as session:
        assert session.execute(sa.select(now_plus())).scalar_one() >= found.used_at


def test_without_a_worker_a_request_for_an_app_that_waits_for_one_says_so_at_once(small_bench: Bench) -> None:
    model = made.ready_model(small_bench.user, small_bench.upload())
    with db.session_scope(small_bench.user, write=True) as session:
        deployment_id = deployments.create(session, model_id=model.id).id
    waited = list[float]()
    with pytest.raises(NotLive, match="waiting for a worker"):
        requests.predict(small_bench.user, deployment_id=deployment_id, given=[{}], sleep=waited.append)
    assert waited == []
