"""Lists in pages: every row once, whatever comes and goes meanwhile."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from core import db
from core.db import pagination
from core.db.tables.uploads import UploadRow
from core.db.tables.users import UserRow

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SOME_ID = "6f1d8a52-6c2b-4a52-9d7c-0f6b1a1c9e11"


def _add(name: str, at: datetime) -> UUID:
    with db.session_scope(db.WORKER, write=True) as session:
        row = UserRow(name=name, created_at=at)
        session.add(row)
        session.flush()
        return row.id


def _page(cursor: str | None = None, *, limit: int = 2) -> pagination.Page[UserRow]:
    with db.session_scope(db.WORKER) as session:
        return pagination.newest_first(
            session,
            sa.select(UserRow),
            created_at=UserRow.created_at,
            id=UserRow.id,
            limit=limit,
            cursor=cursor,
        )


def _all(limit: int) -> list[str]:
    names: list[str] = []
    cursor = None
    while True:
        page = _page(cursor, limit=limit)
        names += [row.name for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return names


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
def test_pages_hold_every_row_once_newest_first(database: db.Database, limit: int) -> None:
    for n in range(5):
        _add(str(n), AT + timedelta(milliseconds=n))
    assert _all(limit) == ["4", "3", "2", "1", "0"]


def test_rows_of_the_same_moment_are_not_lost_between_pages(database: db.Database) -> None:
    for n in range(7):
        _add(str(n), AT)
    assert sorted(_all(2)) == ["0", "1", "2", "3", "4", "5", "6"]


def test_a_new_row_does_not_shift_the_next_page(database: db.Database) -> None:
    for n in range(4):
        _add(str(n), AT + timedelta(seconds=n))
    first = _page()
    _add("new", AT + timedelta(hours=1))
    assert [row.name for row in _page(first.next_cursor).items] == ["1", "0"]


def test_a_limit_is_kept_within_bounds(database: db.Database) -> None:
    for n in range(3):
        _add(str(n), AT + timedelta(seconds=n))
    assert len(_page(limit=0).items) == 1
    assert len(_page(limit=10**9).items) == 3


def _cursor(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "ü", "null", _cursor(), _cursor(1, 2), _cursor("yesterday", SOME_ID),
        _cursor("2026-03-02T09:30:00", SOME_ID), _cursor(AT.isoformat(), "7"), _cursor(AT.isoformat(), None),
        _cursor("0001-01-01T00:00:00+23:00", SOME_ID),
    ],
)  # fmt: skip
def test_a_cursor_that_is_not_ours_is_refused(sqlite_database: db.Database, cursor: str) -> None:
    with pytest.raises(pagination.BadCursor):
        _page(cursor)


@pytest.mark.parametrize("last", ["x", 10**30, float("inf"), None])
def test_a_cursor_with_an_impossible_number_is_refused(sqlite_database: db.Database, last: object) -> None:
    with pytest.raises(pagination.BadCursor), db.session_scope(db.WORKER) as session:
        pagination.newest_first(
            session, sa.select(UploadRow), created_at=UploadRow.created_at, id=UploadRow.id, limit=5,
            cursor=_cursor(AT.isoformat(), last),
        )  # fmt: skip
