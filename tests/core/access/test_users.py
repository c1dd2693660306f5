"""The local user: one, whoever starts first."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import access, db
from core.access import users
from core.access.users import Identity, NoLocalUser
from core.db.tables.users import UserRow
from core.errors import Invalid
from core.settings import Settings
from tests.servers.processes import at_once


def test_the_local_user_has_a_random_id_and_stays_the_same(database: db.Database) -> None:
    first = access.settle_local_user()
    assert first.id.version == 4
    assert access.settle_local_user() == first
    assert access.local_user() == first


def test_before_the_first_start_there_is_no_local_user(database: db.Database, user: db.User) -> None:
    with pytest.raises(NoLocalUser, match="make run"):
        access.local_user()


def test_several_processes_that_start_at_once_settle_one_local_user(
    database: db.Database, settings: Settings
) -> None:
    said = at_once(
        *["print(access.settle_local_user().id)"] * 4,
        imports="import sys; from core import access, db; db.connect(sys.argv[1])",
        arguments=[settings.database],
    )
    with db.session_scope(db.WORKER) as session:
        (local_id,) = session.execute(sa.select(UserRow.id).where(UserRow.is_local)).scalars()
    assert set(said) == {str(local_id)}


def test_nobody_is_made_where_the_installation_may_not_be_begun(
    database: db.Database, settings: Settings
) -> None:
    ada = Identity(means="oidc", issuer="https://id.example.org", subject="1", name="Ada", email=None)
    bob = Identity(means="oidc", issuer="https://id.example.org", subject="2", name="Bob", email=None)

    def settle(identity: Identity) -> db.User:
        return users.settle(identity, settings=settings, via="session", address="192.0.2.7")

    known = settle(ada)
    try:
        users.refuse_new(Invalid(problem="It is not ours.", remedy="Restore the backup."))
        assert settle(ada) == known
        for ask in (lambda: settle(bob), access.local_user):
            with pytest.raises(Invalid, match="Restore the backup"):
                ask()
    finally:
        users.refuse_new(None)
    assert settle(bob).name == "Bob"
