"""How an idle worker hears of new tasks at once, without asking for them all the time."""

from __future__ import annotations

import sqlite3
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import logs
from core.db import postgres
from core.db.engine import Database
from core.db.errors import driver_translated
from core.db.postgres import Link

CHANNEL = "model_desk_tasks"
POLL_S = 0.02
ASK_S = 0.25  # through a pooler that passes on no word of new work

log = logs.get("queue")


class Wakeup:
    """Says whether something may have been enqueued since it was last asked.

    As it is here, where nobody brings word: every look may pay.
    """

    poll_s: float | None = ASK_S
    """How often to ask; None when `fileno` becomes readable instead."""

    def fileno(self) -> int | None:
        return None

    def changed(self) -> bool:
        """Raises DatabaseUnavailable."""
        return True

    def close(self) -> None:
        """Give up what it holds."""


def watch(database: Database) -> Wakeup:
    """The way that fits the database; used by the one thread that made it. Raises DatabaseUnavailable."""
    if database.is_sqlite:
        return _SqliteWakeup(database)
    if database.link is not Link.TRANSACTION:
        return _PostgresWakeup(database)
    log.warning("this pooler does not pass on notifications, so workers poll for new tasks", every_s=ASK_S)
    return Wakeup()


def announce(session: Session) -> None:
    """Wake idle workers when this transaction commits. SQLite's watchers see any commit."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})


class _SqliteWakeup(Wakeup):
    """`PRAGMA data_version` changes when another connection commits; asking costs microseconds."""

    poll_s = POLL_S

    def __init__(self, database: Database) -> None:
        with driver_translated():
            self._pooled = database.engine.raw_connection()
        self._connection = cast(sqlite3.Connection, self._pooled.driver_connection)
        self._version = -1

    def changed(self) -> bool:
        with driver_translated():
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        before, self._version = self._version, version
        return bool(version != before)

    def close(self) -> None:
        self._pooled.close()


class _PostgresWakeup(Wakeup):
    """LISTEN on a connection of its own."""

    poll_s = None

    def __init__(self, database: Database) -> None:
        self._connection = postgres.connect(database.engine.url.render_as_string(hide_password=False))
        with driver_translated():
            self._connection.execute(f"LISTEN {CHANNEL}")
        self._asked = False

    def fileno(self) -> int | None:
        return self._connection.fileno()

    def changed(self) -> bool:
        with driver_translated():
            heard = len(list(self._connection.notifies(timeout=0))) > 0
        first, self._asked = not self._asked, True
        return heard or first

    def close(self) -> None:
        self._connection.close()
