"""Recent work of all kinds, as one list that leads to each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.db.tables import ModelRow, PredictionRow, UploadRow
from core.ui import formatting, lists, session
from core.ui.badges import Badge
from core.ui.models import labels
from core.ui.models.pages import MODEL
from core.ui.predictions import status_badges
from core.ui.predictions.pages import PREDICTION
from core.ui.uploads.pages import UPLOADS


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
        PREDICTION,
        icon=":material/table_rows:",
        badge=status_badges.of(row),
        facts=[formatting.count(row.upload.n_rows, "row"), formatting.ago(row.created_at, now=now)],
        tip=formatting.exact_moment(row.created_at, zone=session.zone()),
        query={"id": row.id},
    )


def _model(row: ModelRow, *, now: datetime) -> None:
    rows = (row.report or {}).get("n_rows")
    lists.row(
        f"{row.name} v{row.version}",
        MODEL,
        icon=":material/category:",
        badge=labels.STATUSES[row.status],
        facts=[formatting.count(rows, "row") if rows else "", formatting.ago(row.created_at, now=now)],
        tip=formatting.exact_moment(row.created_at, zone=session.zone()),
        query={"id": row.id},
    )


def _upload(row: UploadRow, *, now: datetime) -> None:
    lists.row(
        row.file_name,
        UPLOADS,
        icon=":material/description:",
        badge=Badge("Uploaded", ":material/check:", "gray"),
        facts=[formatting.count(row.n_rows, "row"), formatting.ago(row.created_at, now=now)],
        tip=formatting.exact_moment(row.created_at, zone=session.zone()),
        query={"upload": row.id},
    )
