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
from core.settings import part
from core.settings.parts.training import DeploymentSettings
from core.training.deployments.states import AWAKE
from core.training.deployments.states import Status as Live
from core.training.states import STAGES, Status

PART: Final = "Sandboxes"


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
)
