"""What Postgres needs that SQLite doesn't: a role for each transaction, and care for the pooler in between."""

from __future__ import annotations

import json
import secrets
from enum import StrEnum
from functools import cache
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy import event

from core.db import row_rules
from core.db.errors import DatabaseUnavailable, RoleMissing, driver_translated, first_line
from core.db.principals import Nobody, Principal, User, WorkerRole

HEAR_S = 1.0  # a notification that has not arrived by then never does
NO_RIGHT = "42501"
TRANSACTION_PORT = 6543  # where Supabase's pooler gives a connection for one transaction
# Nobody may hold rows for longer than this by doing nothing; startup options would be refused by some poolers.
_ALWAYS = {"idle_in_transaction_session_timeout": "60000", "TimeZone": "UTC"}


class Link(StrEnum):
    """What stands between a client and the server: nothing, or a pooler that lends a server's process.

    A transaction pooler lends it for one transaction, so neither prepared statements nor LISTEN outlive that.
    """

    DIRECT = "direct"
    SESSION = "session pooler"
    TRANSACTION = "transaction pooler"


def engine(url: str, *, link: Link | None) -> sa.Engine:
    """An engine whose every transaction begins with its role, in one round trip. link: None is found out."""
    made = sa.create_engine(
        url,
        pool_size=5,
        max_overflow=20,
        use_native_hstore=False,
        connect_args={
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        },
    )

    @event.listens_for(made, "connect")
    def _prepare(connection: psycopg.Connection[Any], _record: Any) -> None:
        connection.autocommit = True  # we begin transactions ourselves
        if link is Link.TRANSACTION or (link is None and _is_pooled(connection)):
            connection.prepare_threshold = None

    # The first message of a transaction is also what finds out that a connection was cut since its last use:
    # nothing has been asked yet, so another connection may be asked instead, and no ping is needed before.
    @event.listens_for(made, "begin")
    def _begin(connection: sa.Connection) -> None:
        opening = connection.get_execution_options().get("opening") or _opening({})
        for is_second in (False, True):
            driver = connection.connection.driver_connection
            assert driver is not None
            try:
                driver.execute(opening, prepare=False)
            except psycopg.Error as error:
                was_cut = driver.closed
                connection.invalidate()
                if error.sqlstate == NO_RIGHT:
                    login = sa.make_url(url).username or ""
                    raise RoleMissing(login=login, reason=first_line(error)) from error
                if is_second or not was_cut:
                    raise DatabaseUnavailable(problem=first_line(error)) from error
                made.dispose()  # what cut this one has cut the others that wait in the pool
            else:
                return

    return made


def opening(principal: Principal, *, has_row_security: bool) -> sql.SQL | sql.Composed | None:
    """What begins a transaction for `principal`; None for the plain beginning, where there are no roles."""
    if not has_row_security:
        return None
    match principal:
        case WorkerRole():
            return _of_workers()
        case Nobody():
            return _opening(_claims({"role": row_rules.USERS}, role="nobody"))
        case User():
            return _opening(_claims({"role": row_rules.USERS, "sub": str(principal.id)}, role=principal.role))


@cache
def _of_workers() -> sql.SQL:
    """Put together once: it holds nothing of anybody's."""
    return sql.SQL(_opening({"role": row_rules.WORKERS}).as_string())


def _claims(claims: dict[str, str], *, role: str) -> dict[str, str]:
    """As PostgREST sets them, for every spelling of `auth.uid()` that there is; and the app's own role."""
    return {
        "role": claims["role"],
        row_rules.AS_ROLE: role,
        "request.jwt.claims": json.dumps(claims),
        "request.jwt.claim.sub": claims.get("sub", ""),
    }


def _opening(values: dict[str, str]) -> sql.Composed:
    """BEGIN and what holds until the transaction ends: as one message, so one round trip."""
    local = [
        sql.SQL("set_config({}, {}, true)").format(sql.Literal(name), sql.Literal(value))
        for name, value in (_ALWAYS | values).items()
    ]
    return sql.SQL("BEGIN; SELECT {}").format(sql.SQL(", ").join(local))


def connect(url: str) -> psycopg.Connection[Any]:
    """A connection of one's own, outside every pool of ours. Raises DatabaseUnavailable."""
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with driver_translated():
        return psycopg.connect(plain, autocommit=True, connect_timeout=5, prepare_threshold=None)


def find_link(url: str) -> Link:
    """What stands before the server, by trying what a transaction pooler can't do. Raises DatabaseUnavailable."""
    if sa.make_url(url).port == TRANSACTION_PORT:
        return Link.TRANSACTION
    channel = f"model_desk_{secrets.token_hex(8)}"
    with driver_translated(), connect(url) as listening:
        if not _is_pooled(listening):
            return Link.DIRECT
        listening.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        with connect(url) as telling:
            telling.execute("SELECT pg_notify(%s, '')", [channel])
        has_heard = list(listening.notifies(timeout=HEAR_S, stop_after=1))
        return Link.SESSION if has_heard else Link.TRANSACTION


def _is_pooled(connection: psycopg.Connection[Any]) -> bool:
    """Whether the process that answers is another than the one that greeted us."""
    found = connection.execute("SELECT pg_backend_pid()", prepare=False).fetchone()
    return found is None or found[0] != connection.info.backend_pid
