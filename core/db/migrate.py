"""Bring the database to the newest schema: Alembic's scripts, in one transaction, under a lock."""

from __future__ import annotations

import threading
from pathlib import Path
from types import ModuleType

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.db import row_level_security, statistics
from core.db.engine import Database, translated
from core.db.errors import NotYours, RoleMissing
from core.db.principals import NOBODY
from core.errors import Unavailable

LOCK_ID = 7_302_114_886  # any number that no other program of the database uses

_one_at_a_time = threading.Lock()  # Alembic's commands are not thread-safe


class NewerSchema(Unavailable):
    """The database was migrated by a newer version of the product."""

    code = "newer_schema"
    message = "The database is at revision {found}, which this version does not know."
    hint = "Start the version that last used it, or a newer one."
    found: str


class OlderSchema(Unavailable):
    """The database lacks migrations of this version, as after a restore of an older copy."""

    code = "older_schema"
    message = "The database {lacking}."
    hint = "Run: python -m core.db upgrade (starting the app does the same)."
    lacking: str


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


def revisions() -> list[ModuleType]:
    """The scripts, oldest first."""
    newest_first = ScriptDirectory.from_config(_config()).walk_revisions()
    return [script.module for script in reversed(list(newest_first))]


def head() -> str:
    """The newest revision that this version knows."""
    revision: str = revisions()[-1].revision
    return revision


def require_known(revision: str) -> None:
    """Raises NewerSchema for one that this version does not know."""
    if revision not in [script.revision for script in revisions()]:
        raise NewerSchema(found=revision)


def revision(database: Database) -> str | None:
    """The revision the database is at; None when it was never migrated. Raises DatabaseUnavailable."""
    with translated(), _reading(database).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def require_head(database: Database) -> None:
    """Raises NewerSchema or OlderSchema where its revision is another than `head()`, DatabaseUnavailable."""
    found = revision(database)
    if found is None:
        raise OlderSchema(lacking="has no tables yet")
    require_known(found)
    if found != head():
        raise OlderSchema(lacking=f"is at revision {found}, but this version needs {head()}")


def upgrade(database: Database) -> None:
    """Migrate to `head()`; safe when several threads and processes start at once.

    Where Postgres knows Supabase's roles, row-level security is applied in the same transaction.
    Raises NewerSchema when the database is ahead of this version, RoleMissing where the login may not change
    tables though that is needed, DatabaseUnavailable.
    """
    if database.is_sqlite:
        _upgrade(database)
        return
    try:
        if not _is_done(database):
            _upgrade(database)
    except NotYours as refused:
        login = database.engine.url.username or ""
        raise RoleMissing(
            login=login, reason="it may not change tables, which this version needs to do"
        ) from refused
    database.changed()


def _reading(database: Database) -> sa.Engine:
    """With row-level security the revision is everybody's to read; else only the tables' owner's."""
    return database.of(NOBODY) if database.has_row_security else database.engine


def _is_done(database: Database) -> bool:
    """Whether tables and rules are those of this version, so that a login without rights may start too."""
    with translated(), _reading(database).connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() != head():
            return False
        return row_level_security.applied(connection) == (
            row_level_security.digest() if row_level_security.is_possible(connection) else None
        )


def _upgrade(database: Database) -> None:
    config = _config()
    with _one_at_a_time, translated(), database.writing.connect() as connection:
        if database.is_sqlite:
            # Batch mode copies and drops tables: with foreign keys on, that deletes child rows.
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        try:
            with connection.begin():
                if not database.is_sqlite:
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK_ID)))
                found = MigrationContext.configure(connection).get_current_revision()
                if found is not None:
                    require_known(found)
                config.attributes["connection"] = connection
                has_row_security = not database.is_sqlite and row_level_security.is_possible(connection)
                if has_row_security:
                    row_level_security.drop(connection)
                command.upgrade(config, "head")
                if has_row_security:
                    row_level_security.apply(connection)
                if database.is_sqlite:
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                    if broken:
                        raise RuntimeError(f"migration left rows without their parents: {broken[:5]}")
                    statistics.tell(connection)
        finally:
            if database.is_sqlite:
                connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]
