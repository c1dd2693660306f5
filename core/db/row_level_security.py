"""Row-level security: what a user's own transaction may do to which rows, where Supabase's roles are.

Pages and the API keep their own `where user_id = …`; this holds the same line a second time, for the day when one is
forgotten. What is allowed stands beside each table (`core/db/tables/`), in the words of `row_rules.py`; `migrate.py`
applies it in the transaction of the scripts, wherever the role `authenticated` and `auth.uid()` exist; a table without
rules stops it. The rules change only together with a revision, which notes their digest.
"""

# SQL made of our own constants, as it has to be where tables are named

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator

import sqlalchemy as sa

from core.db.row_rules import FROM_THE_APP, ME, SCHEMA, USERS, WORKERS, RowRules
from core.db.tables import Base

REVISION = "alembic_version"


class RulesMissing(RuntimeError):
    """A table has no rules, so nobody has said what a user may do to it."""


def is_possible(connection: sa.Connection) -> bool:
    """Whether the database knows Supabase's roles and `auth.uid()`."""
    query = sa.text(
        "select exists (select from pg_roles where rolname = :users) and exists (select from pg_proc p "
        "join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'auth' and p.proname = 'uid')"
    )
    return bool(connection.execute(query, {"users": USERS}).scalar_one())


def applied(connection: sa.Connection) -> str | None:
    """The digest of the rules in force in this database; None where there are none."""
    query = sa.text(
        "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = :schema"
    ).bindparams(schema=SCHEMA)
    return connection.execute(query).scalar_one_or_none()


def digest() -> str:
    """What names these rules. Raises RulesMissing."""
    return hashlib.sha256("\n".join(_statements()).encode()).hexdigest()[:16]


def drop(connection: sa.Connection) -> None:
    """Remove rules and what stands on columns, so that scripts may change those; who may do what stays refused."""
    connection.exec_driver_sql(f"drop schema if exists {SCHEMA} cascade")
    policies = connection.execute(
        sa.text("select tablename, policyname from pg_policies where schemaname = 'public'")
    ).all()
    for table, policy in policies:
        if table in Base.metadata.tables or table == REVISION:
            connection.exec_driver_sql(f'drop policy "{policy}" on public.{table}')


def apply(connection: sa.Connection) -> None:
    """Put the rules in force. Raises RulesMissing."""
    for statement in _statements():
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"comment on schema {SCHEMA} is '{digest()}'")


def rules() -> dict[str, RowRules]:
    """What each table's class says. Raises RulesMissing."""
    said = {name: row.row_rules for name, row in Base.all().items() if hasattr(row, "row_rules")}
    if missing := sorted(set(Base.metadata.tables) - set(said)):
        raise RulesMissing(f"these tables' classes state no row_rules: {', '.join(missing)}")
    return said


def _statements() -> Iterator[str]:
    of_tables = rules()
    yield f"create schema {SCHEMA}"
    yield f"grant usage on schema {SCHEMA} to {USERS}, {WORKERS}"
    yield f"grant usage on schema public to {USERS}, {WORKERS}"
    for table in Base.metadata.sorted_tables:
        yield from _of_table(table, of_tables[table.name])
    yield from _closed(REVISION)
    yield f"grant select on public.{REVISION} to {USERS}, {WORKERS}"
    yield f"create policy {REVISION}_select on public.{REVISION} for select to {USERS} using (true)"


def _closed(table: str) -> Iterator[str]:
    # Supabase gives everybody every right to each new table.
    yield f"alter table public.{table} enable row level security"
    yield f"revoke all on public.{table} from public, anon, {USERS}, {WORKERS}"


def _of_table(table: sa.Table, rules: RowRules) -> Iterator[str]:
    yield from _closed(table.name)
    yield f"grant {', '.join(rules.workers)} on public.{table.name} to {WORKERS}"
    if rules.may:
        rights = [
            f"update ({', '.join(rules.columns)})" if verb == "update" and rules.columns else verb
            for verb in rules.may
        ]
        yield f"grant {', '.join(rights)} on public.{table.name} to {USERS}"
    if isinstance(table.autoincrement_column, sa.Column):
        yield f"revoke all on sequence public.{table.name}_id_seq from public, anon, {USERS}"
        yield f"grant usage, select on sequence public.{table.name}_id_seq to {USERS}, {WORKERS}"
    yield from _own_kind(table)
    mine, readable, changeable = rules.mine, rules.readable or rules.mine, rules.changeable or rules.mine
    changed = set(rules.columns or table.columns.keys())
    added = " and ".join((mine, *_references(table, set(table.columns.keys())), *filter(None, [rules.new])))
    kept = " and ".join((changeable, *_references(table, changed)))
    said = {
        "select": f"using ({readable})",
        "insert": f"with check ({added})",
        "update": f"using ({changeable}) with check ({kept})",
        "delete": f"using ({mine})",
    }
    yield (
        f"create policy {table.name}_from_the_app on public.{table.name} as restrictive for all to {USERS} "
        f"using ({FROM_THE_APP}) with check ({FROM_THE_APP})"
    )
    for verb in rules.may:
        name = f"{table.name}_{verb}"
        yield f"create policy {name} on public.{table.name} for {verb} to {USERS} {said[verb]}"
    yield from rules.sql


def _references(table: sa.Table, columns: Collection[str]) -> Iterator[str]:
    """That what a row builds on is the user's too: a foreign key alone asks nobody's leave.

    columns: which of the table's are written; of the others it holds already.
    """
    for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
        other = key.column.table
        if key.parent.name not in columns:
            continue
        if "user_id" not in other.columns or "user_id" not in table.columns:
            continue
        column = f"{table.name}.{key.parent.name}"
        exists = f"exists (select from public.{other.name} o where o.{key.column.name} = {column} and o.user_id = {ME})"
        if other is table:
            exists = f"{SCHEMA}.is_mine_of_{table.name}({column})"
        yield f"({column} is null or {exists})" if key.parent.nullable else exists


def _own_kind(table: sa.Table) -> Iterator[str]:
    """Asks whether a row that another of its own table builds on is the user's: a policy may not ask its own table."""
    for key in table.foreign_keys:
        if key.column.table is table and "user_id" in table.columns:
            yield (
                f"create function {SCHEMA}.is_mine_of_{table.name}(uuid) returns boolean language plpgsql stable "
                f"set search_path = '' as $$ begin return exists (select from public.{table.name} "
                f"where {key.column.name} = $1 and user_id = {ME}); end $$"
            )
