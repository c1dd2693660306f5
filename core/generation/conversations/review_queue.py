"""The queue that reviewers go through, in one of some orders: where one stands in it, and what is beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.pagination import in_order
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations.conversations import Filter

UNSCORED: Final = (
    101  # what has no score comes last where the lowest is first, and first where the highest is
)


class Order(StrEnum):
    """In which order conversations come."""

    OLDEST = "oldest"
    NEWEST = "newest"
    LOWEST = "lowest"
    HIGHEST = "highest"


_BY_SCORE: Final = frozenset({Order.LOWEST, Order.HIGHEST})
_FALLING: Final = frozenset({Order.NEWEST, Order.HIGHEST})


@dataclass(frozen=True)
class Place:
    """Where a conversation stands among those of a filter. place: from 1, None where it does not fit it (any more)."""

    place: int | None
    n: int
    previous_id: UUID | None
    next_id: UUID | None


def first(session: Session, *, asked: Filter, order: Order = Order.OLDEST) -> UUID | None:
    """The first that fits; None where none does. Raises NotAllowed."""
    return _beside(session, asked, None, order, is_forward=True)


def place(session: Session, *, asked: Filter, of: ConversationRow, order: Order = Order.OLDEST) -> Place:
    """Where this one stands, or would: it need not fit the filter. Raises NotAllowed."""
    if asked.is_searched or order in _BY_SCORE:
        return _place_in_one(session, asked, of, order)
    at = _values(of, order)
    columns: list[Any] = _counted(of, order, _key(order), ConversationRow.id)
    rows = sa.select(*columns).where(*asked.conditions(session))
    counted = list(session.execute(rows).one())
    return Place(
        place=int(counted[1]) if counted[2] else None,
        n=counted[0],
        previous_id=_beside(session, asked, at, order, is_forward=False),
        next_id=_beside(session, asked, at, order, is_forward=True),
    )


def _place_in_one(session: Session, asked: Filter, of: ConversationRow, order: Order) -> Place:
    """The same by one statement, where no index leads from one to the next: what fits is found but once."""
    names = [f"key_{n}" for n in range(len(_key(order)))]
    columns = (key.label(name) for name, key in zip(names, _key(order), strict=True))
    fits = sa.select(*columns).where(*asked.conditions(session)).cte("fits")
    keys = [fits.c[name] for name in names]
    row_id, at = keys[-1], _literal(_values(of, order), order)

    def beside(*, is_forward: bool) -> sa.ScalarSelect[UUID]:
        is_rising = (order in _FALLING) != is_forward
        behind = sa.tuple_(*keys) > at if is_rising else sa.tuple_(*keys) < at
        rising = [key if is_rising else key.desc() for key in keys]
        return sa.select(row_id).where(behind).order_by(*rising).limit(1).scalar_subquery()

    counted = _counted(of, order, keys, row_id)
    found = sa.select(*counted, beside(is_forward=False), beside(is_forward=True)).select_from(fits)
    n, n_until_here, is_there, previous_id, next_id = list(session.execute(found).one())
    return Place(int(n_until_here) if is_there else None, n, previous_id, next_id)


def _counted(
    of: ConversationRow, order: Order, key: Sequence[sa.ColumnElement[Any]], row_id: Any
) -> list[sa.ColumnElement[int]]:
    """How many fit, how many of them stand no further than this one, and whether it is among them."""
    at = _literal(_values(of, order), order)
    here = sa.tuple_(*key) >= at if order in _FALLING else sa.tuple_(*key) <= at
    return [
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(sa.case((here, 1), else_=0)), 0),
        sa.func.coalesce(sa.func.max(sa.case((row_id == of.id, 1), else_=0)), 0),
    ]


def part(
    session: Session, *, asked: Filter, order: Order, offset: int, limit: int
) -> Sequence[ConversationRow]:
    """A part of the queue, without messages, for the eye. Raises NotAllowed."""
    row = ConversationRow
    keys = sa.select(row.id).where(*asked.conditions(session)).order_by(*_sorted(order, is_forward=True))
    ids = session.execute(keys.offset(offset).limit(limit)).scalars().all()
    return in_order(session, sa.select(row), id=row.id, ids=ids)


def _key(order: Order) -> list[sa.ColumnElement[Any]]:
    row = ConversationRow
    by_score = [sa.func.coalesce(row.score, sa.literal_column(str(UNSCORED)))] if order in _BY_SCORE else []
    return [*by_score, row.created_at.expression, row.id.expression]


def _values(of: ConversationRow, order: Order) -> list[Any]:
    score = UNSCORED if of.score is None else of.score
    return [*([score] if order in _BY_SCORE else []), of.created_at, of.id]


def _literal(at: Sequence[Any], order: Order) -> sa.Tuple:
    return sa.tuple_(*(sa.literal(value, key.type) for value, key in zip(at, _key(order), strict=True)))


def _sorted(order: Order, *, is_forward: bool) -> list[sa.ColumnElement[Any]]:
    is_rising = (order in _FALLING) != is_forward
    return [key if is_rising else key.desc() for key in _key(order)]


def _beside(
    session: Session, asked: Filter, at: Sequence[Any] | None, order: Order, *, is_forward: bool
) -> UUID | None:
    rows, key = sa.select(ConversationRow.id).where(*asked.conditions(session)), sa.tuple_(*_key(order))
    if at is not None:
        is_rising = (order in _FALLING) != is_forward
        rows = rows.where(key > _literal(at, order) if is_rising else key < _literal(at, order))
    return session.execute(
        rows.order_by(*_sorted(order, is_forward=is_forward)).limit(1)
    ).scalar_one_or_none()
