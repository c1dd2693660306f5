"""What there is of one table or column in the database, and what the role that we are may do with it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.check import Check, State
from core.errors import Missing, counted
from core.settings import Settings
from core.system import database_checks

OF_TABLE = ("SELECT", "INSERT", "UPDATE", "DELETE")
OF_COLUMN = ("SELECT", "INSERT", "UPDATE")
OTHERS = ("authenticated", "anon")  # whom Supabase lets in besides


class NoSuchTable(Missing):
    """The database has no table or view of this name."""

    code = "no_such_table"
    message = "There is no table {table} in {database}."
    hint = "{remedy}"
    table: str
    database: str
    remedy: str


class NoSuchColumn(Missing):
    """The table has no column of this name."""

    code = "no_such_column"
    message = "The table {table} has no column {column}."
    hint = "{remedy}"
    table: str
    column: str
    remedy: str


def probe(settings: Settings, table: str, column: str | None = None) -> Iterator[Check]:
    """A line for what exists, and one for each role: what it may do. table: may begin with a schema and a dot.

    BROKEN where our own role may not read it. Makes nothing. Raises NoSuchTable, NoSuchColumn,
    DatabaseUnavailable.
    """
    if missing := list(database_checks.missing(settings)):
        yield from missing
        return
    database = db.current() if db.is_connected() else db.connect_configured(settings)
    schema, _, name = table.rpartition(".")
    with db.session_scope(db.WORKER) as session:
        inspector = sa.inspect(session.connection())
        if schema and schema not in (schemas := inspector.get_schema_names()):
            raise NoSuchTable(table=table, database=database.label, remedy=nearest(schema, schemas))
        known = [*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)]
        if name not in known:
            raise NoSuchTable(table=table, database=database.label, remedy=nearest(name, known))
        columns = {found["name"]: found for found in inspector.get_columns(name, schema or None)}
        if column is None:
            n_indexes = len(inspector.get_indexes(name, schema or None))
            told = f"{counted(len(columns), 'column')}, {counted(n_indexes, 'index|indexes')}"
            yield Check(table, "Exists", State.OK, f"In {database.label}: {told}.")
        elif column not in columns:
            raise NoSuchColumn(table=table, column=column, remedy=nearest(column, list(columns)))
        else:
            found = columns[column]
            null = "may be null" if found["nullable"] else "never null"
            default = f", {found['default']} by default" if found["default"] is not None else ""
            yield Check(table, column, State.OK, f"{found['type']}, {null}{default}.")
        yield from _of_sqlite(database) if database.is_sqlite else _of_postgres(session, table, column)


def _of_sqlite(database: db.Database) -> Iterator[Check]:
    path = str(database.engine.url.database)
    message = f"SQLite has no roles; this user can read {path}"
    if os.access(path, os.W_OK):
        yield Check("Role", "May", State.OK, f"{message} and write to it.")
    else:
        hint = "Give the user that runs this permission to write to the file and its folder."
        yield Check("Role", "May", State.BROKEN, f"{message}, but not write to it.", hint)


def _of_postgres(session: Session, table: str, column: str | None) -> Iterator[Check]:
    oid = session.execute(
        sa.select(sa.cast(sa.func.to_regclass(_quoted(session, table)), sa.Integer))
    ).scalar_one()
    is_secured, forced = session.execute(
        sa.text("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = :oid"), {"oid": oid}
    ).one()
    mine: str = session.execute(sa.text("SELECT current_user")).scalar_one()
    there = sa.text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:names)")
    others = set(session.execute(there, {"names": list(OTHERS)}).scalars()) - {mine}
    for role in [mine, *sorted(others)]:
        may = _privileges(session, role, oid, column)
        message = f"{'Connected as' if role == mine else 'There is'} {role}, which can {_listed(may)}."
        if role != mine or "SELECT" in may:
            yield Check("Role", role, State.OK, message)
        else:
            hint = f"Run GRANT SELECT ON {table} TO {role}, or connect as a role that can."
            yield Check("Role", role, State.BROKEN, message, hint)
    yield from _rows(session, oid, mine, is_secured=is_secured, is_forced=forced)


def _privileges(session: Session, role: str, oid: int, column: str | None) -> list[str]:
    if column is None:
        ask = sa.text("SELECT has_table_privilege(:role, CAST(:oid AS oid), :what)")
        return [
            what
            for what in OF_TABLE
            if session.execute(ask, {"role": role, "oid": oid, "what": what}).scalar_one()
        ]
    ask = sa.text("SELECT has_column_privilege(:role, CAST(:oid AS oid), :column, :what)")
    return [
        what
        for what in OF_COLUMN
        if session.execute(ask, {"role": role, "oid": oid, "column": column, "what": what}).scalar_one()
    ]


def _rows(session: Session, oid: int, role: str, *, is_secured: bool, is_forced: bool) -> Iterator[Check]:
    """What row-level security does to the role that we are."""
    if not is_secured:
        yield Check(
            "Rows",
            "Security",
            State.OK,
            "Row-level security is off: whoever can read the table sees every row.",
        )
        return
    policies = sa.text(
        "SELECT polname, polcmd, ARRAY(SELECT rolname FROM pg_roles WHERE oid = ANY(polroles)) "
        "FROM pg_policy WHERE polrelid = :oid ORDER BY polname"
    )
    commands = {"r": "select", "a": "insert", "w": "update", "d": "delete", "*": "all"}
    told = [
        f"{name} ({commands[command]}, to {', '.join(roles) or 'everybody'})"
        for name, command, roles in session.execute(policies, {"oid": oid})
    ]
    passes = session.execute(
        sa.text(
            "SELECT r.rolsuper OR r.rolbypassrls OR (pg_has_role(r.oid, c.relowner, 'USAGE') AND NOT :forced) "
            "FROM pg_roles r, pg_class c WHERE r.rolname = :role AND c.oid = :oid"
        ),
        {"role": role, "oid": oid, "forced": is_forced},
    ).scalar_one()
    bound = f"{role} {'bypasses it' if passes else 'is subject to it'}"
    listed = "; ".join(told) or "none, so nobody subject to it sees a row"
    yield Check("Rows", "Security", State.OK, f"Row-level security is on, and {bound}. Policies: {listed}.")


def _quoted(session: Session, table: str) -> str:
    quote = session.get_bind().dialect.identifier_preparer.quote
    return ".".join(quote(part) for part in table.split("."))


def _listed(may: list[str]) -> str:
    return ", ".join(word.lower() for word in may) or "do nothing with it"


def nearest(name: str, known: list[str]) -> str:
    """In a sentence: which of the names is meant, or which there are."""
    near = difflib.get_close_matches(name, known, n=3)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return (
        f"There is: {', '.join(sorted(known))}." if known else "It is empty. Run: python -m core.db upgrade"
    )
