"""The stage `scraping`: reads the pages of a training once, keeps them, and fails for none of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, queue
from core.db.tables.training_jobs import TrainingJobRow, TrainingPageRow
from core.errors import counted
from core.training.runs.recorder import Recorder
from core.training.runs.watched import watched
from core.training.sources import reading
from core.training.sources.addresses import short
from core.training.sources.fetching import Web
from core.training.sources.reading import Page
from core.training.states import Status

KEPT: Final = ("n", "url", "final_url", "text", "is_cut", "sha256", "problem", "at")


def run(
    training: TrainingJobRow, recorder: Recorder, task: queue.Task, job: queue.Job, *, web: Web, app_url: str
) -> Sequence[TrainingPageRow]:
    """The pages, read now or by an attempt before; a retry has those of the training that it repeats.

    Raises TaskStopped, LeaseLost.
    """
    if not training.resources:
        return []
    if not (kept := _kept(training.id)):
        rows = _repeated(training)
        if not rows:
            found = watched(task, job, reading.read(training.resources, web=web, app_url=app_url))
            rows = [_row(training, n, page) for n, page in enumerate(found, start=1)]
        n_read = sum(row.text is not None for row in rows)
        said = f"{n_read:,} of {counted(len(rows), 'page')} {'was' if n_read == 1 else 'were'} read."

        def write(session: Session) -> None:
            session.add_all(rows)
            recorder.warn(session, warnings(rows))

        if training.code is None:
            done = {"done": Status.SCRAPING.value}
            recorder.stage(Status.GENERATING, checkpoint=done, outcome=said, write=write)
        else:
            recorder.write(write)
        kept = _kept(training.id)
    return kept


def warnings(pages: Sequence[TrainingPageRow]) -> list[str]:
    """Which pages could not be read and why: one sentence for all that have the same trouble."""
    unread: dict[str, list[str]] = {}
    for page in pages:
        if page.problem:
            unread.setdefault(page.problem, []).append(short(page.url))
    return [
        f"{', '.join(urls)} {'was' if len(urls) == 1 else 'were'} not read: {problem}"
        for problem, urls in unread.items()
    ]


def _row(training: TrainingJobRow, n: int, page: Page) -> TrainingPageRow:
    unread = page.unread
    return TrainingPageRow(
        training_job_id=training.id,
        n=n,
        url=page.url,
        final_url=page.final_url,
        text=page.text,
        is_cut=page.is_cut,
        sha256=page.sha256,
        problem=None if unread is None else str(unread),
    )


def _repeated(training: TrainingJobRow) -> list[TrainingPageRow]:
    """What the training that this one repeats has read."""
    if training.retry_of is None:
        return []
    values = [{name: getattr(page, name) for name in KEPT} for page in _kept(training.retry_of)]
    return [TrainingPageRow(training_job_id=training.id, **known) for known in values]


def _kept(training_job_id: UUID) -> Sequence[TrainingPageRow]:
    with db.session_scope(db.WORKER) as session:
        rows = sa.select(TrainingPageRow).where(TrainingPageRow.training_job_id == training_job_id)
        found = session.execute(rows.order_by(TrainingPageRow.n)).scalars().all()
        session.expunge_all()
    return found
