"""The queue as everybody may see it, over all users: how long it is and of which kinds, but not whose or what for."""

from __future__ import annotations

import sqlalchemy as sa

from core import db
from core.db import row_rules
from core.db.tables.tasks import OPEN_COLUMNS
from core.queue.tasks import TASKS

_VIEW = sa.table(
    "open_tasks",
    *(sa.column(name, TASKS.c[name].type) for name in OPEN_COLUMNS),
    schema=row_rules.SCHEMA,
)


def tasks() -> sa.FromClause:
    """Every queued and running task, of which the columns OPEN_COLUMNS may be asked. A user's own transaction sees
    others' tasks only so.
    """
    return (_VIEW if db.current().has_row_security else TASKS).alias("task")
