"""Lists in pages: keyset cursors that stay right while rows come and go."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.errors import AppError

MAX_LIMIT = 200
LARGEST_ID = 2**63 - 1

Row = TypeVar("Row")


class BadCursor(AppError):
    """The cursor did not come from us."""

    code = "bad_cursor"
    says = "The cursor {cursor!r} is not one that this list gave out."
    cure = "Begin again without a cursor and follow `next_cursor`."
    cursor: str


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, newest first, and the cursor of the next page; None at the end."""

    items: Sequence[Row]
    next_cursor: str | None


def newest_first(
    session: Session,
    rows: sa.Select[Row],
    *,
    created_at: InstrumentedAttribute[datetime],
    id: InstrumentedAttribute[Any],  # noqa: A002  # the column's name
    limit: int,
    cursor: str | None,
) -> Page[Row]:
    """The page of `rows` behind `cursor`, at most `limit` (1 to 200) long. Raises BadCursor."""
    limit = max(1, min(limit, MAX_LIMIT))
    if cursor is not None:
        at, last = _decode(cursor, id.type)
        rows = rows.where(sa.or_(created_at < at, sa.and_(created_at == at, id < last)))
    found = session.execute(rows.order_by(created_at.desc(), id.desc()).limit(limit + 1)).scalars().all()
    items = found[:limit]
    more = len(found) > limit
    return Page(items=items, next_cursor=_encode(items[-1]) if more else None)


def _encode(row: Any) -> str:
    text = json.dumps([row.created_at.isoformat(), str(row.id)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, id_type: sa.types.TypeEngine[Any]) -> tuple[datetime, Any]:
    try:
        at, last = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(last, str):
            raise BadCursor(cursor=cursor)
        moment = datetime.fromisoformat(at)
        moment_utc = moment.astimezone(UTC)
        last = id_type.python_type(last)
    except (ValueError, TypeError, binascii.Error, AttributeError, OverflowError) as error:
        raise BadCursor(cursor=cursor) from error
    if moment.tzinfo is None or (isinstance(last, int) and abs(last) > LARGEST_ID):
        raise BadCursor(cursor=cursor)
    return moment_utc, last
