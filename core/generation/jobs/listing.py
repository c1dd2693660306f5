"""Lists of batch jobs, and figures over many of them: answered by indexes, whatever there is in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeVarTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from core import queue
from core.access import ownership
from core.access.ownership import OwnerFilter
from core.db.pagination import Page, newest_first
from core.db.tables.generation.batch_jobs import BatchCallRow, BatchItemRow, BatchJobRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.db.tables.tasks import TaskRow
from core.db.types import now_plus, seconds_between
from core.generation import hidden
from core.generation.jobs import jobs
from core.generation.jobs.states import ItemState, JobStatus

LATELY_S: Final = 60.0  # over which a pace is told
Columns = TypeVarTuple("Columns")


def page(
    session: Session,
    *,
    limit: int = 50,
    cursor: str | None = None,
    statuses: Sequence[str] = (),
    search: str = "",
    whose: OwnerFilter = ownership.MINE,
) -> Page[BatchJobRow]:
    """Jobs, newest first, each with its template and task. search: a part of the name.

    Raises BadCursor, NotAllowed.
    """
    rows = _filtered(session, sa.select(BatchJobRow), whose, statuses=statuses, search=search)
    return newest_first(
        session, rows, created_at=BatchJobRow.created_at, id=BatchJobRow.id, limit=limit, cursor=cursor,
        whole=_listed(),
    )  # fmt: skip


def counts(
    session: Session, *, search: str = "", whose: OwnerFilter = ownership.MINE
) -> dict[JobStatus, int]:
    """How many jobs are in each state. Raises NotAllowed."""
    rows = _filtered(session, sa.select(BatchJobRow.status, sa.func.count()), whose, search=search)
    found = {JobStatus(status): n for status, n in session.execute(rows.group_by(BatchJobRow.status))}
    return {status: found.get(status, 0) for status in JobStatus}


def abandoned(session: Session) -> Sequence[UUID]:
    """The user's jobs in processing whose worker is gone, oldest first: they wait like queued ones."""
    return queue.abandoned(session, BatchJobRow, status=JobStatus.PROCESSING)


def next_waiting(session: Session) -> UUID | None:
    """Which of the user's jobs a worker would take next: an abandoned one, else the one queued longest."""
    if left := abandoned(session):
        return left[0]
    queued = _filtered(session, sa.select(BatchJobRow.id), ownership.MINE, statuses=[JobStatus.QUEUED])
    oldest = queued.order_by(BatchJobRow.created_at, BatchJobRow.id).limit(1)
    return session.execute(oldest).scalar_one_or_none()


def n_waiting(session: Session) -> int:
    """How many of the user's jobs wait for a worker."""
    return len(abandoned(session)) + counts(session)[JobStatus.QUEUED]


def paces(session: Session) -> Mapping[UUID, float]:
    """How many replies a second each job got lately, of those that may be seen; without those that got none.

    Of what was asked within the last LATELY_S seconds, what takes as long as a reply does is still under way. No job is
    named: the index of moments is to be read, which holds a minute's requests in one place.
    """
    since_first = seconds_between(sa.func.min(BatchCallRow.asked_at), now_plus())
    rows = (
        sa.select(
            BatchCallRow.batch_job_id, sa.func.count(), sa.func.avg(BatchCallRow.latency_s), since_first
        )
        .where(
            BatchCallRow.asked_at > now_plus(-LATELY_S),
            BatchCallRow.status == sa.literal(200),
        )
        .group_by(BatchCallRow.batch_job_id)
    )
    return {
        batch_job_id: n / max(1.0, float(lasted_s) - float(latency_s or 0.0))
        for batch_job_id, n, latency_s, lasted_s in session.execute(rows)
    }


def item_counts(session: Session, *, batch_job_id: UUID) -> Mapping[ItemState, int]:
    """How many items of a job are in each state, by one read of an index."""
    rows = sa.select(BatchItemRow.state, sa.func.count()).where(BatchItemRow.batch_job_id == batch_job_id)
    found = {ItemState(state): n for state, n in session.execute(rows.group_by(BatchItemRow.state))}
    return {state: found.get(state, 0) for state in ItemState}


def items(
    session: Session, *, batch_job_id: UUID, offset: int, limit: int, state: ItemState | None = None
) -> Sequence[BatchItemRow]:
    """A page of a job's items in their order, for the eye. Only for a job that `jobs.get` has shown."""
    rows = sa.select(BatchItemRow).where(BatchItemRow.batch_job_id == batch_job_id)
    if state is None:  # they count from 0 without a gap
        rows = rows.where(BatchItemRow.idx >= offset)
    else:
        rows = rows.where(BatchItemRow.state == state).offset(offset)
    return session.execute(rows.order_by(BatchItemRow.idx).limit(limit)).scalars().all()


def _listed() -> sa.Select[BatchJobRow]:
    """`jobs.whole` without what a list has no use for."""
    template, task = contains_eager(BatchJobRow.template), contains_eager(BatchJobRow.task)
    of_template = (PromptTemplateRow.system, PromptTemplateRow.prompt, PromptTemplateRow.variables)
    of_task = (TaskRow.payload, TaskRow.checkpoint, TaskRow.result, TaskRow.error)
    return jobs.whole().options(
        *(template.defer(column, raiseload=True) for column in of_template),
        *(task.defer(column, raiseload=True) for column in of_task),
    )


def _filtered(
    session: Session,
    rows: sa.Select[*Columns],
    whose: OwnerFilter,
    *,
    statuses: Sequence[str] = (),
    search: str = "",
) -> sa.Select[*Columns]:
    """Those that are all this, by columns of jobs alone, as their indexes hold them."""
    rows = rows.where(ownership.listed(session, BatchJobRow.user_id, whose), hidden.is_job_shown())
    if statuses:
        rows = rows.where(BatchJobRow.status.in_(statuses))
    if search:
        rows = rows.where(BatchJobRow.name.icontains(search, autoescape=True))
    return rows
