"""Handing the local user's work over to somebody who signs in, when an installation begins to ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.access import audit, roles
from core.access.errors import UnknownPerson
from core.access.users import NoLocalUser
from core.db.tables.credentials import ApiTokenRow
from core.db.tables.tasks import TaskRow
from core.db.tables.users import UserRow
from core.db.types import now_plus
from core.room import HandedOver

_stated: dict[str, HandedOver] = {}
TASKS = HandedOver("tasks", TaskRow)  # of every room, so they go last


def register(handed_over: Iterable[HandedOver]) -> None:
    """Make a room's tables known to this process."""
    _stated.update({one.resource: one for one in handed_over})


def adopt(email: str) -> Mapping[str, int]:
    """Give everything of the local user's to the person with this address; how many rows of each kind.

    A model whose name and version the person has already gets the versions after theirs. Tokens of the local user
    are revoked: whoever made them did not say who they are. What runs meanwhile goes on and is theirs.
    Raises UnknownPerson, NoLocalUser.
    """
    with db.session_scope(db.WORKER, write=True) as session:
        local_id = session.execute(sa.select(UserRow.id).where(UserRow.is_local)).scalar_one_or_none()
        if local_id is None:
            raise NoLocalUser
        them = session.execute(
            sa.select(UserRow).where(UserRow.email == roles.normal(email))
        ).scalar_one_or_none()
        if them is None:
            raise UnknownPerson(email=email)
        handed_over = (*_stated.values(), TASKS)
        for one in handed_over:
            one.make_room(session, local_id, them.id)
        counts = {one.resource: _hand_over(session, one, local_id, them.id) for one in handed_over}
        theirs = sa.update(ApiTokenRow).where(
            ApiTokenRow.user_id == local_id, ApiTokenRow.revoked_at.is_(None)
        )
        session.execute(theirs.values(revoked_at=now_plus()))
        audit.note(
            session, "work.adopted", audit.Subject("user", them.id, them.email or them.name), rows=counts
        )
    return counts


def _hand_over(session: Session, one: HandedOver, from_id: UUID, to_id: UUID) -> int:
    """How many rows are theirs now; in others they only stand where the local user did, such as its reviewer."""
    table = one.rows.__table__
    assert isinstance(table, sa.Table)
    handed = [_rename(session, table, name, from_id, to_id) for name in one.people]
    return handed[0]


def _rename(session: Session, table: sa.Table, name: str, from_id: UUID, to_id: UUID) -> int:
    person = table.columns[name]
    renamed = sa.update(table).where(person == from_id).values({person: to_id})
    return len(session.execute(renamed.returning(table.c.id)).all())
