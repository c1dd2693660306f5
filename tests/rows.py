"""A row of any table, made from what the table says of itself: so a new table is tested without being named."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from core import db
from core.db.tables import Base
from core.db.types import UtcDateTime, now_plus

_ONE_OF = re.compile(r"^(\w+) IN \('(\w+)'")
_OF_PARENT = re.compile(r"from public\.(\w+) where (\w+) = '(\w+)'\)")
_DEMANDED = re.compile(r"(\w+) IS NOT NULL")


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
    demanded = {name for check in table.constraints if isinstance(check, sa.CheckConstraint)
                for name in _DEMANDED.findall(str(check.sqltext))}  # fmt: skip
    row: dict[str, Any] = {}
    for column in table.columns:
        if column.name in values:
            row[column.name] = values[column.name]
        elif column.name in ("user_id", "author_id"):
            row[column.name] = owner
        elif column.name == "storage_key":
            row[column.name] = f"uploads/user_{owner}/{uuid4().hex}"
        elif (
            (column.nullable and column.name not in demanded)
            or column.default is not None
            or column is table.autoincrement_column
        ):
            continue
        elif column.foreign_keys:
            (key,) = column.foreign_keys
            parent = key.column.table
            row[column.name] = add(parent, owner=owner, **_as_ruled(table, parent))[key.column.name]
        else:
            row[column.name] = allowed.get(column.name, _any(column))
    return row


def _as_ruled(table: sa.Table, parent: sa.Table) -> dict[str, str]:
    """What the rules of a table ask of the row that a new one builds on."""
    of_parent = _OF_PARENT.search(Base.all()[table.name].row_rules.new)
    return {of_parent[2]: of_parent[3]} if of_parent and of_parent[1] == parent.name else {}


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
