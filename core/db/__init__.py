"""The database: its engine, its tables, its migrations, and the one way into a transaction."""

from core.db.engine import (
    WORKER,
    Collided,
    Database,
    DatabaseUnavailable,
    Deadlocked,
    User,
    WorkerRole,
    connect,
    current,
    is_connected,
    owner,
    session_scope,
)

__all__ = [
    "WORKER",
    "Collided",
    "Database",
    "DatabaseUnavailable",
    "Deadlocked",
    "User",
    "WorkerRole",
    "connect",
    "current",
    "is_connected",
    "owner",
    "session_scope",
]
