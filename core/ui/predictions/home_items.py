"""Predictions on Home: what failed, runs or waits, what was scored, and the newest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.db.tables.predictions import PredictionRow
from core.predictions import listing, predictions
from core.predictions.states import Status
from core.ui import formatting, links
from core.ui.predictions import status_badges, table
from core.ui.predictions.pages import PREDICTION, PREDICTIONS
from core.ui.uploads.pages import UPLOADS
from core.ui.work_items import (
    FAILED_FOR,
    N_RECENT,
    N_SHOWN,
    ActiveItem,
    Activity,
    FailedItem,
    HomeItems,
    ListLink,
    QueuedWork,
    RecentItem,
    StartButton,
    Summary,
    Total,
)

_SCORED: Final = {
    Status.QUEUED: "to be scored with",
    Status.PROCESSING: "being scored with",
    Status.COMPLETED: "scored with",
    Status.FAILED: "not scored with",
    Status.CANCELLED: "not scored with",
}


def summary(session: Session) -> Summary:
    """How many were completed and how many rows they scored, and the newest of any status."""
    recent = [
        RecentItem(
            row=row,
            at=row.created_at,
            label=f"{row.upload.file_name} {_SCORED[Status(row.status)]} {row.model.name} v{row.model.version}",
            page=PREDICTION,
            query={"id": row.id},
            icon=":material/table_rows:",
            badge=status_badges.of(row),
            size=formatting.count(row.n_rows, "row"),
        )
        for row in listing.page(session, limit=N_RECENT).items
    ]
    scored = listing.scored(session)
    n_completed = listing.counts(session)[Status.COMPLETED]
    return Summary(
        [
            Total("Completed predictions", n_completed, [(at, 1) for at, _ in scored]),
            Total("Rows scored", listing.n_rows_scored(session), scored),
        ],
        recent,
    )


def activity(session: Session, now: datetime) -> Activity:
    """What is in progress, waits or has failed."""
    counts, abandoned = listing.counts(session), listing.abandoned(session)

    def newest(status: Status, limit: int = N_SHOWN) -> Sequence[PredictionRow]:
        return listing.page(session, limit=limit, statuses=[status]).items if counts[status] else ()

    failed = [row for row in newest(Status.FAILED) if now - row.updated_at < FAILED_FOR]
    begun = newest(Status.PROCESSING, N_SHOWN + len(abandoned))
    running = [row for row in begun if row.id not in abandoned]
    n_failed, n_queued = counts[Status.FAILED], counts[Status.QUEUED] + len(abandoned)
    label = f"View all {formatting.exact(n_failed, 'failed prediction')}"
    return Activity(
        "prediction",
        failed=[_failed(row) for row in failed],
        all_failed=ListLink(label, PREDICTIONS, {"status": "failed"}) if n_failed > len(failed) > 0 else None,
        active=[_active(row) for row in running[:N_SHOWN]],
        n_running=counts[Status.PROCESSING] - len(abandoned),
        n_queued=n_queued,
        queued=QueuedWork.of("Score", n_queued, prioritize) if n_queued else None,
        newest=tuple(row.id for row in listing.page(session, limit=1).items),
    )


def prioritize(session: Session) -> UUID | None:
    """Put the one that is next first in line."""
    next_id = listing.next_waiting(session)
    return predictions.prioritize(session, prediction_id=next_id) if next_id else None


def _failed(row: PredictionRow) -> FailedItem:
    text = f"**{links.escape(row.upload.file_name)}** could not be scored"
    return FailedItem(row.id, PREDICTION, text, row.error_message or "")


def _active(row: PredictionRow) -> ActiveItem:
    done, total = row.task.done, table.n_total(row)
    text = f"Scoring **{links.escape(row.upload.file_name)}** · {done:,} of {total:,} rows"
    return ActiveItem(row.id, PREDICTION, text, done, total)


HOME_ITEMS: Final = HomeItems(
    position=20,
    summary=summary,
    activity=activity,
    start=StartButton("New prediction", "new_prediction", ":material/add:", UPLOADS),
)
