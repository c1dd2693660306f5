"""Recent work of all kinds, as one list that leads to each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.ui import badges, formatting, links, lists, session


def show(rows: Sequence[PredictionRow | ModelRow | UploadRow], *, now: datetime) -> None:
    """One line a thing: what it is, its status, its rows, its age."""
    with lists.box(key="recent"):
        for row in rows:
            match row:
                case PredictionRow():
                    _prediction(row, now=now)
                case ModelRow():
                    _model(row, now=now)
                case UploadRow():
                    _upload(row, now=now)


def _prediction(row: PredictionRow, *, now: datetime) -> None:
    lists.row(
        f"{row.upload.file_name} scored by {row.model.name} v{row.model.version}",
        links.PREDICTION,
        icon=":material/table_rows:",
        badge=badges.of_prediction(row),
        facts=[formatting.count(row.upload.n_rows, "row"), formatting.ago(row.created_at, now=now)],
        tip=formatting.exact_moment(row.created_at, zone=session.zone()),
        query={"id": row.id},
    )


def _model(row: ModelRow, *, now: datetime) -> None:
    rows = (row.report or {}).get("n_rows")
    lists.row(
        f"{row.name} v{row.version}",
        links.MODEL,
        icon=":material/category:",
        badge=badges.of_model(row.status),
        facts=[formatting.count(rows, "row") if rows else "", formatting.ago(row.created_at, now=now)],
        tip=formatting.exact_moment(row.created_at, zone=session.zone()),
        query={"id": row.id},
    )


def _upload(row: UploadRow, *, now: datetime) -> None:
    lists.row(
        row.file_name,
        links.UPLOADS,
        icon=":material/description:",
        badge=badges.UPLOADED,
        facts=[formatting.count(row.n_rows, "row"), formatting.ago(row.created_at, now=now)],
        tip=formatting.exact_moment(row.created_at, zone=session.zone()),
        query={"upload": row.id},
    )
