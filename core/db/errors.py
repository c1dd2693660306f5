"""What can go wrong between us and the database, in words for people."""

from __future__ import annotations

from core.errors import AppError


class DatabaseUnavailable(AppError):
    """The database can't be reached, is locked for too long, or can't write."""

    code = "database_unavailable"
    says = "The database can't be used right now: {problem}."
    cure = "Check that it runs and has room, then try again."
    problem: str


class Deadlocked(DatabaseUnavailable):
    """The database ended this transaction because it and another one waited for each other."""

    code = "deadlocked"
    says = "Somebody else was changing the same things at the same moment, so nothing was done."
    cure = "Try again."


class RoleMissing(DatabaseUnavailable):
    """The login of DATABASE_URL or USER_DATABASE_URL may not become what a transaction needs."""

    code = "role_missing"
    says = "The database's login {login} may not do what this needs ({reason})."
    cure = "Whoever runs the app grants it: docs/supabase.md says which login needs which role."
    problem: str = ""
    login: str
    reason: str


class PoolerUnnamed(DatabaseUnavailable):
    """A prepared statement was gone: a transaction pooler stands in between, and nobody said so."""

    code = "pooler_unnamed"
    says = "The database is behind a pooler that lends connections for one transaction ({problem})."
    cure = "Whoever runs the app sets DATABASE_POOLER=transaction and starts it again."


class NotYours(AppError):
    """The database's row-level security refused a statement."""

    code = "not_yours"
    says = "The database refused this: it touches something that is not yours, so nothing was done."
    cure = "Open the list and choose one of yours. If it was one, tell whoever runs the app: the log has the details."


class Collided(AppError):
    """What was to be written builds on a row that is gone, or repeats one that must be unique."""

    code = "collided"
    says = "Somebody else changed the same thing at the same moment, so nothing was done."
    cure = "Look at its present state, then try again."
