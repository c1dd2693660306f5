"""Lists of predictions, and figures over many of them: answered by indexes, whatever there is in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, TypeVarTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from core import db
from core.db.pages import Page, in_order, newest_first
from core.db.tables import ModelRow, PredictionRow, TaskRow, UploadRow
from core.db.types import seconds_between
from core.predictions import reasons
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
) -> Page[PredictionRow]:
    """The user's predictions, newest first, each with its upload, model and task. Raises BadCursor."""
    rows = _filtered(
        session, sa.select(PredictionRow), statuses=statuses, upload_id=upload_id, model_id=model_id
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
    n_found: int | None = None,
) -> Sequence[PredictionRow]:
    """A page of results for the eye: filtered, sorted, from `offset` on.

    By file or by rows, the predictions of one upload stand together.
    n_found: how many these filters let through; told, an index is walked from its nearer end.
    """
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
        )
        return from_end[::-1]
    ids = _filtered(session, sa.select(PredictionRow.id), statuses=statuses, model_id=model_id, search=search)
    newest = (PredictionRow.created_at.desc(), PredictionRow.id.desc())
    order: dict[Sort, tuple[Any, ...]] = {
        "newest": newest,
        "oldest": (PredictionRow.created_at, PredictionRow.id),
        "file": (sa.func.lower(UploadRow.file_name), UploadRow.id.desc()),
        "rows": (UploadRow.n_rows.desc(), UploadRow.id.desc()),
        "took": (_took().desc().nulls_last(), *newest),
    }
    if sort in ("file", "rows"):
        shown, n_before = _uploads_shown(session, ids, order[sort], offset=offset, limit=limit)
        ids = ids.join(UploadRow, PredictionRow.upload_id == UploadRow.id).where(UploadRow.id.in_(shown))
        ids, offset = ids.order_by(*order[sort], *newest), offset - n_before
    else:
        ids = ids.order_by(*order[sort])
    found = session.execute(ids.offset(offset).limit(limit)).scalars().all()
    return in_order(session, _listed(), id=PredictionRow.id, ids=found)


def _uploads_shown(
    session: Session, ids: sa.Select[UUID], order: tuple[Any, ...], *, offset: int, limit: int
) -> tuple[list[int], int]:
    """The uploads whose predictions stand between offset and offset + limit, and how many stand before theirs.

    Counting each upload's predictions in an index and sorting the uploads spares sorting every prediction.
    """
    groups = (
        ids.with_only_columns(PredictionRow.upload_id, sa.func.count().label("n"))
        .group_by(PredictionRow.upload_id)
        .subquery()
    )
    up_to = sa.func.sum(groups.c.n).over(order_by=order).label("up_to")
    placed = (
        sa.select(groups.c.upload_id, groups.c.n, up_to)
        .join(UploadRow, UploadRow.id == groups.c.upload_id)
        .subquery()
    )
    within = placed.c.up_to > offset, placed.c.up_to - placed.c.n < offset + limit
    found = session.execute(sa.select(placed).where(*within).order_by(placed.c.up_to)).all()
    n_before = int(found[0].up_to - found[0].n) if found else 0
    return [row.upload_id for row in found], n_before


def counts(
    session: Session, *, model_id: UUID | None = None, upload_id: int | None = None, search: str = ""
) -> dict[Status, int]:
    """How many of the user's predictions are in each state."""
    rows = _filtered(
        session,
        sa.select(PredictionRow.status, sa.func.count()),
        model_id=model_id,
        upload_id=upload_id,
        search=search,
    )
    found = {Status(status): n for status, n in session.execute(rows.group_by(PredictionRow.status))}
    return {status: found.get(status, 0) for status in Status}


def n_by_model(session: Session) -> dict[UUID, int]:
    """How many predictions the user has made with each model; models without any are absent."""
    rows = (
        sa.select(PredictionRow.model_id, sa.func.count().label("n"))
        .where(PredictionRow.user_id == db.owner(session))
        .group_by(PredictionRow.model_id)
    )
    return {row.model_id: row.n for row in session.execute(rows)}


def scored(session: Session) -> Sequence[tuple[datetime, int]]:
    """When each of the newest 1,000 completed predictions ended and how many rows it scored, oldest first."""
    rows = (
        sa.select(PredictionRow.finished_at, UploadRow.n_rows)
        .join(UploadRow, PredictionRow.upload_id == UploadRow.id)
        .where(PredictionRow.user_id == db.owner(session), PredictionRow.status == Status.COMPLETED)
        .order_by(PredictionRow.finished_at.desc())
        .limit(1000)
    )
    return [(at, n) for at, n in session.execute(rows) if at is not None][::-1]


def n_rows_scored(session: Session) -> int:
    """The rows of all of the user's completed predictions together."""
    by_upload = (
        sa.select(PredictionRow.upload_id, sa.func.count().label("n"))
        .where(PredictionRow.user_id == db.owner(session), PredictionRow.status == Status.COMPLETED)
        .group_by(PredictionRow.upload_id)
        .subquery()
    )
    total = sa.select(sa.func.coalesce(sa.func.sum(UploadRow.n_rows * by_upload.c.n), 0)).join(
        by_upload, by_upload.c.upload_id == UploadRow.id
    )
    return int(session.execute(total).scalar_one())


def pace(session: Session, *, model_id: UUID, with_reasons: bool = False) -> float | None:
    """Rows a second of the model's newest run, with reasons or without, over at least PACED_ROWS rows; None before
    there is one.
    """
    seconds = PredictionRow.metrics_json["seconds"].as_float()
    gave_reasons = sa.func.coalesce(PredictionRow.options[reasons.OPTION].as_boolean(), sa.false())
    newest = (
        sa.select(UploadRow.n_rows, seconds)
        .join(UploadRow, PredictionRow.upload_id == UploadRow.id)
        .where(
            PredictionRow.user_id == db.owner(session),
            PredictionRow.model_id == model_id,
            PredictionRow.status == Status.COMPLETED,
            UploadRow.n_rows >= PACED_ROWS,
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
    *,
    statuses: Sequence[str] = (),
    upload_id: int | None = None,
    model_id: UUID | None = None,
    search: str = "",
) -> sa.Select[*Columns]:
    """Those of the user that are all this, by columns of predictions alone, as their indexes hold them."""
    rows = rows.where(PredictionRow.user_id == db.owner(session))
    if statuses:
        rows = rows.where(PredictionRow.status.in_(statuses))
    if upload_id is not None:
        rows = rows.where(PredictionRow.upload_id == upload_id)
    if model_id is not None:
        rows = rows.where(PredictionRow.model_id == model_id)
    if search:
        found = sa.select(UploadRow.id).where(
            UploadRow.user_id == db.owner(session), UploadRow.file_name.icontains(search, autoescape=True)
        )
        rows = rows.where(PredictionRow.upload_id.in_(found))
    return rows


def _took() -> sa.ColumnElement[Any]:
    """Seconds that a settled prediction took."""
    return seconds_between(PredictionRow.started_at, PredictionRow.finished_at)
