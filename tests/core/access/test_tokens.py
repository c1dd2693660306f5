"""Personal tokens: shown once, kept as a hash, refused in one way whatever is wrong with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from core import access, db
from core.access import tokens
from core.access.errors import NotSignedIn, TooManyTokens
from core.db.tables.audit_events import AuditEventRow
from core.db.tables.credentials import ApiTokenRow
from core.db.tables.users import UserRow
from core.errors import Invalid, NotFound
from core.settings import Settings

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def make(user: db.User, *, name: str = "Nightly", scopes: tuple[str, ...] = ("read",), days: int = 30) -> str:
    with db.session_scope(user, write=True) as session:
        _, secret = tokens.create(session, name=name, scopes=scopes, days=days, now=NOW)
    return secret


def check(secret: str, settings: Settings, *, now: datetime = NOW) -> tokens.Checked:
    return tokens.check(secret, settings=settings, now=now, address="192.0.2.7")


def test_a_token_says_whose_it_is_and_what_it_may_do(user: db.User, settings: Settings) -> None:
    found = check(make(user, scopes=("write", "read")), settings)
    assert (found.user, found.user.via, found.scopes) == (user, "token", {"read", "write"})


def test_of_a_token_only_the_hash_and_the_first_letters_are_kept(
    database: db.Database, user: db.User
) -> None:
    secret = make(user)
    with db.session_scope(user) as session:
        row = session.execute(sa.select(ApiTokenRow)).scalar_one()
        events = [*session.execute(sa.select(AuditEventRow)).scalars()]
    assert row.begins == secret[:9] == f"mdk_{secret[4:9]}"
    assert secret not in repr(vars(row)) + repr([vars(event) for event in events])


def test_unknown_expired_revoked_and_blocked_are_refused_alike_and_the_log_says_which(
    user: db.User, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    revoked, expired, blocked = make(user), make(user, days=1), make(user)
    with db.session_scope(user, write=True) as session:
        first = session.execute(sa.select(ApiTokenRow).where(ApiTokenRow.begins == revoked[:9])).scalar_one()
        tokens.revoke(session, token_id=first.id, now=NOW)
    refusals = []
    for secret, now in ((revoked, NOW), (expired, NOW + timedelta(days=1)), ("mdk_unknown", NOW)):
        with pytest.raises(NotSignedIn) as refused:
            check(secret, settings, now=now)
        refusals.append(str(refused.value))
    with db.session_scope(db.WORKER, write=True) as session:
        session.get_one(UserRow, user.id).blocked_at = NOW
    with pytest.raises(NotSignedIn) as refused:
        check(blocked, settings)
    assert {*refusals, str(refused.value)} == {refusals[0]}
    said = "".join(capsys.readouterr())
    for reason in ("revoked", "expired", "unknown", "blocked"):
        assert reason in said
    for secret in (revoked, expired, blocked):
        assert secret not in said


def test_use_is_noted_to_the_minute(user: db.User, settings: Settings) -> None:
    secret = make(user)
    for seconds in (0, 30, 70):
        check(secret, settings, now=NOW + timedelta(seconds=seconds))
    with db.session_scope(user) as session:
        assert session.execute(sa.select(ApiTokenRow.used_at)).scalar_one() == NOW + timedelta(seconds=70)


@pytest.mark.parametrize(
    ("scopes", "days"), [((), 30), (("read", "admin"), 30), (("read",), 0), (("read",), 366)]
)
def test_a_token_that_can_do_nothing_or_never_ends_is_not_made(
    user: db.User, scopes: tuple[str, ...], days: int
) -> None:
    with pytest.raises(Invalid):
        make(user, scopes=scopes, days=days)


def test_nobody_has_more_tokens_than_anybody_looks_through(user: db.User) -> None:
    for _ in range(tokens.MOST):
        make(user)
    with pytest.raises(TooManyTokens):
        make(user)


def test_nobody_sees_or_revokes_the_token_of_somebody_else(
    user: db.User, stranger: db.User, settings: Settings
) -> None:
    secret = make(user)
    with db.session_scope(user) as session:
        (mine,) = tokens.alive(session, now=NOW)
    with db.session_scope(stranger) as session:
        assert tokens.alive(session, now=NOW) == []
    with db.session_scope(stranger, write=True) as session, pytest.raises(NotFound):
        tokens.revoke(session, token_id=mine.id, now=NOW)
    check(secret, settings)


def test_a_token_of_the_local_user_ends_when_people_sign_in(
    sqlite_database: db.Database, settings: Settings
) -> None:
    secret = make(access.settle_local_user())
    found = check(secret, settings).user
    assert found.role == "admin"
    asks = settings.model_copy(update={"oidc_issuer": "https://id.example", "oidc_client_id": "desk"})
    with pytest.raises(NotSignedIn):
        check(secret, asks)
