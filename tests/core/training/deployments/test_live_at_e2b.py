"""A live app at E2B through its life: asleep and awake, out of reach, refused, gone, private, and what nobody wants."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import sqlalchemy as sa

from core import db, sandboxes
from core.db.tables.deployments import DeploymentRow
from core.db.types import now_plus
from core.sandboxes import Limits
from core.training.deployments import deployments, local_keeper, rounds
from core.training.deployments.states import Status
from tests import journeys
from tests.core.sandboxes.conftest import at
from tests.core.training.at_e2b import public, remote
from tests.core.training.deployments.test_keeper import await_status, change, keeping, predict, row, urls
from tests.servers.e2b import E2BServer
from tests.servers.waiting import wait_for
from tests.trainings import TINY, Bench

__all__ = ["remote"]


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


def looked(remote: Bench) -> int:
    backend = sandboxes.configured(remote.settings)
    assert isinstance(backend, sandboxes.E2BBackend)
    return rounds.Rounds(backend).look()


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
        e2b.faults.unlisted.add(
            first.id
        )  # no list has it for a while: it is asked for before it counts as gone
        assert looked(remote) == 0
        assert row(remote, app.id).status == "paused"
        e2b.faults.unlisted.clear()
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
        e2b.faults.cut_off.clear()
        await_row(remote, app.id, lambda now: now.unreachable_since is None)


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
    with keeping(remote.settings.model_copy(update={"e2b_private": False}), remote_look_s=0.3):
        opened = await_row(remote, app.id, lambda now: now.status == "live" and now.is_public)
        assert [machine.id for machine in e2b.machines.all()] == [opened.sandbox_ref] != [app.sandbox_ref]


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
    clock = [0.0]
    looks = rounds.Rounds(backend, now=lambda: clock[0])
    for machine in e2b.machines.all():  # whose clock says whatever it says
        machine.started_at += timedelta(hours=3 * (-1) ** len(machine.id))
    assert looks.look() == 3  # all but the one that some row may yet name
    clock[0] += rounds.UNNAMED_S + 1
    e2b.faults.next.append(("/sandboxes", 500))
    assert looks.look() == 0
    assert len(rounds.seen().sandboxes) == 2  # E2B was told, and did not hear
    assert looks.look() == 1
    assert {machine.id for machine in e2b.machines.all()} == {others.ref, wanted.ref}
    assert [one.ref for one in rounds.seen().sandboxes] == [wanted.ref]
    remote.change(wanted_id, sandbox_ref="another")
    assert looks.look() == 1


SLOW_START = TINY.replace("def load(path):", "def load(path):\n    import time; time.sleep(2)")


def has_process(deployment_id: UUID) -> bool:
    with db.session_scope(db.WORKER) as session:
        this = sa.select(DeploymentRow.nonce).where(DeploymentRow.id == deployment_id)
        return session.execute(this).scalar_one() is not None


def test_what_goes_while_an_app_starts_is_made_anew_and_what_is_refused_while_it_is_live_ends_nothing(
    remote: Bench, e2b: E2BServer
) -> None:
    job = remote.attempt(remote.trigger(code=SLOW_START))
    found = journeys.ask(remote.user, lambda session: deployments.of_model(session, model_id=job.model_id))
    assert found is not None
    with keeping(remote.settings, remote_look_s=0.2):
        wait_for(lambda: has_process(found.id), what="its process")
        begun = row(remote, found.id)
        assert begun.status == "starting"
        e2b.machines.kill(str(begun.sandbox_ref))
        app = await_status(remote, found.id, Status.LIVE, Status.FAILED)
        assert app.status == "live", app.reason
        assert app.sandbox_ref != begun.sandbox_ref

        e2b.faults.key_works = False
        refused = await_row(remote, app.id, lambda now: now.reason)
        assert refused.reason is not None
        assert (refused.status, refused.url) == ("live", app.url)
        assert "E2B_API_KEY" in refused.reason["hint"]
        assert refused.unreachable_since is not None
        e2b.faults.key_works = True
        again = await_row(remote, app.id, lambda now: now.reason is None)
        assert (again.status, again.url, again.unreachable_since) == ("live", app.url, None)
        visited(remote, e2b, app)


def visited(remote: Bench, server: E2BServer, app: DeploymentRow) -> None:
    """People at its own address keep a live app awake as far as the plan goes."""
    machine = server.machines.get(str(app.sandbox_ref))
    assert machine is not None
    with public(server, app) as somebody:
        change(app.id, used_at=now_plus(-80_000))
        old = row(remote, app.id).used_at
        for path in ("/health", "/status", "/nowhere"):  # asked by machines, by nobody
            somebody.get(path)
        server.faults.plan_s = 10.0
        machine.ends_at = ends_at = machine.ends_at - 500
        assert somebody.get("/").status_code == 200
        refused = await_row(remote, app.id, lambda now: now.reason)
        assert refused.used_at > old
        assert refused.reason is not None
        assert refused.reason["code"] == "not_renewed"
        assert "Timeout cannot be greater" in refused.reason["message"]
        assert (refused.status, machine.ends_at) == ("live", ends_at)
        server.faults.plan_s = 3_600.0
        assert somebody.post("/answer", json={"rows": [{}]}).status_code == 200
        await_row(remote, app.id, lambda now: now.reason is None)
        assert machine.ends_at > ends_at + 400
