"""How the statuses of predictions look."""

from __future__ import annotations

from typing import Final

from core.db.tables.predictions import PredictionRow
from core.predictions.states import Status
from core.ui.badges import Badge

BADGES: Final[dict[Status, Badge]] = {
    Status.QUEUED: Badge("Queued", ":material/schedule:", "gray"),
    Status.PROCESSING: Badge("Processing", ":material/autorenew:", "blue"),
    Status.COMPLETED: Badge("Completed", ":material/check_circle:", "green"),
    Status.FAILED: Badge("Failed", ":material/error:", "red"),
    Status.CANCELLED: Badge("Cancelled", ":material/block:", "gray"),
}
CANCELLING: Final = Badge("Cancelling", ":material/block:", "orange")


def of(row: PredictionRow) -> Badge:
    """The badge of its status; one that is being cancelled says so until its worker has stopped."""
    if row.status == Status.PROCESSING and row.task.cancel_requested:
        return CANCELLING
    return BADGES[Status(row.status)]
