"""The queue that reviewers go through, the oldest conversation first: where one stands in it, and what is beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.conversations import ConversationRow
from core.generation.conversations.conversations import Filter


@dataclass(frozen=True)
class Place:
    """Where a conversation stands among those of a filter. place: from 1, None where it does not fit it (any more)."""

    place: int | None
    n: int
    previous_id: UUID | None
    next_id: UUID | None


def first(session: Session, *, asked: Filter) -> UUID | None:
    """The oldest that fits; None where none does. Raises NotAllowed."""
    return _beside(session, asked, None, is_forward=True)


def place(session: Session, *, asked: Filter, row_id: UUID, created_at: datetime) -> Place:
    """Where this one stands, or would: it need not fit the filter. Raises NotAllowed."""
    at = created_at, row_id
    here = sa.tuple_(ConversationRow.created_at, ConversationRow.id) <= _literal(at)
    is_this = ConversationRow.id == row_id
    rows = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(sa.case((here, 1), else_=0)), 0),
        sa.func.coalesce(sa.func.max(sa.case((is_this, 1), else_=0)), 0),
    ).where(*asked.conditions(session))
    n, n_until_here, fits = session.execute(rows).one()
    return Place(
        place=int(n_until_here) if fits else None,
        n=n,
        previous_id=_beside(session, asked, at, is_forward=False),
        next_id=_beside(session, asked, at, is_forward=True),
    )


def _literal(at: tuple[datetime, UUID]) -> sa.Tuple:
    row = ConversationRow
    return sa.tuple_(sa.literal(at[0], row.created_at.type), sa.literal(at[1], row.id.type))


def _beside(
    session: Session, asked: Filter, at: tuple[datetime, UUID] | None, *, is_forward: bool
) -> UUID | None:
    row = ConversationRow
    rows, key = sa.select(row.id).where(*asked.conditions(session)), sa.tuple_(row.created_at, row.id)
    if at is not None:
        rows = rows.where(key > _literal(at) if is_forward else key < _literal(at))
    order = (row.created_at, row.id) if is_forward else (row.created_at.desc(), row.id.desc())
    return session.execute(rows.order_by(*order).limit(1)).scalar_one_or_none()
