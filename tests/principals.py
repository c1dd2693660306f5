"""What somebody may do to whose rows: users in other roles, rows that are theirs, statements that are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from core import db
from core.db.tables import Base
from tests import rows

ELSEWHERE = UUID("0b5a4c1e-0000-4000-8000-000000000000")  # the same in every process that collects the tests


def owned(name: str, user: db.User) -> dict[str, Any]:
    """A row of this table that is the user's."""
    if name == "users":
        return {"id": user.id}
    return rows.add(Base.metadata.tables[name], owner=user.id)


def touched(name: str, row: dict[str, Any]) -> object:
    """What changes when anybody writes the row, even with the same values; None when it is gone."""
    table = Base.metadata.tables[name]
    where = [column == row[column.name] for column in table.primary_key]
    with db.session_scope(db.WORKER) as session:
        return session.execute(sa.select(sa.text("xmin"), table).where(*where)).one_or_none()


def refused(user: db.Principal, statement: Any) -> bool:
    """Whether the database refuses a statement in a transaction of the user's; else it is committed."""
    try:
        with db.session_scope(user, write=True) as session:
            session.execute(statement)
    except db.NotYours:
        return True
    return False


def as_role(user: db.User, role: str) -> db.User:
    return replace(user, role=role)


def columns(values: object) -> str:
    """How a case is called: an address or a random id in its name would differ between the tests' processes."""
    return "-".join(values) if isinstance(values, dict) else str(values)
