"""What can go wrong between us and the database, in words for people."""

from __future__ import annotations

from core.errors import Clash, Forbidden, Unavailable


class DatabaseUnavailable(Unavailable):
    """The database can't be reached, is locked for too long, or can't write."""

    code = "database_unavailable"
    message = "The database can't be used right now: {problem}."
    hint = "Check that it runs and has room, then try again."
    problem: str


class Deadlocked(Clash, DatabaseUnavailable):
    """The database ended this transaction because it and another one waited for each other."""

    code = "deadlocked"
    message = "Somebody else was changing the same things at the same moment, so nothing was done."
    hint = "Try again."


class RoleMissing(DatabaseUnavailable):
    """The login of DATABASE_URL or USER_DATABASE_URL may not become what a transaction needs."""

    code = "role_missing"
    message = "The database's login {login} may not do what this needs ({reason})."
    hint = "Whoever runs the app grants it: docs/supabase.md says which login needs which role."
    problem: str = ""
    login: str
    reason: str


class PoolerUnnamed(DatabaseUnavailable):
    """A prepared statement was gone: a transaction pooler stands in between, and nobody said so."""

    code = "pooler_unnamed"
    message = "The database is behind a pooler that lends connections for one transaction ({problem})."
    hint = "Whoever runs the app sets DATABASE_POOLER=transaction and starts it again."


class NotYours(Forbidden):
    """The database's row-level security refused a statement."""

    code = "not_yours"
    message = "The database refused this: it touches something that is not yours, so nothing was done."
    hint = "Open the list and choose one of yours. If it was one, tell whoever runs the app: the log has the details."


class Collided(Clash):
    """What was to be written builds on a row that is gone, or repeats one that must be unique."""

    code = "collided"
    message = "Somebody else changed the same thing at the same moment, so nothing was done."
    hint = "Look at its present state, then try again."
