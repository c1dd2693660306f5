"""The queue as everybody may see it, over all users: how long it is and of which kinds, but not whose or what for."""

from __future__ import annotations

import sqlalchemy as sa

from core import db
from core.db import row_rules
from core.db.tables.tasks import TaskRow
from core.db.types import UtcDateTime

_VIEW = sa.table(
    "open_tasks",
    sa.column("kind", sa.String),
    sa.column("state", sa.String),
    sa.column("priority", sa.Integer),
    sa.column("run_at", UtcDateTime),
    sa.column("created_at", UtcDateTime),
    sa.column("lease_owner", sa.Uuid),
    sa.column("lease_until", UtcDateTime),
    schema=row_rules.SCHEMA,
)


def tasks() -> sa.FromClause:
    """Every queued and running task, of which these columns may be asked: kind, state, priority, run_at,
    created_at, lease_owner, lease_until. A user's own transaction sees others' tasks only so.
    """
    return (_VIEW if db.current().has_row_security else TaskRow.__table__).alias("task")
