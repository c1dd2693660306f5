"""The queue as everybody may see it, over all users: how long it is and of which kinds, but not whose or what for."""

from __future__ import annotations

import sqlalchemy as sa

from core import db
from core.db import row_rules
from core.db.tables.tasks import OPEN_COLUMNS, TURN_COLUMNS
from core.queue.tasks import TASKS


def _view(name: str, columns: tuple[str, ...]) -> sa.TableClause:
    typed = (sa.column(column, TASKS.c[column].type) for column in columns)
    return sa.table(name, *typed, schema=row_rules.SCHEMA)


_OPEN, _TURNS = _view("open_tasks", OPEN_COLUMNS), _view("turns", TURN_COLUMNS)
_BEGUN = sa.select(*(TASKS.c[column] for column in TURN_COLUMNS)).where(
    TASKS.c.attempt > sa.literal_column("0")
)


def tasks() -> sa.FromClause:
    """Every queued and running task, of which the columns OPEN_COLUMNS may be asked. A user's own transaction sees
    others' tasks only so.
    """
    return (_OPEN if db.current().has_row_security else TASKS).alias("task")


def turns() -> sa.FromClause:
    """The same of TURN_COLUMNS, of every task that was begun at least once, also of those that are settled."""
    return _TURNS.alias("begun") if db.current().has_row_security else _BEGUN.subquery("begun")
