"""What templates have cost and come to, day by day: spend, decisions, findings. A day is one of the reader's.

Of money a reader sees their own jobs', an admin all; of conversations all that they may review.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.access import ownership
from core.db.tables.generation.batch_jobs import BatchCallRow, BatchJobRow
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.db.types import seconds_between
from core.generation.conversations import search
from core.generation.conversations.conversations import Filter
from core.generation.conversations.states import DECIDED, Status

DAY_S = 86_400.0


@dataclass(frozen=True)
class Days:
    """The last days of a reader. until: the midnight that ends today, aware. n: how many."""

    until: datetime
    n: int

    @property
    def since(self) -> datetime:
        return self.until - timedelta(days=self.n)

    def starts(self) -> list[datetime]:
        """When each of them began, oldest first."""
        return [self.since + timedelta(days=day) for day in range(self.n)]

    def day_of(self, moment: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
        """Which of them a moment lies in, counted back from today, which is 0."""
        end = sa.literal(self.until, moment.type)
        return sa.cast(sa.func.floor(seconds_between(moment, end) / DAY_S), sa.Integer)

    def holds(self, moment: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        return sa.and_(moment >= self.since, moment < self.until)


@dataclass(frozen=True)
class Series:
    """One template's numbers, one a day, oldest first. name: of its newest version among those counted."""

    name: str
    by_day: Sequence[int]

    @property
    def total(self) -> int:
        return sum(self.by_day)


@dataclass(frozen=True)
class Decided:
    """What was decided on one template's conversations, one number a day, oldest first."""

    name: str
    approved: Sequence[int]
    rejected: Sequence[int]

    @property
    def n(self) -> int:
        return sum(self.approved) + sum(self.rejected)

    @property
    def share(self) -> float:
        """That was approved, of what was decided on."""
        return sum(self.approved) / self.n if self.n else 0.0


def spend(session: Session, days: Days) -> list[Series]:
    """Nano-dollars by template, what cost most first."""
    call, job = BatchCallRow, BatchJobRow
    day = days.day_of(call.asked_at.expression)
    of_jobs = (
        sa.select(call.batch_job_id, day.label("day"), sa.func.sum(call.cost).label("cost"))
        .where(days.holds(call.asked_at.expression), call.cost > 0)
        .group_by(call.batch_job_id, day)
        .subquery()
    )
    rows = (
        sa.select(job.template_id, of_jobs.c.day, sa.func.sum(of_jobs.c.cost))
        .join(of_jobs, of_jobs.c.batch_job_id == job.id)
        .where(ownership.seen(session, job.user_id))
        .group_by(job.template_id, of_jobs.c.day)
    )
    return _series(session, session.execute(rows).all(), days)


def decided(session: Session, days: Days) -> list[Decided]:
    """Decisions as they stand, by template, those with most first."""
    row = ConversationRow
    day = days.day_of(row.decided_at.expression)
    rows = (
        sa.select(row.template_id, day, row.status, sa.func.count())
        .where(*Filter(statuses=tuple(DECIDED)).conditions(session), days.holds(row.decided_at.expression))
        .group_by(row.template_id, day, row.status)
    )
    found = session.execute(rows).all()
    by_status = {
        status: {
            one.name: one.by_day
            for one in _series(session, [(a, b, n) for a, b, said, n in found if said == status], days)
        }
        for status in DECIDED
    }
    none = [0] * days.n
    names = {name for of_status in by_status.values() for name in of_status}
    made = [
        Decided(name, by_status[Status.APPROVED].get(name, none), by_status[Status.REJECTED].get(name, none))
        for name in names
    ]
    return sorted(made, key=lambda one: (-one.n, one.name))


def findings(session: Session, days: Days, *, codes: Iterable[str]) -> dict[str, list[Series]]:
    """Conversations with a finding, by its code and their template, of those made in these days."""
    row = ConversationRow
    day = days.day_of(row.created_at.expression)
    made = {}
    for code in codes:
        rows = (
            sa.select(row.template_id, day, sa.func.count())
            .where(
                *Filter().conditions(session),
                days.holds(row.created_at.expression),
                search.has_finding(session, code),
            )
            .group_by(row.template_id, day)
        )
        if found := _series(session, session.execute(rows).all(), days):
            made[code] = found
    return dict(sorted(made.items(), key=lambda one: -sum(series.total for series in one[1])))


def made(session: Session, days: Days) -> list[Series]:
    """Conversations made, by template."""
    row = ConversationRow
    day = days.day_of(row.created_at.expression)
    rows = (
        sa.select(row.template_id, day, sa.func.count())
        .where(*Filter().conditions(session), days.holds(row.created_at.expression))
        .group_by(row.template_id, day)
    )
    return _series(session, session.execute(rows).all(), days)


def _series(session: Session, found: Sequence[Any], days: Days) -> list[Series]:
    """found: template, day counted back from today, number. Versions of one template are added up."""
    names = _names(session, {template_id for template_id, *_ in found})
    by_day: defaultdict[str, list[int]] = defaultdict(lambda: [0] * days.n)
    for template_id, day, n in found:
        if 0 <= day < days.n:
            by_day[names[template_id]][days.n - 1 - day] += int(n)
    series = [Series(name, numbers) for name, numbers in by_day.items()]
    return sorted(series, key=lambda one: (-one.total, one.name))


def _names(session: Session, template_ids: set[UUID]) -> dict[UUID, str]:
    """What each version's template is called, by the name of the newest that is asked for; told apart where need be."""
    row = PromptTemplateRow
    rows = sa.select(row.id, row.family_id, row.name).where(row.id.in_(template_ids)).order_by(row.version)
    found = session.execute(rows).all()
    families = {family_id: name for _, family_id, name in found}
    alike = list(families.values())
    return {
        template_id: families[family_id]
        if alike.count(families[family_id]) == 1
        else f"{families[family_id]} ({str(family_id)[:4]})"
        for template_id, family_id, _ in found
    }
