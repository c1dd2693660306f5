"""Handing the local user's work over to somebody who signs in, when an installation begins to ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.access import audit, roles
from core.access.errors import UnknownPerson
from core.access.users import NoLocalUser
from core.db.tables.credentials import ApiTokenRow
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.tasks import TaskRow
from core.db.tables.uploads import UploadRow
from core.db.tables.users import UserRow
from core.db.types import now_plus

HANDED_OVER = {
    "uploads": UploadRow.__table__,
    "models": ModelRow.__table__,
    "predictions": PredictionRow.__table__,
    "tasks": TaskRow.__table__,
}


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
        _make_room(session, local_id, them.id)
        counts = {}
        for resource, table in HANDED_OVER.items():
            assert isinstance(table, sa.Table)
            handed = sa.update(table).where(table.c.user_id == local_id).values(user_id=them.id)
            counts[resource] = len(session.execute(handed.returning(table.c.id)).all())
        theirs = sa.update(ApiTokenRow).where(
            ApiTokenRow.user_id == local_id, ApiTokenRow.revoked_at.is_(None)
        )
        session.execute(theirs.values(revoked_at=now_plus()))
        audit.note(
            session, "work.adopted", audit.Subject("user", them.id, them.email or them.name), rows=counts
        )
    return counts


def _make_room(session: Session, local_id: UUID, their_id: UUID) -> None:
    """Count the versions of the local user's models on from those of the same name that the person has."""
    newest = sa.select(ModelRow.name, sa.func.max(ModelRow.version)).where(ModelRow.user_id == their_id)
    for name, version in session.execute(newest.group_by(ModelRow.name)).all():
        same = (ModelRow.user_id == local_id, ModelRow.name == name)
        moved = session.execute(sa.select(ModelRow).where(*same).order_by(ModelRow.version.desc())).scalars()
        for model in moved.all():
            model.version += version
            session.flush()  # from the highest down, so that none meets another on its way
