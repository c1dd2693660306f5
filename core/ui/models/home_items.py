"""Models on Home: trainings that failed, run or wait, and the newest models.

What trains in a sandbox is told by `core.ui.training.home_items`; of those only models that are there stand here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from core.db.tables.models import ModelRow
from core.models import changes, models
from core.ui import formatting, links
from core.ui.models import labels, progress
from core.ui.models.pages import MODEL
from core.ui.uploads.pages import UPLOADS
from core.ui.work_items import (
    FAILED_FOR,
    N_RECENT,
    N_SHOWN,
    ActiveItem,
    Activity,
    FailedItem,
    HomeItems,
    QueuedWork,
    RecentItem,
    StartButton,
    Summary,
)

MOST_IN_TRAINING = 200  # the longest page that a list gives
LOOKED_AT = 20  # newest models among which failed ones are looked for


def summary(session: Session) -> Summary:
    """The newest of any status."""
    newest = models.page(session, limit=N_RECENT).items
    return Summary(
        recent=[_recent(row) for row in newest if row.status == "ready" or not _is_told_elsewhere(row)]
    )


def activity(session: Session, now: datetime) -> Activity:
    """Which trainings run, wait or have failed."""
    newest = models.page(session, limit=LOOKED_AT).items
    of_all = models.page(session, limit=MOST_IN_TRAINING, statuses=["training"]).items[::-1]
    in_training = [row for row in of_all if not _is_told_elsewhere(row)]
    abandoned = models.abandoned(session)
    waiting = [row for row in in_training if labels.is_queued(row) or row.id in abandoned]
    running = [row for row in in_training if row not in waiting]
    return Activity(
        "training",
        failed=[_failed(row) for row in _unmended(newest, now=now)],
        active=[
            *(_active(row, is_waiting=False) for row in running),
            *(_active(row, is_waiting=True) for row in waiting),
        ],
        n_running=len(running),
        n_queued=len(waiting),
        queued=QueuedWork.of("Train", len(waiting), partial(changes.prioritize, model_id=waiting[0].id))
        if waiting
        else None,
        newest=tuple(row.id for row in newest[:1]),
    )


def _is_told_elsewhere(row: ModelRow) -> bool:
    return row.origin == "sandbox"


def _active(row: ModelRow, *, is_waiting: bool) -> ActiveItem:
    """A training, and how far it is."""
    step = progress.step(row, is_waiting=is_waiting)
    text = f"Training **{links.escape(row.name)}** v{row.version} · {step}"
    done = 0 if is_waiting else row.task.done  # an interrupted training starts over
    return ActiveItem(row.id, MODEL, text, done, row.task.total or 0, is_waiting)


def _recent(row: ModelRow) -> RecentItem:
    n_rows = (row.report or {}).get("n_rows")
    return RecentItem(
        row=row,
        at=row.created_at,
        label=f"{row.name} v{row.version}",
        page=MODEL,
        query={"id": row.id},
        icon=":material/category:",
        badge=labels.status(row),
        size=formatting.count(n_rows, "row") if n_rows else "",
    )


def _failed(row: ModelRow) -> FailedItem:
    text = f"**{links.escape(row.name)}** could not be trained"
    return FailedItem(row.id, MODEL, text, (row.error or {}).get("message", ""))


def _unmended(newest_first: Sequence[ModelRow], *, now: datetime) -> list[ModelRow]:
    """Failed trainings that nobody cancelled and after which no other of their name or their file was begun."""
    names: set[str] = set()
    files: set[int | None] = set()
    failed = []
    for row in newest_first:
        was_cancelled = (row.error or {}).get("code") == "cancelled"
        is_recent = now - row.updated_at < FAILED_FOR
        is_told = row.status == "failed" and is_recent and not was_cancelled and not _is_told_elsewhere(row)
        if is_told and row.name not in names:
            failed += [row] if row.upload_id is None or row.upload_id not in files else []
        if not was_cancelled:
            names.add(row.name)
            files.add(row.upload_id)
    return failed[:N_SHOWN]


HOME_ITEMS: Final = HomeItems(
    position=30,
    summary=summary,
    activity=activity,
    start=StartButton("Train a model", "train", ":material/model_training:", UPLOADS, {"train": 1}),
)
