"""What the database holds of one job, read in transactions of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from core import db
from core.db.tables.generation.batch_jobs import BatchCallRow, BatchItemRow, BatchLogLineRow
from core.generation.enrichment import automatic
from core.generation.jobs.states import ItemState

ITEMS = cast("sa.Table", BatchItemRow.__table__)


class Stored:
    """Reads of a job. Methods may raise DatabaseUnavailable."""

    def __init__(self, batch_job_id: UUID) -> None:
        self.batch_job_id = batch_job_id

    def waiting(self, *, after_idx: int, limit: int) -> Sequence[sa.Row[Any]]:
        """The next items in the queue: id, idx, params, n_asked, n_bad, n_failed, state."""
        return self._items(BatchItemRow.state == ItemState.QUEUED, BatchItemRow.idx > after_idx, limit=limit)

    def interrupted(self) -> Sequence[sa.Row[Any]]:
        """The items that an earlier attempt was asking when it ended."""
        return self._items(BatchItemRow.state == ItemState.PROCESSING, limit=None)

    def counts(self) -> dict[ItemState, int]:
        """How many items are in each state."""
        with db.session_scope(db.WORKER) as session:
            found = session.execute(
                sa.select(BatchItemRow.state, sa.func.count())
                .where(BatchItemRow.batch_job_id == self.batch_job_id)
                .group_by(BatchItemRow.state)
            ).all()
        return dict.fromkeys(ItemState, 0) | {ItemState(state): n for state, n in found}

    def spent(self) -> int:
        """What all requests of the job have cost so far, at most, in nano-dollars."""
        with db.session_scope(db.WORKER) as session:
            return session.execute(
                sa.select(sa.func.coalesce(sa.func.sum(BatchCallRow.cost), 0)).where(
                    BatchCallRow.batch_job_id == self.batch_job_id
                )
            ).scalar_one()

    def given_away(self) -> int:
        """What of the job's cap belongs to the enrichment that followed it, in nano-dollars."""
        with db.session_scope(db.WORKER) as session:
            return automatic.given_away(session, batch_job_id=self.batch_job_id)

    def last_asked(self, idxs: Sequence[int]) -> dict[int, int]:
        """Of items that were interrupted: the number of the last request that is accounted for."""
        with db.session_scope(db.WORKER) as session:
            found = session.execute(
                sa.select(BatchCallRow.item_idx, sa.func.max(BatchCallRow.n))
                .where(
                    BatchCallRow.batch_job_id == self.batch_job_id,
                    BatchCallRow.item_idx.in_(idxs),
                )
                .group_by(BatchCallRow.item_idx)
            ).all()
        return {idx: n for idx, n in found if idx is not None}

    def kept_replies(self) -> list[tuple[int, int, str, bytes]]:
        """Replies that wait in their rows for storage: item, number, key, bytes."""
        with db.session_scope(db.WORKER) as session:
            found = session.execute(
                sa.select(
                    BatchCallRow.item_idx, BatchCallRow.n, BatchCallRow.raw_key, BatchCallRow.raw
                ).where(BatchCallRow.batch_job_id == self.batch_job_id, BatchCallRow.raw.is_not(None))
            ).all()
        return [(idx or 0, n, key or "", raw or b"") for idx, n, key, raw in found]

    def log_lines(self) -> list[tuple[datetime, str, str]]:
        """The whole log: when, how bad, what."""
        with db.session_scope(db.WORKER) as session:
            found = session.execute(
                sa.select(BatchLogLineRow.created_at, BatchLogLineRow.level, BatchLogLineRow.text)
                .where(BatchLogLineRow.batch_job_id == self.batch_job_id)
                .order_by(BatchLogLineRow.id)
            ).all()
        return [(at, level, text) for at, level, text in found]

    def _items(self, *where: sa.ColumnElement[bool], limit: int | None) -> Sequence[sa.Row[Any]]:
        columns = ("id", "idx", "params", "n_asked", "n_bad", "n_failed", "state")
        with db.session_scope(db.WORKER) as session:
            return session.execute(
                sa.select(*(ITEMS.c[name] for name in columns))
                .where(BatchItemRow.batch_job_id == self.batch_job_id, *where)
                .order_by(BatchItemRow.idx)
                .limit(limit)
            ).all()
