"""What can go wrong between us and the database, in words for people."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from core.errors import Clash, Forbidden, Unavailable


class DatabaseUnavailable(Unavailable):
    """The database can't be reached, is locked for too long, or can't write."""

    code = "database_unavailable"
    message = "The database can't be used right now: {problem}."
    hint = "Check that it is running and has free space, then try again."
    problem: str


@contextmanager
def driver_translated() -> Iterator[None]:
    """For a connection of one's own, outside every engine: what its driver raises becomes DatabaseUnavailable."""
    try:
        yield
    except (sqlite3.Error, psycopg.Error) as error:
        raise DatabaseUnavailable(problem=first_line(error)) from error


def first_line(error: BaseException | None) -> str:
    """What a driver says is wrong, without the statement and where in it."""
    return str(error).partition("\n")[0]


class DatabaseFull(DatabaseUnavailable):
    """The disk of an SQLite database has no room left for what is to be written."""

    code = "database_full"
    message = "Nothing was saved, because {problem}."
    hint = "Delete what is no longer needed, or free some space there, then try again."


class Deadlocked(Clash, DatabaseUnavailable):
    """The database ended this transaction because it and another one waited for each other."""

    code = "deadlocked"
    message = "Somebody else was changing the same data at the same time, so nothing was saved."
    hint = "Try again."


class RoleMissing(DatabaseUnavailable):
    """The login of DATABASE_URL or USER_DATABASE_URL may not become what a transaction needs."""

    code = "role_missing"
    message = "The database login {login} lacks a permission that this needs ({reason})."
    hint = "Grant it the role that docs/supabase.md lists for this login."
    problem: str = ""
    login: str
    reason: str


class PoolerUnnamed(DatabaseUnavailable):
    """A prepared statement was gone: there is a pooler in transaction mode that no setting names."""

    code = "pooler_unnamed"
    message = "The database is behind a pooler in transaction mode ({problem})."
    hint = "Set DATABASE_POOLER=transaction and restart the app."


class NotYours(Forbidden):
    """The database's row-level security refused a statement."""

    code = "not_yours"
    message = "The database refused this because it affects something that isn't yours, so nothing was saved."
    hint = "Open the list and choose one of yours. If it is yours, contact an admin: the log has the details."


class Collided(Clash):
    """What was to be written builds on a row that is gone, or repeats one that must be unique."""

    code = "collided"
    message = "Somebody else changed the same data at the same time, so nothing was saved."
    hint = "Reload to see its current state, then try again."
