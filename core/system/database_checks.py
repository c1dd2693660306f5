"""Checks of the database: whether there is one, how it is reached, and whether it has this version's tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from core import db, queue
from core.check import Check, State
from core.db import migrate
from core.settings import Settings


def missing(settings: Settings) -> Iterator[Check]:
    """A line when this process has no database yet and would make an empty one by connecting."""
    url = sa.make_url(settings.database)
    if db.is_connected() or url.get_backend_name() != "sqlite" or not url.database:
        return
    if not Path(url.database).exists():
        setting = "DATABASE_URL" if settings.database_url else "DATA_DIR"
        message = f"There is no database at {url.database}; is {setting} right?"
        hint = (
            "`make run` creates one. If there was one, stop the app and restore it from a backup: "
            "`python -m core.system restore FOLDER`."
        )
        yield Check("Database", "Reachable", State.BROKEN, message, hint)


def look(settings: Settings, principal: db.Principal) -> Iterator[Check]:
    """Connects where this process has not done so. Raises DatabaseUnavailable."""
    database = db.connect_configured(settings) if not db.is_connected() else db.current()
    with db.session_scope(principal) as session:
        session.execute(sa.select(1))
    yield Check("Database", "Reachable", State.OK, database.label)
    yield from _link(database)
    try:
        migrate.require_head(database)
    except (migrate.NewerSchema, migrate.OlderSchema) as other:
        yield Check("Database", "Schema", State.BROKEN, other.message, other.hint)
    else:
        yield Check("Database", "Schema", State.OK, f"Up to date ({migrate.head()}).")


def _link(database: db.Database) -> Iterator[Check]:
    """Of Postgres alone: what stands before it, and whether it holds users apart by itself."""
    if database.is_sqlite:
        return
    message = {
        db.Link.DIRECT: "Direct connection. Workers hear about new work at once.",
        db.Link.SESSION: "Through a session pooler. Workers hear about new work at once.",
        db.Link.TRANSACTION: "Through a transaction pooler, without prepared statements and notifications: "
        f"workers look for new work every {queue.ASK_S:g} s.",
    }
    yield Check("Database", "Connection", State.OK, message[database.link])
    if not database.has_row_security:
        rows = "This Postgres has no Supabase roles, so only the app keeps users apart."
    elif database.users is database.engine:
        rows = "Row-level security is on. Pages share the workers' login; set USER_DATABASE_URL to separate them."
    else:
        rows = "Row-level security is on. Pages have their own login."
    yield Check("Database", "Rows", State.OK, rows)
