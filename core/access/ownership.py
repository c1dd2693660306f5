"""Whose work may be seen: one's own, and by an admin everybody's. It is changed by its owner alone.

What is made to be reviewed is read and decided on by reviewers and admins too, whoever's it is.
"""

from __future__ import annotations

from typing import Final, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from core import db
from core.access import roles
from core.access.errors import OwnedByAnother

OwnerFilter = UUID | Literal["me", "all"]
MINE: Final = "me"
ALL: Final = "all"


def sees_all(session: Session) -> bool:
    """Whether this transaction runs for an admin."""
    user = session.info["user"]
    return isinstance(user, db.User) and user.role == roles.ADMIN


def seen(session: Session, owner_id: InstrumentedAttribute[UUID]) -> sa.ColumnElement[bool]:
    """The condition for what may be looked at one by one. owner_id: the column that says whose a row is."""
    return sa.true() if sees_all(session) else owner_id == db.owner(session)


def listed(
    session: Session, owner_id: InstrumentedAttribute[UUID], whose: OwnerFilter
) -> sa.ColumnElement[bool]:
    """The condition for what a list shows. Raises NotAllowed for others' work, except to admins."""
    if whose in (MINE, db.owner(session)):
        return owner_id == db.owner(session)
    roles.require_admin(session)
    return sa.true() if whose == ALL else owner_id == whose


def reviews_all(session: Session) -> bool:
    """Whether this transaction runs for somebody who reviews what others have made: a reviewer or an admin."""
    user = session.info["user"]
    return isinstance(user, db.User) and user.role in (roles.REVIEWER, roles.ADMIN)


def reviewed(
    session: Session, owner_id: InstrumentedAttribute[UUID], whose: OwnerFilter | None = None
) -> sa.ColumnElement[bool]:
    """The condition for what may be reviewed; whose: of that only theirs.

    Raises NotAllowed for others' work, except to reviewers and admins.
    """
    if whose in (MINE, db.owner(session)) or (whose is None and not reviews_all(session)):
        return owner_id == db.owner(session)
    roles.require_reviewer(session)
    return sa.true() if whose in (None, ALL) else owner_id == whose


def require_own(session: Session, owner_id: UUID, *, resource: str) -> None:
    """Before something is changed, or built on. Raises OwnedByAnother."""
    if owner_id != db.owner(session):
        raise OwnedByAnother(resource=resource)
