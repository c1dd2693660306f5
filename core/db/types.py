"""Column types and clock expressions that mean the same on SQLite and Postgres."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Any, Protocol

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


class now_plus(FunctionElement[datetime]):  # noqa: N801  # written like the SQL function it is
    """The database's own clock plus some seconds; `clock_timestamp()`, not the transaction's start."""

    type = UtcDateTime()
    inherit_cache = True  # the seconds are a bound parameter: else each statement is compiled anew

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(sa.literal(float(seconds), sa.Double()))


@compiles(now_plus, "sqlite")
def _sqlite_now(element: now_plus, compiler: Any, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', printf('%+.3f seconds', {seconds})) || '000')"


@compiles(now_plus, "postgresql")
def _postgres_now(element: now_plus, compiler: Any, **options: Any) -> str:
    return f"(clock_timestamp() + make_interval(secs => {compiler.process(element.clauses, **options)}))"


class seconds_between(FunctionElement[float]):  # noqa: N801  # written like the SQL function it is
    """Seconds from one moment to a later one; 0 where a clock that was set back has left it earlier.

    SQLite, which keeps them as text, can't subtract them itself.
    """

    type = sa.Double()
    inherit_cache = True

    def __init__(self, start: sa.SQLColumnExpression[Any], end: sa.SQLColumnExpression[Any]) -> None:
        super().__init__(start, end)


@compiles(seconds_between, "sqlite")
def _sqlite_seconds(element: seconds_between, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(moment, **options) for moment in element.clauses)
    return f"max(0.0, (julianday({end}) - julianday({start})) * 86400.0)"


@compiles(seconds_between, "postgresql")
def _postgres_seconds(element: seconds_between, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(moment, **options) for moment in element.clauses)
    return f"greatest(0, extract(epoch from ({end} - {start})))"


class json_member(FunctionElement[Any]):  # noqa: N801  # written like an SQL function
    """What a JSON column's object holds under a name, NULL where nothing; spelt as indexes spell it, the name too:
    a bound one matches no index.
    """

    type = sa.JSON()
    inherit_cache = True

    def __init__(self, column: sa.SQLColumnExpression[Any], name: str) -> None:
        super().__init__(column, sa.literal_column(f"'{name}'"))


@compiles(json_member, "sqlite")
def _sqlite_member(element: json_member, compiler: Any, **options: Any) -> str:
    column, name = (compiler.process(part, **options) for part in element.clauses)
    return f"json_extract({column}, '$.{name.strip(chr(39))}')"


@compiles(json_member, "postgresql")
def _postgres_member(element: json_member, compiler: Any, **options: Any) -> str:
    column, name = (compiler.process(part, **options) for part in element.clauses)
    return f"({column} -> {name})"


class Clock(Hashable, Protocol):
    """Where queue and liveness take the time from."""

    def now(self, plus_s: float = 0.0) -> sa.ColumnElement[datetime]:
        """An SQL expression for the moment in which it is executed, plus `plus_s` seconds: statements are kept."""
        ...


class DatabaseClock:
    """The database's now: the one clock that all workers share."""

    def now(self, plus_s: float = 0.0) -> sa.ColumnElement[datetime]:
        return now_plus(plus_s)


DATABASE_CLOCK = DatabaseClock()


SET_BACK_S = 5.0


def is_ahead(moment: sa.SQLColumnExpression[Any], clock: Clock) -> sa.ColumnElement[bool]:
    """Whether a moment that was noted as now lies ahead of it: the clock was set back since, by more than SET_BACK_S.

    Whatever was reckoned from that moment, such as the end of a lease, would then come as much too late.
    """
    return moment > clock.now(SET_BACK_S)
