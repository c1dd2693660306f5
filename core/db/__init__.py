"""The database: its engine, its tables, its migrations, and the one way into a transaction."""

from core.db.engine import (
    NOBODY,
    WORKER,
    Collided,
    Database,
    DatabaseUnavailable,
    Deadlocked,
    Nobody,
    User,
    WorkerRole,
    connect,
    current,
    is_connected,
    owner,
    session_scope,
)

__all__ = [
    "NOBODY",
    "WORKER",
    "Collided",
    "Database",
    "DatabaseUnavailable",
    "Deadlocked",
    "Nobody",
    "User",
    "WorkerRole",
    "connect",
    "current",
    "is_connected",
    "owner",
    "session_scope",
]
