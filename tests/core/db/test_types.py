"""Times mean the same on SQLite and Postgres, and clocks can be held."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from core import db
from core.db.tables.tasks import TaskRow
from core.db.tables.users import UserRow
from core.db.types import UtcDateTime, json_member, now_plus
from tests.clocks import HeldClock

AT = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)


def _add(at: datetime) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        session.add(UserRow(name="Grace", created_at=at))


def _read() -> datetime:
    with db.session_scope(db.WORKER) as session:
        return session.execute(sa.select(UserRow.created_at)).scalar_one()


def test_a_time_comes_back_as_the_moment_it_was_in_utc(database: db.Database) -> None:
    _add(AT.astimezone(timezone(timedelta(hours=5, minutes=45))))
    assert _read() == AT
    assert _read().tzinfo is UTC


def test_a_time_without_a_zone_is_refused(database: db.Database) -> None:
    with pytest.raises(sa.exc.StatementError, match="no time zone"):
        _add(datetime(2026, 3, 2, 9, 30))  # noqa: DTZ001  # that is the point


def test_the_databases_clock_is_near_this_machines(database: db.Database) -> None:
    with db.session_scope(db.WORKER) as session:
        now, later = session.execute(sa.select(now_plus(), now_plus(90.5))).one()
    assert abs(datetime.now(UTC) - now) < timedelta(minutes=5)
    assert timedelta(seconds=90) < later - now < timedelta(seconds=91)


def test_what_the_database_wrote_and_what_we_bind_sort_by_time(database: db.Database) -> None:
    _add(AT)
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.update(UserRow).values(created_at=now_plus()))
        bound = sa.literal(datetime.now(UTC) - timedelta(minutes=5), UtcDateTime())
        after = sa.literal(datetime.now(UTC) + timedelta(minutes=5), UtcDateTime())
        found = sa.select(sa.func.count()).where(UserRow.created_at > bound, UserRow.created_at < after)
        assert session.execute(found).scalar_one() == 1


def test_a_held_clock_moves_only_when_told(database: db.Database, clock: HeldClock) -> None:
    start = clock.at
    with db.session_scope(db.WORKER) as session:
        assert session.execute(sa.select(now_plus())).scalar_one() == start
        clock.advance(30)
        assert session.execute(sa.select(now_plus(5))).scalar_one() == start + timedelta(seconds=35)


def test_large_counts_fit(database: db.Database, user: db.User) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        session.add(TaskRow(user_id=user.id, kind="test", payload={}, done=10**12))
    with db.session_scope(db.WORKER) as session:
        assert session.execute(sa.select(TaskRow.done)).scalar_one() == 10**12


def test_a_member_of_a_json_object_is_there_or_null(database: db.Database, user: db.User) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        for payload in ({}, {"mapping": {"a": "b"}}, {"mapping": {}}, {"other": 1}):
            session.add(TaskRow(user_id=user.id, kind="test", payload=payload))
    there = json_member(TaskRow.payload, "mapping").is_not(None)
    with db.session_scope(db.WORKER) as session:
        found = session.execute(sa.select(TaskRow.payload).where(there)).scalars().all()
    assert sorted(map(str, found)) == ["{'mapping': {'a': 'b'}}", "{'mapping': {}}"]
