"""The people the database knows. Without sign-in there is one: whoever sits at this machine."""

from __future__ import annotations

import sqlalchemy as sa

from core import db
from core.db.tables import UserRow
from core.errors import AppError

LOCAL_NAME = "You"


class NoLocalUser(AppError):
    """The first start was not finished."""

    code = "no_local_user"
    says = "The database holds no local user."
    cure = "Start the app once with `make run`; it makes one."


def settle_local_user() -> db.User:
    """The local user, made with a random id on first start; safe when several processes start."""
    try:
        with db.session_scope(db.WORKER, write=True) as session:
            row = session.execute(sa.select(UserRow).where(UserRow.is_local)).scalar_one_or_none()
            if row is None:
                row = UserRow(name=LOCAL_NAME, is_local=True)
                session.add(row)
                session.flush()
            return _user(row)
    except db.Collided:  # another process was first
        return local_user()


def local_user() -> db.User:
    """Raises NoLocalUser before the first start was finished."""
    with db.session_scope(db.NOBODY) as session:
        row = session.execute(sa.select(UserRow).where(UserRow.is_local)).scalar_one_or_none()
    if row is None:
        raise NoLocalUser
    return _user(row)


def _user(row: UserRow) -> db.User:
    return db.User(id=row.id, name=row.name, role=row.role)
