"""A row of any table, made from what the table says of itself: so a new table is tested without being named."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from core import db
from core.db.types import UtcDateTime, now_plus

_ONE_OF = re.compile(r"^(\w+) IN \('(\w+)'")


def add(table: sa.Table, *, owner: UUID, **values: Any) -> dict[str, Any]:
    """Write a row of `owner`'s, and whatever it builds on, as a worker may; its values.

    values: what is to be otherwise than the least that the table asks for.
    """
    row = made(table, owner=owner, **values)
    with db.session_scope(db.WORKER, write=True) as session:
        written = session.execute(sa.insert(table).values(row).returning(table)).one()
    return dict(written._mapping)


def made(table: sa.Table, *, owner: UUID, **values: Any) -> dict[str, Any]:
    """The values of such a row, not written itself; what it builds on is."""
    allowed = dict(
        found.groups()
        for check in table.constraints
        if isinstance(check, sa.CheckConstraint) and (found := _ONE_OF.match(str(check.sqltext)))
    )
    row: dict[str, Any] = {}
    for column in table.columns:
        if column.name in values:
            row[column.name] = values[column.name]
        elif column.name in ("user_id", "author_id"):
            row[column.name] = owner
        elif column.name == "storage_key":
            row[column.name] = f"uploads/user_{owner}/{uuid4().hex}"
        elif column.nullable or column.default is not None or column is table.autoincrement_column:
            continue
        elif column.foreign_keys:
            (key,) = column.foreign_keys
            row[column.name] = add(key.column.table, owner=owner)[key.column.name]
        else:
            row[column.name] = allowed.get(column.name, _any(column))
    return row


def _any(column: sa.Column[Any]) -> Any:
    match column.type:
        case UtcDateTime():
            return now_plus(60)
        case sa.Uuid():
            return uuid4()
        case sa.Boolean():
            return False
        case sa.Integer():
            return 1
        case sa.Double():
            return 1.0
        case sa.JSON():
            return {}
        case _:
            return uuid4().hex
