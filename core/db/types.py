"""Column types and the clock that mean the same on SQLite and Postgres."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """Aware UTC times; a naive one is refused. SQLite keeps text that sorts by time."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Function = TypeVar("Function", bound=type[FunctionElement[Any]])


def spelt(*, sqlite: str, postgresql: str) -> Callable[[Function], Function]:
    """How an SQL function of ours is written in either database; {0} is its first argument there."""

    def spelt_so(function: Function) -> Function:
        for dialect, text in {"sqlite": sqlite, "postgresql": postgresql}.items():
            compiles(function, dialect)(partial(_spelt, text))
        return function

    return spelt_so


def _spelt(text: str, element: FunctionElement[Any], compiler: Any, **options: Any) -> str:
    return text.format(*(compiler.process(argument, **options) for argument in element.clauses))


@spelt(
    sqlite="(strftime('%Y-%m-%d %H:%M:%f', 'now', printf('%+.3f seconds', {0})) || '000')",
    postgresql="(clock_timestamp() + make_interval(secs => {0}))",
)
class now_plus(FunctionElement[datetime]):  # noqa: N801  # written like the SQL function it is
    """The database's own clock plus some seconds: the one clock that all workers share.

    It tells the moment in which it is executed, not the transaction's start; so statements that hold it are kept.
    """

    type = UtcDateTime()
    inherit_cache = True  # the seconds are a bound parameter: else each statement is compiled anew

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(sa.literal(float(seconds), sa.Double()))


@spelt(
    sqlite="max(0.0, (julianday({1}) - julianday({0})) * 86400.0)",
    postgresql="greatest(0, extract(epoch from ({1} - {0})))",
)
class seconds_between(FunctionElement[float]):  # noqa: N801  # written like the SQL function it is
    """Seconds from one moment to a later one; 0 where a clock that was set back has left it earlier.

    SQLite, which keeps them as text, can't subtract them itself.
    """

    type = sa.Double()
    inherit_cache = True

    def __init__(self, start: sa.SQLColumnExpression[Any], end: sa.SQLColumnExpression[Any]) -> None:
        super().__init__(start, end)


@spelt(sqlite="json_extract({0}, {2})", postgresql="({0} -> {1})")
class json_member(FunctionElement[Any]):  # noqa: N801  # written like an SQL function
    """What a JSON column's object holds under a name, NULL where nothing; spelt as indexes spell it, the name too:
    a bound one matches no index.
    """

    type = sa.JSON()
    inherit_cache = True

    def __init__(self, column: sa.SQLColumnExpression[Any], name: str) -> None:
        super().__init__(column, *(sa.literal_column(f"'{text}'") for text in (name, f"$.{name}")))


SET_BACK_S = 5.0


def is_ahead(moment: sa.SQLColumnExpression[Any]) -> sa.ColumnElement[bool]:
    """Whether a moment that was noted as now lies ahead of it: the clock was set back since, by more than SET_BACK_S.

    Whatever was reckoned from that moment, such as the end of a lease, would then come as much too late.
    """
    return moment > now_plus(SET_BACK_S)
