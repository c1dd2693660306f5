"""Batches of rows from a training on its owner's own machine: taken once each, whatever comes how often."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core import db
from core.db.tables.base import Base
from core.db.tables.training_jobs import (
    TrainingBatchRow,
    TrainingJobRow,
    TrainingMetricRow,
    TrainingPredictionRow,
)
from core.db.types import now_plus
from core.errors import counted
from core.training.bargain.metric_lines import MOST_NAMES, MOST_POINTS
from core.training.local import reports
from core.training.local.errors import BatchConflict, TooManyPredictions

MOST_PREDICTIONS: Final = 2_000_000  # of one training
METRICS, PREDICTIONS = "metrics", "predictions"
Rows = Sequence[Mapping[str, Any]]


def metrics(
    session: Session, *, job_id: UUID, token_id: UUID | None, attempt: int | None, number: int, rows: Rows
) -> int:
    """Take points of the curve; how many are kept. What is beyond the bounds of a curve is dropped with a warning.

    rows: `name`, `split`, `step`, `value`. Raises NotFound, BatchConflict, Cancelled, Ended, Superseded, Invalid.
    """
    job, attempt, is_known = _taken(session, job_id, token_id, attempt, METRICS, number, rows)
    if is_known:
        return len(rows)
    kept = _within_bounds(session, job, attempt, rows)
    _insert(session, TrainingMetricRow, {"training_job_id": job.id, "attempt": attempt}, kept)
    return len(rows)


def predictions(
    session: Session, *, job_id: UUID, token_id: UUID | None, attempt: int | None, number: int, rows: Rows
) -> int:
    """Take held-out rows; how many there were. A row that is there already stays as it is.

    rows: `row`, `actual`, `prediction`, `probability`. Raises TooManyPredictions, and what `metrics` raises.
    """
    job, _, is_known = _taken(session, job_id, token_id, attempt, PREDICTIONS, number, rows)
    if is_known:
        return len(rows)
    if (received(session, job)[PREDICTIONS][1]) > MOST_PREDICTIONS:
        raise TooManyPredictions(most=MOST_PREDICTIONS)
    _insert(session, TrainingPredictionRow, {"training_job_id": job.id, "user_id": job.user_id}, rows)
    return len(rows)


def received(session: Session, job: TrainingJobRow) -> Mapping[str, tuple[int, int]]:
    """How many batches of each kind the newest attempt has sent, and how many rows were in them."""
    batch = TrainingBatchRow
    of_job = batch.user_id == job.user_id, batch.training_job_id == job.id, batch.attempt == job.attempt
    counts = (
        sa.select(batch.kind, sa.func.count(), sa.func.sum(batch.n_rows)).where(*of_job).group_by(batch.kind)
    )
    found = {kind: (int(n), int(n_rows)) for kind, n, n_rows in session.execute(counts)}
    return {kind: found.get(kind, (0, 0)) for kind in (METRICS, PREDICTIONS)}


def _taken(
    session: Session,
    job_id: UUID,
    token_id: UUID | None,
    attempt: int | None,
    kind: str,
    number: int,
    rows: Rows,
) -> tuple[TrainingJobRow, int, bool]:
    """Note the batch: the training, its attempt, and whether the batch was there already."""
    job = reports.hold(session, job_id=job_id, token_id=token_id)
    sha256 = hashlib.sha256(json.dumps([dict(row) for row in rows], sort_keys=True).encode()).hexdigest()
    this = {
        "user_id": job.user_id,
        "training_job_id": job.id,
        "attempt": attempt or job.attempt,
        "kind": kind,
    }
    known = sa.select(TrainingBatchRow.sha256).filter_by(**this, n=number)
    if (before := session.execute(known).scalar_one_or_none()) is not None:
        if before != sha256:
            raise BatchConflict(number=number, kind=kind)
        return job, attempt or 0, True
    reports.require_going_on(job)
    newest = reports.require_newest(job, attempt)
    reports.hear(session, job)
    session.execute(
        sa.insert(TrainingBatchRow).values(
            **this, n=number, sha256=sha256, n_rows=len(rows), received_at=now_plus()
        )
    )
    return job, newest, False


def _within_bounds(session: Session, job: TrainingJobRow, attempt: int, rows: Rows) -> Rows:
    """The points that a curve has room for; of the others a warning tells once."""
    point = TrainingMetricRow
    of_attempt = point.training_job_id == job.id, point.attempt == attempt
    sizes = (
        sa.select(point.name, point.split, sa.func.count())
        .where(*of_attempt)
        .group_by(point.name, point.split)
    )
    names = {(name, split): n for name, split, n in session.execute(sizes)}
    room = MOST_POINTS - sum(names.values())
    kept: list[Mapping[str, Any]] = []
    for row in rows:
        curve = row["name"], row["split"]
        if len(kept) < room and (curve in names or len(names) < MOST_NAMES):
            names.setdefault(curve, 0)
            kept.append(row)
    warning = (
        f"Of the reported curve, {counted(MOST_POINTS, 'point')} and {counted(MOST_NAMES, 'curve')} are kept."
    )
    if len(kept) < len(rows) and warning not in job.warnings:
        job.warnings = [*job.warnings, warning]
    return kept


def _insert(session: Session, table: type[Base], same: Mapping[str, Any], rows: Rows) -> None:
    """Those that are not there yet. same: what each of them holds besides.

    By the driver itself: what comes in `rows` are texts and numbers, which it takes as they are, and to look at each
    value of each row once more takes longer than to write them.
    """
    if rows:
        is_sqlite = db.current().is_sqlite
        told = {name: one.hex if is_sqlite and isinstance(one, UUID) else one for name, one in same.items()}
        session.connection().exec_driver_sql(_statement(table, is_sqlite), [told | dict(row) for row in rows])


@cache
def _statement(table: type[Base], is_sqlite: bool) -> str:
    """SQL with named parameters."""
    if is_sqlite:
        of_sqlite = sqlite.insert(table).on_conflict_do_nothing()
        return str(of_sqlite.compile(dialect=sqlite.dialect(paramstyle="named")))
    of_postgres = postgresql.insert(table).on_conflict_do_nothing()
    return str(of_postgres.compile(dialect=db.current().engine.dialect))
