"""People: the same id at each sign-in, an address that nobody takes over, roles that admins give."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
import sqlalchemy as sa

from core import db
from core.access import users
from core.access.errors import NotAllowed, NotLetIn, NotOneself
from core.access.users import Identity
from core.db.tables.audit_events import AuditEventRow
from core.db.tables.users import UserRow
from core.errors import NotFound
from core.settings import Settings

ADA = Identity("oidc", "https://id.example", "ada", "Ada", "ada@example.org")
BOB = Identity("oidc", "https://id.example", "bob", "Bob", "bob@example.org")


def settle(identity: Identity, settings: Settings) -> db.User:
    return users.settle(identity, settings=settings, via="session", address="192.0.2.7")


def test_the_same_identity_is_the_same_user_and_another_is_another(
    database: db.Database, settings: Settings
) -> None:
    ada, bob = settle(ADA, settings), settle(BOB, settings)
    renamed = Identity(ADA.means, ADA.issuer, ADA.subject, "Ada Lovelace", "ada@new.example")
    again = settle(renamed, settings)
    assert ada.id == again.id != bob.id
    assert (again.name, again.email) == ("Ada Lovelace", "ada@new.example")


def test_at_supabase_a_user_has_the_id_that_they_have_there(
    database: db.Database, settings: Settings
) -> None:
    subject = uuid4()
    there = Identity("supabase", "https://p.supabase.co/auth/v1", str(subject), "", "eve@example.org")
    assert settle(there, settings).id == subject


def test_nobody_takes_over_an_account_by_having_its_address_elsewhere(
    database: db.Database, settings: Settings
) -> None:
    ada = settle(ADA, settings)
    with pytest.raises(NotLetIn):
        settle(Identity("oidc", "https://other.example", "ada", "Ada", "ada@example.org"), settings)
    assert settle(ADA, settings) == ada


def test_an_address_that_is_not_verified_is_nobodys(database: db.Database, settings: Settings) -> None:
    named = settings.model_copy(update={"admin_emails": "ada@example.org"})
    unproven = Identity("oidc", "https://id.example", "mallory", "Ada", None)
    found = settle(unproven, named)
    assert (found.email, found.role) == (None, "analyst")


def test_admin_emails_name_admins_whatever_their_row_says(database: db.Database, settings: Settings) -> None:
    named = settings.model_copy(update={"admin_emails": "Ada@Example.org, carol@example.org"})
    assert settle(ADA, named).role == "admin"
    assert settle(BOB, named).role == "analyst"
    assert settle(ADA, settings).role == "analyst"


@pytest.mark.parametrize(
    ("allowed", "is_let_in"),
    [
        ("", True),
        ("@example.org", True),
        ("ADA@example.org", True),
        ("@ample.org", False),
        ("bob@example.org", False),
    ],
)
def test_allowed_emails_say_who_may_sign_in(
    sqlite_database: db.Database, settings: Settings, allowed: str, is_let_in: bool
) -> None:
    limited = settings.model_copy(update={"allowed_emails": allowed})
    if is_let_in:
        assert settle(ADA, limited).email == "ada@example.org"
    else:
        with pytest.raises(NotLetIn):
            settle(ADA, limited)


def admin_of(settings: Settings) -> db.User:
    """Somebody whom their row makes an admin."""
    root = settle(Identity("oidc", "https://id.example", "root", "Root", "root@example.org"), settings)
    with db.session_scope(db.WORKER, write=True) as session:
        session.get_one(UserRow, root.id).role = "admin"
    return settle(Identity("oidc", "https://id.example", "root", "Root", "root@example.org"), settings)


def test_an_admin_gives_roles_and_the_trail_says_so(database: db.Database, settings: Settings) -> None:
    root, ada = admin_of(settings), settle(ADA, settings)
    with db.session_scope(root, write=True) as session:
        users.set_role(session, user_id=ada.id, role="reviewer")
    assert settle(ADA, settings).role == "reviewer"
    with db.session_scope(db.WORKER) as session:
        event = session.execute(sa.select(AuditEventRow)).scalar_one()
    assert (event.user_id, event.action, event.subject_name) == (
        root.id,
        "user.role_changed",
        "ada@example.org",
    )
    assert (event.details, event.address) == ({"before": "analyst", "after": "reviewer"}, "192.0.2.7")


def test_an_admin_keeps_somebody_out_and_lets_them_in_again(
    database: db.Database, settings: Settings
) -> None:
    root, ada = admin_of(settings), settle(ADA, settings)
    with db.session_scope(root, write=True) as session:
        users.block(session, user_id=ada.id, is_blocked=True)
    with pytest.raises(NotLetIn):
        settle(ADA, settings)
    with pytest.raises(NotLetIn):
        users.known(ada.id, settings=settings, via="jwt", address="")
    with db.session_scope(root, write=True) as session:
        users.block(session, user_id=ada.id, is_blocked=False)
    assert settle(ADA, settings) == ada


@pytest.mark.parametrize("role", ["analyst", "reviewer"])
def test_only_an_admin_sees_people_or_changes_them(
    database: db.Database, settings: Settings, role: str
) -> None:
    ada, bob = settle(ADA, settings), settle(BOB, settings)
    asks = db.User(ada.id, ada.name, role)
    with db.session_scope(asks) as session, pytest.raises(NotAllowed) as refused:
        users.people(session)
    assert str(refused.value) == f"This needs the role admin; you have the role {role}. Ask an admin."
    for change in (
        lambda session: users.set_role(session, user_id=bob.id, role="admin"),
        lambda session: users.set_role(session, user_id=ada.id, role="admin"),
        lambda session: users.block(session, user_id=bob.id, is_blocked=True),
    ):
        with db.session_scope(asks, write=True) as session, pytest.raises(NotAllowed):
            change(session)


def test_nobody_changes_themselves_and_what_is_not_there_is_not_found(
    database: db.Database, settings: Settings
) -> None:
    root = admin_of(settings)
    with db.session_scope(root, write=True) as session:
        with pytest.raises(NotOneself):
            users.set_role(session, user_id=root.id, role="analyst")
        with pytest.raises(NotFound):
            users.set_role(session, user_id=uuid4(), role="analyst")
    ada = settle(ADA, settings)
    with db.session_scope(root, write=True) as session, pytest.raises(NotFound):
        users.set_role(session, user_id=ada.id, role="emperor")


def test_a_blocked_row_is_dated(database: db.Database, settings: Settings) -> None:
    root, ada = admin_of(settings), settle(ADA, settings)
    before = datetime.now(UTC)
    with db.session_scope(root, write=True) as session:
        users.block(session, user_id=ada.id, is_blocked=True)
    with db.session_scope(root) as session:
        blocked_at = users.person(session, user_id=ada.id).blocked_at
    assert blocked_at is not None
    assert before <= blocked_at <= datetime.now(UTC)
