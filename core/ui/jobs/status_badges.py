"""How the states of batch jobs and of their items look."""

from __future__ import annotations

from typing import Final

from core.db.tables.generation.batch_jobs import BatchJobRow
from core.generation.jobs.states import PENDING, ItemState, JobStatus
from core.llm import ProviderKind
from core.ui.badges import Badge

BADGES: Final[dict[JobStatus, Badge]] = {
    JobStatus.QUEUED: Badge("Queued", ":material/schedule:", "gray"),
    JobStatus.PROCESSING: Badge("Processing", ":material/autorenew:", "blue"),
    JobStatus.PAUSED: Badge("Paused", ":material/pause_circle:", "orange"),
    JobStatus.COMPLETED: Badge("Completed", ":material/check_circle:", "green"),
    JobStatus.FAILED: Badge("Failed", ":material/error:", "red"),
    JobStatus.CANCELLED: Badge("Cancelled", ":material/block:", "gray"),
}
ITEMS: Final[dict[ItemState, Badge]] = {
    ItemState.QUEUED: Badge("Queued", ":material/schedule:", "gray"),
    ItemState.PROCESSING: Badge("In progress", ":material/autorenew:", "blue"),
    ItemState.COMPLETED: Badge("Completed", ":material/check_circle:", "green"),
    ItemState.FAILED: Badge("Failed", ":material/error:", "red"),
    ItemState.CANCELLED: Badge("Cancelled", ":material/block:", "gray"),
}
PAUSING: Final = Badge("Pausing", ":material/pause_circle:", "orange")
CANCELLING: Final = Badge("Cancelling", ":material/block:", "orange")


def of(row: BatchJobRow) -> Badge:
    """The badge of its status; one that runs and is to become another says so until it has."""
    if row.status == JobStatus.PROCESSING and row.requested_status == JobStatus.PAUSED:
        return PAUSING
    if row.status in PENDING and row.requested_status == JobStatus.CANCELLED:
        return CANCELLING
    return BADGES[JobStatus(row.status)]


def is_offline(row: BatchJobRow) -> bool:
    """Whether the offline generator writes it, whose text is nothing to train on."""
    return row.provider == ProviderKind.OFFLINE
