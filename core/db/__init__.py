"""The database: its engine, its tables, its migrations, and the one way into a transaction."""

from core.db.engine import (
    Database,
    connect,
    connect_configured,
    current,
    is_connected,
    owner,
    session_scope,
    translated,
)
from core.db.errors import Collided, DatabaseUnavailable, Deadlocked, NotYours, PoolerUnnamed, RoleMissing
from core.db.postgres import Link
from core.db.principals import (
    NOBODY,
    WORKER,
    Principal,
    User,
    as_worker,
    free_worker_role,
    reserve_worker_role,
)

__all__ = [
    "NOBODY",
    "WORKER",
    "Collided",
    "Database",
    "DatabaseUnavailable",
    "Deadlocked",
    "Link",
    "NotYours",
    "PoolerUnnamed",
    "Principal",
    "RoleMissing",
    "User",
    "as_worker",
    "connect",
    "connect_configured",
    "current",
    "free_worker_role",
    "is_connected",
    "owner",
    "reserve_worker_role",
    "session_scope",
    "translated",
]
