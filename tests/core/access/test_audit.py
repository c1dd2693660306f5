"""The audit trail: a line with each action, in the action's own transaction; read by admins, by filters and pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from core import db
from core.access import audit
from core.access.errors import NotAllowed
from core.db.tables.audit_events import AuditEventRow
from tests.clocks import HeldClock

ADA_S_FILE = audit.Subject("upload", 7, "customers.csv")


def admin(user: db.User) -> db.User:
    return db.User(user.id, user.name, "admin")


def read(reader: db.User, **asked: object) -> list[AuditEventRow]:
    with db.session_scope(reader) as session:
        return [*audit.page(session, asked=audit.Filter(**asked)).items]  # type: ignore[arg-type]


def note(user: db.User, action: str, subject: audit.Subject | None = None, **details: object) -> None:
    with db.session_scope(user, write=True) as session:
        audit.note(session, action, subject, **details)  # type: ignore[arg-type]


def test_a_line_says_who_did_what_to_what_when_and_from_where(database: db.Database, user: db.User) -> None:
    came = db.User(user.id, user.name, email="ada@example.org", via="token", address="192.0.2.7")
    before = datetime.now(UTC) - timedelta(seconds=5)
    note(came, "upload.added", ADA_S_FILE, rows=12)
    (line,) = read(admin(user))
    assert (line.user_id, line.actor, line.action) == (user.id, "ada@example.org", "upload.added")
    assert (line.subject_kind, line.subject_id, line.subject_name) == ("upload", "7", "customers.csv")
    assert (line.address, line.via, line.outcome, line.details) == (
        "192.0.2.7",
        "token",
        "done",
        {"rows": 12},
    )
    assert before < line.created_at < before + timedelta(minutes=1)


def test_an_action_that_is_undone_leaves_no_line(database: db.Database, user: db.User) -> None:
    with pytest.raises(ZeroDivisionError), db.session_scope(user, write=True) as session:
        audit.note(session, "upload.added", ADA_S_FILE)
        session.flush()
        raise ZeroDivisionError
    assert read(admin(user)) == []


def test_a_refusal_before_it_is_known_who_asks_names_nobody(database: db.Database, user: db.User) -> None:
    with db.session_scope(db.NOBODY, write=True) as session:
        subject = audit.Subject("account", "mallory@example.org")
        audit.note(session, "sign_in.failed", subject, is_refused=True, address="198.51.100.9")
    (line,) = read(admin(user), outcome="refused")
    assert (line.user_id, line.actor, line.address, line.via) == (None, "", "198.51.100.9", "")


def test_lines_are_found_by_person_action_outcome_subject_and_text(
    database: db.Database, user: db.User, stranger: db.User, clock: HeldClock
) -> None:
    note(user, "upload.added", ADA_S_FILE)
    clock.advance(1)
    note(user, "sign_out")
    clock.advance(1)
    note(stranger, "upload.deleted", audit.Subject("upload", 8, "100%_sales.csv"))
    reader = admin(user)
    assert [line.action for line in read(reader)] == ["upload.deleted", "sign_out", "upload.added"]
    assert {line.user_id for line in read(reader, user_id=stranger.id)} == {stranger.id}
    assert [line.action for line in read(reader, action="sign_out")] == ["sign_out"]
    assert [line.subject_name for line in read(reader, subject_id="7")] == ["customers.csv"]
    assert [line.subject_name for line in read(reader, text="%_sales")] == ["100%_sales.csv"]
    assert read(reader, since=clock.at + timedelta(hours=1)) == []
    assert read(reader, outcome="refused") == []


def test_every_line_comes_once_page_by_page(database: db.Database, user: db.User) -> None:
    for n in range(7):
        note(user, "upload.added", audit.Subject("upload", n))
    seen: list[str | None] = []
    cursor = None
    while True:
        with db.session_scope(admin(user)) as session:
            page = audit.page(session, asked=audit.Filter(), limit=3, cursor=cursor)
        seen += [line.subject_id for line in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert sorted(map(str, seen)) == [str(n) for n in range(7)]


@pytest.mark.parametrize("role", ["analyst", "reviewer"])
def test_only_admins_read_the_trail(database: db.Database, user: db.User, role: str) -> None:
    with db.session_scope(db.User(user.id, user.name, role)) as session, pytest.raises(NotAllowed):
        audit.page(session, asked=audit.Filter())
    with db.session_scope(db.NOBODY) as session, pytest.raises(NotAllowed):
        audit.page(session, asked=audit.Filter())


def test_what_somebody_sends_makes_no_line_endless_or_unwritable(
    database: db.Database, user: db.User
) -> None:
    note(user, "upload.added", audit.Subject("upload", 1, "a\0b\ud800" + "x" * 5000))
    (line,) = read(admin(user))
    assert line.subject_name is not None
    assert len(line.subject_name) == audit.LONGEST
    assert "\0" not in line.subject_name


def test_an_action_that_nobody_has_put_into_words_is_a_mistake(
    sqlite_database: db.Database, user: db.User
) -> None:
    with db.session_scope(user, write=True) as session, pytest.raises(AssertionError):
        audit.note(session, "upload.eaten")
    with db.session_scope(db.WORKER) as session:
        assert session.execute(sa.select(AuditEventRow)).first() is None
