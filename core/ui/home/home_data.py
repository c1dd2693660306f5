"""What Home reads: how things stand, in one transaction, and what of it asks for somebody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sqlalchemy.orm import Session

from core import queue
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.models import models
from core.predictions import listing
from core.predictions.states import PENDING, Status
from core.uploads import uploads

MAX_LIMIT = 200  # the longest page that a list gives
RECENT = 8
SHOWN = 3
FAILED_FOR = timedelta(days=7)
DAYS = 14
MOVING_S, SETTLED_S = 2.0, 10.0  # between two looks


@dataclass(frozen=True)
class Pulse:
    """The part of Home that changes by itself.

    waiting: the oldest QUEUED prediction. in_training: those that run, then those that wait, oldest first.
    failures: of the last week. newest: the last prediction, model and upload; none that was made since is here.
    """

    counts: dict[Status, int]
    in_progress: Sequence[PredictionRow]
    waiting: PredictionRow | None
    in_training: Sequence[ModelRow]
    failed_predictions: Sequence[PredictionRow]
    failed_models: Sequence[ModelRow]
    has_worker: bool
    worker_seen_at: datetime | None
    newest: tuple[object, ...]

    @property
    def state(self) -> object:
        """What is other once something was made, has begun or has ended, here or elsewhere."""
        return self.n_moving, self.newest

    @property
    def n_pending(self) -> int:
        return sum(self.counts[status] for status in PENDING)

    @property
    def n_moving(self) -> int:
        """How many things will change without a click."""
        return self.n_pending + len(self.in_training)

    @property
    def n_running(self) -> int:
        """How many of them a worker has in its hands."""
        runs = queue.TaskState.RUNNING
        return self.counts[Status.PROCESSING] + sum(row.task.state == runs for row in self.in_training)

    @property
    def n_failures(self) -> int:
        return len(self.failed_predictions) + len(self.failed_models)


@dataclass(frozen=True)
class Desk:
    """The rest of Home. sample: the sample upload and its newest model, as long as nothing was ever predicted."""

    n_uploads: int
    n_completed: int
    n_rows_scored: int
    scored: Sequence[tuple[datetime, int]]
    recent: Sequence[PredictionRow | ModelRow | UploadRow]
    sample: tuple[UploadRow, ModelRow] | None


def pulse(session: Session, *, now: datetime) -> Pulse:
    """What is in progress, waits or has failed."""
    counts = listing.counts(session)
    newest_models = models.page(session, limit=20).items
    failed: Sequence[PredictionRow] = ()
    if counts[Status.FAILED]:
        failed = listing.page(session, limit=SHOWN, statuses=[Status.FAILED]).items
    waiting = listing.table(session, offset=0, limit=1, sort="oldest", statuses=[Status.QUEUED])
    return Pulse(
        counts=counts,
        in_progress=listing.page(session, limit=SHOWN, statuses=[Status.PROCESSING]).items,
        waiting=waiting[0] if waiting else None,
        in_training=_in_line(models.page(session, limit=MAX_LIMIT, statuses=["training"]).items),
        failed_predictions=[row for row in failed if now - row.updated_at < FAILED_FOR],
        failed_models=_unmended(newest_models, now=now),
        has_worker=bool(queue.workers.alive(session)),
        worker_seen_at=queue.workers.last_seen(session),
        newest=(
            *(row.id for row in listing.page(session, limit=1).items),
            *(row.id for row in newest_models[:1]),
            *(row.id for row in uploads.page(session, limit=1).items),
        ),
    )


def load(session: Session) -> Desk:
    """Numbers and recent work."""
    made = listing.page(session, limit=RECENT).items
    trained = models.page(session, limit=RECENT).items
    taken = uploads.page(session, limit=RECENT).items
    everything: list[PredictionRow | ModelRow | UploadRow] = [*made, *trained, *taken]
    return Desk(
        n_uploads=uploads.count(session),
        n_completed=listing.counts(session)[Status.COMPLETED],
        n_rows_scored=listing.n_rows_scored(session),
        scored=listing.scored(session),
        recent=sorted(everything, key=lambda row: row.created_at, reverse=True)[:RECENT],
        sample=None if made else _sample(trained, taken),
    )


def per_day(moments: Iterable[tuple[datetime, int]], *, now: datetime, zone: tzinfo) -> list[int]:
    """Sums over the last DAYS days of the reader's calendar, today last; empty when only one day has any."""
    today = now.astimezone(zone).date()
    sums = [0] * DAYS
    for at, n in moments:
        days_ago = (today - at.astimezone(zone).date()).days
        if 0 <= days_ago < DAYS:
            sums[DAYS - 1 - days_ago] += n
    return sums if sum(1 for n in sums if n) > 1 else []


def _in_line(in_training: Sequence[ModelRow]) -> list[ModelRow]:
    """Those that run before those that wait, and each from the oldest on."""
    waits = queue.TaskState.QUEUED
    return sorted(in_training, key=lambda model: (model.task.state == waits, model.created_at))


def _unmended(newest_first: Sequence[ModelRow], *, now: datetime) -> list[ModelRow]:
    """Failed trainings that nobody cancelled and no later version has made good, or failed after."""
    later: set[str] = set()
    failed = []
    for model in newest_first:
        was_cancelled = (model.error or {}).get("code") == "cancelled"
        recent = now - model.updated_at < FAILED_FOR
        if model.status == "failed" and recent and not was_cancelled and model.name not in later:
            failed.append(model)
        if not was_cancelled:
            later.add(model.name)
    return failed[:SHOWN]


def _sample(trained: Sequence[ModelRow], taken: Sequence[UploadRow]) -> tuple[UploadRow, ModelRow] | None:
    upload = next((upload for upload in taken if upload.is_sample), None)
    model = next((model for model in trained if model.is_sample), None)
    return (upload, model) if upload and model and model.status != "failed" else None
