"""One deployment and its process, step by step: what the row says is what is, also after the database was away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from core import db, queue
from core.training.deployments import deployments
from core.training.deployments.serving import Serving
from core.training.deployments.states import Status
from tests import made
from tests.core.training.deployments.test_keeper import change, deployed, row
from tests.trainings import Bench


class Clock:
    """A steady clock, which can be told what to do when it is next looked at."""

    def __init__(self) -> None:
        self.at, self.next = time.monotonic(), list[Callable[[], object]]()

    def __call__(self) -> float:
        if self.next:
            self.next.pop()()
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(sandboxed: Bench) -> Path:
    """The database's."""
    del sandboxed
    return Path(str(db.current().engine.url.database))


@pytest.fixture
def serving(sandboxed: Bench, clock: Clock) -> Iterator[Serving]:
    """Of a new deployment, under its keeper's lease."""
    deployment_id, keeper_id = deployed(sandboxed), uuid4()
    change(deployment_id, lease_owner=keeper_id)
    made = Serving(sandboxed.settings, deployment_id=deployment_id, keeper_id=keeper_id, now=clock)
    yield made
    made.stop()


def go_on(serving: Serving, *, until: Callable[[], bool]) -> None:
    for _ in range(200):
        with db.as_worker():
            serving.step()
        if until():
            return
    raise AssertionError("it did not come so far in 200 steps")


def go_away(file: Path, clock: Clock, *, of: Callable[[], object]) -> None:
    """Take the database away at the clock's next look, do this, and bring it back."""
    away = file.with_suffix(".away")
    clock.next.append(lambda: file.rename(away))
    with db.as_worker(), pytest.raises(db.DatabaseUnavailable):
        of()
    away.rename(file)


def test_an_app_that_came_up_while_the_database_was_away_is_said_to_be_live(
    sandboxed: Bench, serving: Serving, clock: Clock, file: Path
) -> None:
    go_on(serving, until=lambda: row(sandboxed, serving.deployment_id).status == Status.CHECKING)
    go_away(file, clock, of=serving.step)
    assert row(sandboxed, serving.deployment_id).status == Status.CHECKING
    with db.as_worker():
        serving.step()
    found = row(sandboxed, serving.deployment_id)
    assert (found.status, bool(found.url), bool(found.live_at)) == ("live", True, True)


def test_an_app_whose_recovery_was_not_written_is_said_to_be_live(sandboxed: Bench, serving: Serving) -> None:
    go_on(serving, until=lambda: row(sandboxed, serving.deployment_id).status == Status.LIVE)
    expires_at = row(sandboxed, serving.deployment_id).expires_at
    change(serving.deployment_id, status=Status.UNHEALTHY)  # the last that the database heard
    with db.as_worker():
        serving.step()
    found = row(sandboxed, serving.deployment_id)
    assert (found.status, found.expires_at) == ("live", expires_at)


def test_a_restart_makes_the_expected_answers_that_could_not_be_made_before(bench: Bench) -> None:
    model = made.ready_model(bench.user, bench.upload())
    with db.session_scope(bench.user, write=True) as session:
        made_of = deployments.create(session, model_id=model.id)
        deployment_id, first = made_of.id, made_of.task_id
        assert first is not None
        queue.cancel(session, task_id=first)
    assert row(bench, deployment_id).status == "failed"
    keeper_id = uuid4()
    with db.session_scope(bench.user, write=True) as session:
        deployments.restart(session, deployment_id=deployment_id)
    change(deployment_id, lease_owner=keeper_id)
    serving = Serving(bench.settings, deployment_id=deployment_id, keeper_id=keeper_id)
    for _ in range(2):
        with db.as_worker():
            assert not serving.step()
    second = row(bench, deployment_id).task_id
    assert second not in (None, first)
    with db.session_scope(db.WORKER) as session:
        assert queue.claimable_kind(session, task_id=second) == "deployments.expect"
