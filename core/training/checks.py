"""What the System page says of trainings and live apps: how many there are, and which need somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import sqlalchemy as sa

from core import db
from core.check import Check, State
from core.db.tables.deployments import DeploymentRow
from core.db.tables.training_jobs import TrainingJobRow
from core.errors import counted
from core.room import CheckContext, SystemCheck
from core.sandboxes.e2b.backend import Found
from core.settings import part
from core.settings.parts.e2b import E2BSettings
from core.settings.parts.training import DeploymentSettings
from core.training.deployments import rounds
from core.training.deployments.states import AWAKE
from core.training.deployments.states import Status as Live
from core.training.states import STAGES, Status

PART: Final = "Sandboxes"
MOST_LISTED: Final = 20


def trainings(context: CheckContext) -> Iterator[Check]:
    """How many run and wait; whether somebody works at the queue, others say."""
    found = _counts(context, TrainingJobRow)
    n_running = sum(found.get(stage, 0) for stage in STAGES)
    message = f"{n_running:,} running, {found.get(Status.QUEUED, 0):,} waiting."
    yield Check(PART, "Trainings", State.OK, message)


def live_apps(context: CheckContext) -> Iterator[Check]:
    """How many are awake, of how many may be, and which do not answer."""
    found = _counts(context, DeploymentRow)
    n_awake = sum(found.get(status, 0) for status in AWAKE)
    most = part(context.settings, DeploymentSettings).deployments_max
    n_asleep = found.get(Live.PAUSED, 0)
    message = (
        f"{n_awake:,} awake, {n_asleep:,} asleep. At most {most:,} are awake at a time (DEPLOYMENTS_MAX)."
    )
    n_silent = found.get(Live.UNHEALTHY, 0)
    if n_silent:
        silent = f"{counted(n_silent, 'live app does|live apps do')} not answer. {message}"
        hint = "It is started again by itself. If it stays so, restart it on the page of its model."
        yield Check(PART, "Live apps", State.WARN, silent, hint)
    else:
        yield Check(PART, "Live apps", State.OK, message)


def alive_at_e2b(context: CheckContext) -> Iterator[Check]:
    """Every sandbox there, what it is for and since when: each costs money for as long as it runs."""
    if not part(context.settings, E2BSettings).e2b_api_key.get_secret_value():
        return
    seen = rounds.seen()
    if seen.problem:
        yield Check(PART, "Alive at E2B", State.WARN, seen.problem, "It is looked again every 15 seconds.")
    elif seen.at is None:
        yield Check(
            PART, "Alive at E2B", State.OK, "This process has not looked: the app does, every 15 seconds."
        )
    else:
        principal = context.principal
        is_named = not isinstance(principal, db.User) or principal.role == "admin"  # a name is an address
        listed = [
            f"{_what(one, is_named=is_named)} since {one.since:%d %b %H:%M} UTC" for one in seen.sandboxes
        ]
        if len(listed) > MOST_LISTED:
            listed[MOST_LISTED:] = [f"{len(listed) - MOST_LISTED} more"]
        told = f": {'; '.join(listed)}" if listed else ""
        n_alive = counted(len(seen.sandboxes), "sandbox|sandboxes")
        yield Check(PART, "Alive at E2B", State.OK, f"{n_alive}{told}.")


def _what(one: Found, *, is_named: bool) -> str:
    """What a sandbox is for."""
    kinds = {"training_job": "a training", "deployment": "a live app", "task": "a scoring"}
    kind = next((kinds[label] for label in one.labels if label in kinds), "something")
    told = [*([one.ref] if is_named else []), *(["asleep"] if one.is_paused else [])]
    return f"{kind} ({', '.join(told)})" if told else kind


def _counts(context: CheckContext, rows: type[TrainingJobRow] | type[DeploymentRow]) -> Mapping[str, int]:
    """How many are in each state, of those that whoever asks may see."""
    counted_by = sa.select(rows.status, sa.func.count()).group_by(rows.status)
    principal = context.principal
    if isinstance(principal, db.User) and principal.role != "admin":
        counted_by = counted_by.where(rows.user_id == principal.id)
    with db.session_scope(principal) as session:
        return {str(status): int(n) for status, n in session.execute(counted_by)}


CHECKS: Final = (
    SystemCheck(PART, "Trainings", trainings, position=41, needs_database=True),
    SystemCheck(PART, "Live apps", live_apps, position=42, needs_database=True),
    SystemCheck(PART, "Alive at E2B", alive_at_e2b, position=43),
)
