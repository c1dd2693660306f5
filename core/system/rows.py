"""Rows of a table as JSON, for whoever looks into an installation from the shell."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn
from uuid import UUID

import sqlalchemy as sa

from core import db
from core.db.tables import Base
from core.db.types import UtcDateTime
from core.errors import AppError
from core.settings import Settings
from core.system.probe import NoSuchColumn, NoSuchTable, nearest

LIMIT: Final = 100
HIDDEN: Final = "hidden"


class WrongCondition(AppError):
    """A condition that no row can be compared with."""

    code = "wrong_condition"
    message = "{condition!r} is not a condition: {problem}."
    hint = "Write COLUMN=VALUE, such as status=FAILED, or COLUMN=null."
    condition: str
    problem: str


@dataclass(frozen=True)
class Rows:
    """rows: values that JSON has, by column. n_left_out: how many more there are."""

    rows: Sequence[Mapping[str, Any]]
    n_left_out: int


def read(settings: Settings, table: str, condition: str | None = None, *, limit: int = LIMIT) -> Rows:
    """The newest rows of one of the app's tables, or of those with a value. No secret, nor the hash of one, is shown.

    condition: COLUMN=VALUE; `null` stands for no value. Raises NoSuchTable, NoSuchColumn, WrongCondition,
    DatabaseUnavailable.
    """
    database = db.current() if db.is_connected() else db.connect_configured(settings)
    known = Base.all()
    if table not in known:
        raise NoSuchTable(table=table, database=database.label, remedy=nearest(table, list(known)))
    of = known[table].__table__
    where = _condition(of, condition) if condition is not None else sa.true()
    newest = of.c.get("created_at")
    order = [*([newest.desc()] if newest is not None else []), *of.primary_key]
    with db.session_scope(db.WORKER) as session:
        n = session.execute(sa.select(sa.func.count()).select_from(of).where(where)).scalar_one()
        found = session.execute(sa.select(of).where(where).order_by(*order).limit(max(0, limit)))
        rows = [
            {column.name: _shown(column, value) for column, value in zip(of.c, row, strict=True)}
            for row in found
        ]
    return Rows(rows, n - len(rows))


def _condition(table: sa.FromClause, condition: str) -> sa.ColumnElement[bool]:
    name, equals, text = condition.partition("=")
    if not equals:
        raise WrongCondition(condition=condition, problem="it has no =")
    if name not in table.c:
        raise NoSuchColumn(table=str(table), column=name, remedy=nearest(name, list(table.c.keys())))
    column = table.c[name]
    if _is_hidden(column):
        raise WrongCondition(condition=condition, problem=f"nobody is shown a value of {name}")
    if text == "null":
        return column.is_(None)
    try:
        return column == _value(column, text)
    except ValueError as error:
        raise WrongCondition(condition=condition, problem=str(error)) from error


def _value(column: sa.ColumnElement[Any], text: str) -> object:
    """Raises ValueError, saying what the column holds."""
    for kind, parse, name in _PARSED:
        if isinstance(column.type, kind):
            try:
                return parse(text)
            except ValueError as error:
                raise ValueError(f"its column holds {name}") from error
    return text


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no time zone")
    return at


def _truth(text: str) -> bool:
    return {"true": True, "false": False}[text] if text in ("true", "false") else _refused(text)


def _stored(text: str) -> int:
    return int(text) if -(2**63) <= int(text) < 2**63 else _refused(text)


def _refused(text: str) -> NoReturn:
    raise ValueError(text)


_PARSED: Final[Sequence[tuple[type[Any], Callable[[str], object], str]]] = (
    (sa.JSON, _refused, "JSON, which is not compared"),
    (UtcDateTime, _moment, "times with their zone, such as 2026-01-31T12:00:00Z"),
    (sa.Uuid, UUID, "UUIDs"),
    (sa.Boolean, _truth, "true or false"),
    (sa.Integer, _stored, "whole numbers"),
    (sa.Float, float, "numbers"),
)


def _is_hidden(column: sa.ColumnElement[Any]) -> bool:
    return bool(getattr(column, "info", {}).get("hidden"))


def _shown(column: sa.ColumnElement[Any], value: Any) -> Any:
    if value is None:
        return None
    if _is_hidden(column):
        return HIDDEN
    if isinstance(value, datetime):
        return value.isoformat()
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return str(value)
    return value
