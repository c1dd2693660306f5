"""Sessions: begun with a secret that nobody keeps, over when idle, old, revoked or blocked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from core import db
from core.access import sessions
from core.access.errors import NotSignedIn
from core.db.tables.audit_events import AuditEventRow
from core.db.tables.credentials import SessionRow
from core.db.tables.users import UserRow
from core.errors import NotFound
from core.settings import Settings

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"session_idle_hours": 2.0, "session_hours": 10.0})


def begin(user: db.User, settings: Settings, *, now: datetime = NOW) -> str:
    return sessions.begin(user, means="oidc", agent="Firefox", settings=settings, now=now)


def resume(secret: str, settings: Settings, *, after: timedelta = timedelta(0)) -> tuple[db.User, UUID]:
    return sessions.resume(secret, settings=settings, now=NOW + after, address="192.0.2.7")


def test_a_session_says_who_is_signed_in_and_by_what(user: db.User, settings: Settings) -> None:
    found, _ = resume(begin(user, settings), settings)
    assert (found, found.via, found.address) == (user, "session", "192.0.2.7")


def test_of_a_session_only_the_hash_is_kept(database: db.Database, user: db.User, settings: Settings) -> None:
    secret = begin(user, settings)
    with db.session_scope(user) as session:
        rows = [*session.execute(sa.select(SessionRow)).scalars()]
        events = [*session.execute(sa.select(AuditEventRow.details)).scalars()]
    kept = repr([vars(row) for row in rows]) + repr(events)
    assert len(rows) == 1
    assert len(secret) >= 43
    assert secret not in kept


def test_each_sign_in_has_a_secret_of_its_own(user: db.User, settings: Settings) -> None:
    assert len({begin(user, settings) for _ in range(20)}) == 20


@pytest.mark.parametrize(
    ("clicks_h", "is_over"), [([1.9], False), ([2.0], True), ([1.5, 3.0, 4.5], False), ([1.5, 3.6], True)]
)
def test_a_session_is_over_when_nobody_clicked_for_the_idle_time(
    user: db.User, settings: Settings, clicks_h: list[float], is_over: bool
) -> None:
    secret = begin(user, settings)
    for hours in clicks_h[:-1]:
        resume(secret, settings, after=timedelta(hours=hours))
    if is_over:
        with pytest.raises(NotSignedIn):
            resume(secret, settings, after=timedelta(hours=clicks_h[-1]))
    else:
        resume(secret, settings, after=timedelta(hours=clicks_h[-1]))


def test_a_look_that_is_no_click_keeps_no_session_alive(user: db.User, settings: Settings) -> None:
    secret = begin(user, settings)
    watched = NOW + timedelta(hours=1.5)
    sessions.resume(secret, settings=settings, now=watched, address="", touch=False)
    with pytest.raises(NotSignedIn):
        resume(secret, settings, after=timedelta(hours=2.1))


def test_a_session_is_over_after_its_hours_however_much_it_is_used(user: db.User, settings: Settings) -> None:
    secret = begin(user, settings)
    for hours in range(1, 10):
        resume(secret, settings, after=timedelta(hours=hours))
    with pytest.raises(NotSignedIn):
        resume(secret, settings, after=timedelta(hours=10))


def test_a_session_that_was_ended_lets_nobody_in(user: db.User, settings: Settings) -> None:
    secret, other = begin(user, settings), begin(user, settings)
    _, session_id = resume(secret, settings)
    with db.session_scope(user, write=True) as session:
        sessions.end(session, session_id=session_id, now=NOW)
    with pytest.raises(NotSignedIn):
        resume(secret, settings)
    resume(other, settings)


def test_whoever_is_blocked_is_out_at_once(user: db.User, settings: Settings) -> None:
    secret = begin(user, settings)
    with db.session_scope(db.WORKER, write=True) as session:
        session.get_one(UserRow, user.id).blocked_at = NOW
    with pytest.raises(NotSignedIn):
        resume(secret, settings)


@pytest.mark.parametrize("secret", ["", "x", "\ud800", "'; drop table sessions --"])
def test_a_secret_that_was_never_given_out_lets_nobody_in(
    user: db.User, settings: Settings, secret: str
) -> None:
    begin(user, settings)
    with pytest.raises(NotSignedIn):
        resume(secret, settings)


def test_nobody_sees_or_ends_the_session_of_somebody_else(
    user: db.User, stranger: db.User, settings: Settings
) -> None:
    secret = begin(user, settings)
    _, session_id = resume(secret, settings)
    with db.session_scope(stranger) as session:
        assert sessions.alive(session, settings=settings, now=NOW) == []
    with db.session_scope(stranger, write=True) as session, pytest.raises(NotFound):
        sessions.revoke(session, session_id=session_id, now=NOW)
    resume(secret, settings)


def test_the_list_has_only_sessions_that_still_let_somebody_in(user: db.User, settings: Settings) -> None:
    long_ago = NOW - timedelta(hours=11)
    begin(user, settings, now=long_ago)
    revoked, kept = begin(user, settings), begin(user, settings)
    _, revoked_id = resume(revoked, settings)
    _, kept_id = resume(kept, settings)
    with db.session_scope(user, write=True) as session:
        sessions.revoke(session, session_id=revoked_id, now=NOW)
    with db.session_scope(user) as session:
        found = sessions.alive(session, settings=settings, now=NOW)
    assert [row.id for row in found] == [kept_id]


def test_signing_in_forgets_sessions_of_long_ago(user: db.User, settings: Settings) -> None:
    begin(user, settings, now=NOW - timedelta(days=40))
    begin(user, settings)
    with db.session_scope(user) as session:
        assert session.execute(sa.select(sa.func.count()).select_from(SessionRow)).scalar_one() == 1


def test_a_session_that_was_begun_by_a_clock_far_ahead_ends_when_that_is_set_back(
    user: db.User, settings: Settings
) -> None:
    """Else it would last for a year, where the clock was wrong by one."""
    secret = begin(user, settings, now=NOW + timedelta(days=365))
    with pytest.raises(NotSignedIn):
        resume(secret, settings)
    with db.session_scope(user) as session:
        assert sessions.alive(session, settings=settings, now=NOW) == []


def test_a_click_noted_by_a_clock_ahead_keeps_nobody_signed_in_longer(
    user: db.User, settings: Settings
) -> None:
    secret = begin(user, settings)
    resume(secret, settings, after=timedelta(hours=1.9))
    resume(secret, settings, after=timedelta(minutes=5))  # set back since
    with pytest.raises(NotSignedIn):
        resume(secret, settings, after=timedelta(hours=2.2))
