"""Lists of predictions, and figures over many of them: answered by indexes, whatever there is in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, TypeVarTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from core import db, queue
from core.access import ownership
from core.access.ownership import OwnerFilter
from core.db.pagination import Page, in_order, newest_first
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.tasks import TaskRow
from core.db.tables.uploads import UploadRow
from core.predictions.scoring.pipeline import reasons
from core.predictions.states import Status

PACED_ROWS = 20_000  # fewer rows say more of the start than of the pace
Sort = Literal["newest", "oldest", "file", "rows", "took"]


def page(
    session: Session,
    *,
    limit: int = 50,
    cursor: str | None = None,
    statuses: Sequence[str] = (),
    upload_id: int | None = None,
    model_id: UUID | None = None,
    owner: OwnerFilter = ownership.MINE,
) -> Page[PredictionRow]:
    """Predictions, newest first, each with its upload, model and task. owner: whose.

    Raises BadCursor, NotAllowed.
    """
    rows = _filtered(
        session,
        sa.select(PredictionRow),
        owner,
        statuses=statuses,
        upload_id=upload_id,
        model_id=model_id,
    )
    return newest_first(
        session, rows, created_at=PredictionRow.created_at, id=PredictionRow.id, limit=limit, cursor=cursor,
        whole=_listed(),
    )  # fmt: skip


def table(
    session: Session,
    *,
    offset: int,
    limit: int,
    sort: Sort = "newest",
    statuses: Sequence[str] = (),
    model_id: UUID | None = None,
    search: str = "",
    owner: OwnerFilter = ownership.MINE,
    n_found: int | None = None,
) -> Sequence[PredictionRow]:
    """A page of results for the eye: filtered, sorted, from `offset` on. Raises NotAllowed.

    By file or by rows, the predictions of one upload stand together. owner: whose.
    n_found: how many these filters let through; told, an index is walked from its nearer end.
    """
    if n_found == 0:
        return []
    if n_found is not None and sort in ("newest", "oldest") and n_found / 2 < offset < n_found:
        n_behind = max(0, n_found - offset - limit)
        from_end = table(
            session,
            offset=n_behind,
            limit=n_found - offset - n_behind,
            sort="oldest" if sort == "newest" else "newest",
            statuses=statuses,
            model_id=model_id,
            search=search,
            owner=owner,
        )
        return from_end[::-1]
    ids = _filtered(session, sa.select(PredictionRow.id), owner, statuses=statuses, model_id=model_id)
    if (
        search
    ):  # "is true": the order's index is walked until the page is full, not every match joined, then sorted
        ids = ids.where(PredictionRow.upload_id.in_(_named(session, search, owner)).is_(sa.true()))
    newest = (PredictionRow.created_at.desc(), PredictionRow.id.desc())
    order: dict[Sort, tuple[Any, ...]] = {
        "newest": newest,
        "oldest": (PredictionRow.created_at, PredictionRow.id),
        "file": (PredictionRow.file_order, PredictionRow.upload_id.desc(), *newest),
        "rows": (PredictionRow.n_rows.desc(), PredictionRow.upload_id.desc(), *newest),
        "took": (PredictionRow.took_s.desc(), *newest),
    }
    found = session.execute(ids.order_by(*order[sort]).offset(offset).limit(limit)).scalars().all()
    return in_order(session, _listed(), id=PredictionRow.id, ids=found)


def counts(
    session: Session,
    *,
    statuses: Sequence[str] = (),
    model_id: UUID | None = None,
    upload_id: int | None = None,
    search: str = "",
    owner: OwnerFilter = ownership.MINE,
) -> dict[Status, int]:
    """How many predictions are in each state; statuses: in these alone, the others stay 0. owner: whose.

    Raises NotAllowed.
    """
    rows = _filtered(
        session,
        sa.select(PredictionRow.status, sa.func.count()),
        owner,
        statuses=statuses,
        model_id=model_id,
        upload_id=upload_id,
        search=search,
    )
    found = {Status(status): n for status, n in session.execute(rows.group_by(PredictionRow.status))}
    return {status: found.get(status, 0) for status in Status}


def abandoned(session: Session) -> Sequence[UUID]:
    """The user's PROCESSING predictions whose worker is gone, oldest first: they wait like QUEUED ones."""
    return queue.abandoned(session, PredictionRow, status=Status.PROCESSING)


def next_waiting(session: Session) -> UUID | None:
    """Which of the user's predictions a worker would take next: an abandoned one, else the one queued longest."""
    if left := abandoned(session):
        return left[0]
    queued = table(session, offset=0, limit=1, sort="oldest", statuses=[Status.QUEUED])
    return queued[0].id if queued else None


def n_by_model(session: Session, *, owner: OwnerFilter = ownership.MINE) -> dict[UUID, int]:
    """How many predictions were made with each model; models without any are absent. owner: whose.

    Raises NotAllowed.
    """
    rows = (
        sa.select(PredictionRow.model_id, sa.func.count().label("n"))
        .where(ownership.listed(session, PredictionRow.user_id, owner))
        .group_by(PredictionRow.model_id)
    )
    return {row.model_id: row.n for row in session.execute(rows)}


def scored(session: Session) -> Sequence[tuple[datetime, int]]:
    """When each of the newest 1,000 completed predictions ended and how many rows it scored, oldest first."""
    rows = (
        sa.select(PredictionRow.finished_at, PredictionRow.n_rows)
        .where(PredictionRow.user_id == db.owner(session), PredictionRow.status == Status.COMPLETED)
        .order_by(PredictionRow.finished_at.desc())
        .limit(1000)
    )
    return [(at, n) for at, n in session.execute(rows) if at is not None][::-1]


def n_rows_scored(session: Session) -> int:
    """The rows of all of the user's completed predictions together."""
    total = sa.select(sa.func.coalesce(sa.func.sum(PredictionRow.n_rows), 0)).where(
        PredictionRow.user_id == db.owner(session), PredictionRow.status == Status.COMPLETED
    )
    return int(session.execute(total).scalar_one())


def pace(session: Session, *, model_id: UUID, with_reasons: bool = False) -> float | None:
    """Rows a second of the model's newest run, with reasons or without, over at least PACED_ROWS rows; None before
    there is one.
    """
    seconds = PredictionRow.metrics_json["seconds"].as_float()
    gave_reasons = sa.func.coalesce(PredictionRow.options[reasons.OPTION].as_boolean(), sa.false())
    newest = (
        sa.select(PredictionRow.n_rows, seconds)
        .where(
            PredictionRow.user_id == db.owner(session),
            PredictionRow.model_id == model_id,
            PredictionRow.status == Status.COMPLETED,
            PredictionRow.n_rows >= PACED_ROWS,
            gave_reasons == sa.literal(with_reasons),
            seconds > 0,
        )
        .order_by(PredictionRow.finished_at.desc())
        .limit(1)
    )
    found = session.execute(newest).one_or_none()
    return found[0] / found[1] if found else None


def whole() -> sa.Select[PredictionRow]:
    """Every prediction, joined with its upload, model and task."""
    return (
        sa.select(PredictionRow)
        .join(UploadRow, PredictionRow.upload_id == UploadRow.id)
        .join(ModelRow, PredictionRow.model_id == ModelRow.id)
        .join(TaskRow, PredictionRow.task_id == TaskRow.id)
        .options(
            contains_eager(PredictionRow.upload),
            contains_eager(PredictionRow.model),
            contains_eager(PredictionRow.task),
        )
    )


def _listed() -> sa.Select[PredictionRow]:
    """`whole` without what a list has no use for, and would spend most of its time on."""
    model, task = contains_eager(PredictionRow.model), contains_eager(PredictionRow.task)
    of_model = (ModelRow.schema, ModelRow.report, ModelRow.error)
    of_task = (TaskRow.payload, TaskRow.checkpoint, TaskRow.result, TaskRow.error)
    return whole().options(
        *(model.defer(column, raiseload=True) for column in of_model),
        *(task.defer(column, raiseload=True) for column in of_task),
    )


Columns = TypeVarTuple("Columns")


def _filtered(
    session: Session,
    rows: sa.Select[*Columns],
    owner: OwnerFilter,
    *,
    statuses: Sequence[str] = (),
    upload_id: int | None = None,
    model_id: UUID | None = None,
    search: str = "",
) -> sa.Select[*Columns]:
    """Those that are all this, by columns of predictions alone, as their indexes hold them."""
    rows = rows.where(ownership.listed(session, PredictionRow.user_id, owner))
    if statuses:
        rows = rows.where(PredictionRow.status.in_(statuses))
    if upload_id is not None:
        rows = rows.where(PredictionRow.upload_id == upload_id)
    if model_id is not None:
        rows = rows.where(PredictionRow.model_id == model_id)
    if search:
        rows = rows.where(PredictionRow.upload_id.in_(_named(session, search, owner)))
    return rows


def _named(session: Session, search: str, owner: OwnerFilter) -> sa.Select[int]:
    """Uploads with this in their file's name."""
    return sa.select(UploadRow.id).where(
        ownership.listed(session, UploadRow.user_id, owner),
        UploadRow.file_name.icontains(search, autoescape=True),
    )
