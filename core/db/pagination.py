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

from core.errors import BadRequest

MAX_LIMIT = 200
LARGEST_ID = 2**63 - 1

Row = TypeVar("Row")


class BadCursor(BadRequest):
    """The cursor did not come from us."""

    code = "bad_cursor"
    message = "The cursor {cursor!r} does not belong to this list."
    hint = "Start again without a cursor and follow `next_cursor`."
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
    whole: sa.Select[Row] | None = None,
) -> Page[Row]:
    """The page of `rows` behind `cursor`, at most `limit` (1 to 200) long. Raises BadCursor.

    rows: says which, by conditions that an index answers alone. whole: how one of them is loaded, with what it needs
    of other tables; the same when absent.
    """
    limit = max(1, min(limit, MAX_LIMIT))
    if cursor is not None:
        at, last = _decode(cursor, id.type)
        behind = sa.tuple_(sa.literal(at, created_at.type), sa.literal(last, id.type))
        rows = rows.where(sa.tuple_(created_at, id) < behind)
    keys = rows.with_only_columns(created_at, id).order_by(created_at.desc(), id.desc()).limit(limit + 1)
    found = session.execute(keys).all()
    items = in_order(
        session, rows if whole is None else whole, id=id, ids=[last for _, last in found[:limit]]
    )
    return Page(items=items, next_cursor=_encode(*found[limit - 1]) if len(found) > limit else None)


def in_order(
    session: Session,
    whole: sa.Select[Row],
    *,
    id: InstrumentedAttribute[Any],  # noqa: A002  # the column's name
    ids: Sequence[Any],
) -> list[Row]:
    """The rows with these ids in their order. What was deleted since they were read is left out.

    Sorting and skipping thousands of rows by an index alone, and only then reading those that are shown, spares
    reading them all.
    """
    if not ids:
        return []
    found: Sequence[Any] = session.execute(whole.where(id.in_(ids))).scalars().all()
    by_id = {getattr(row, id.key): row for row in found}
    return [by_id[one] for one in ids if one in by_id]


def _encode(at: datetime, last: Any) -> str:
    text = json.dumps([at.isoformat(), str(last)])
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
