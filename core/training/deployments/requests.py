"""A request to a live app: wakes it up where it sleeps, asks its process, and writes the answer anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from core import db, queue
from core.access import ownership
from core.db.tables.deployments import DeploymentRow
from core.models import thresholds
from core.models.schema import Schema
from core.models.served import answers as served_answers
from core.models.served import client
from core.predictions.results import histograms
from core.sandboxes import Address
from core.training.deployments import deployments, local_keeper, rows
from core.training.deployments.states import AWAKE, Status
from core.training.errors import NotLive

WAKES_WITHIN_S: Final = 30.0
LOOK_S: Final = 0.1
NOBODY: Final = "Start a worker (make worker); the app goes live by itself then."
REMEDY: Final = {
    Status.STOPPED: "Restart it first.",
    Status.EXPIRED: "Restart it first.",
    Status.FAILED: "Restart it; if it fails again, train the model anew.",
}


@dataclass(frozen=True)
class Answer:
    """What the model says of one row. probabilities: by label; None for a number."""

    prediction: str | float
    probabilities: dict[str, float] | None

    def to_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"prediction": self.prediction}
        return said if self.probabilities is None else said | {"probabilities": self.probabilities}


def predict(
    user: db.User,
    *,
    deployment_id: UUID,
    given: Any,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Answer]:
    """What the model says of these rows; a live app that is paused is started for it.

    Raises NotFound, OwnedByAnother, RowsRefused, TooManyRows, NotLive, AnswerUnusable.
    """
    found, schema = _look(user, deployment_id)
    checked = rows.checked(given, schema=schema)
    address = _awaited(user, found, sleep)
    said = client.predictions(address, checked, width=served_answers.width(schema))
    answers = served_answers.of_json(said, schema=schema, n_rows=len(checked))
    if schema.task == "regression":
        return [Answer(value, None) for value in answers.tolist()]
    places = histograms.predicted(answers, schema, thresholds.of_model(found.model))
    return [
        Answer(schema.labels[place], dict(zip(schema.labels, shares.tolist(), strict=True)))
        for place, shares in zip(places.tolist(), answers, strict=True)
    ]


def _look(user: db.User, deployment_id: UUID) -> tuple[DeploymentRow, Schema]:
    with db.session_scope(user) as session:
        found = deployments.get(session, deployment_id=deployment_id)
        ownership.require_own(session, found.user_id, resource="live app")
        assert found.model.schema is not None
        return found, Schema.from_json(found.model.schema)


def _awaited(user: db.User, found: DeploymentRow, sleep: Callable[[float], None]) -> Address:
    """Where it answers, once it does. Raises NotLive."""
    deadline, status = time.monotonic() + WAKES_WITHIN_S, Status(found.status)
    while True:
        if (address := local_keeper.address_of(found.id)) is not None and status in AWAKE:
            return address
        if status is Status.PAUSED:
            with db.session_scope(user, write=True) as session:
                deployments.wake(session, deployment_id=found.id)
        elif status not in AWAKE:
            raise _not_live(found, status)
        elif status is Status.STARTING and _has_nobody(user, found):
            raise NotLive(state="waiting for a worker, and none is running", why="", remedy=NOBODY)
        if status is Status.LIVE and time.monotonic() > deadline - WAKES_WITHIN_S / 2:
            raise NotLive(
                state="served by another process", why="", remedy="Open it by the address that is shown."
            )
        if time.monotonic() > deadline:
            raise _not_live(found, status)
        sleep(LOOK_S)
        found, _ = _look(user, found.id)
        status = Status(found.status)


def _has_nobody(user: db.User, found: DeploymentRow) -> bool:
    """Whether it waits for a task that no worker is there for."""
    if found.task_id is None:
        return False
    with db.session_scope(user) as session:
        is_waiting = queue.claimable_kind(session, task_id=found.task_id) is not None
        return is_waiting and not queue.workers.alive(session)


def _not_live(found: DeploymentRow, status: Status) -> NotLive:
    why = f": {found.reason['message'].rstrip('.')}" if found.reason else ""
    remedy = REMEDY.get(status, "Wait a moment, then try again.")
    return NotLive(state=status.value, why=why, remedy=remedy)
