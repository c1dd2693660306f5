"""Row-level security: what a user's own transaction may do to which rows, where Supabase's roles are.

Pages and the API keep their own `where user_id = …`; this is the second fence, for the day when one is forgotten.
`migrate.upgrade` puts it up in the transaction of the scripts, wherever the role `authenticated` and `auth.uid()`
exist; a table without rules stops it. The rules change only together with a revision, which notes their digest.
"""

# ruff: noqa: S608  # SQL made of our own constants, as it has to be where tables are named

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from core.db.tables import Base

USERS, WORKERS = "authenticated", "service_role"  # Supabase's names
SCHEMA = "model_desk"
ME = "(select auth.uid())"  # in brackets it is asked once a statement; bare, once a row
MINE = f"user_id = {ME}"
ALL = ("select", "insert", "update", "delete")
# Set by our own transactions alone: who comes by Supabase's HTTP API with a user's own token, and so as the same
# database role, can't set it, and gets nothing. Of admins it is our word that they are.
AS_ROLE = f"{SCHEMA}.role"
ROLE = f"(select current_setting('{AS_ROLE}', true))"
FROM_THE_APP = f"{ROLE} <> ''"
ADMIN = f"{ROLE} = 'admin'"
REVISION = "alembic_version"


@dataclass(frozen=True)
class Rules:
    """What a user's own transaction may do to a table; what is not named is refused.

    mine: which rows are the user's, as an SQL condition. may: some of ALL. readable, changeable: which rows may be
    read or changed, where that is not `mine`. new: what else must hold of a row that is added. columns: the only
    ones that may be changed. workers: what even workers may, where that is not all.
    """

    mine: str = MINE
    may: tuple[str, ...] = ALL
    readable: str = ""
    changeable: str = ""
    new: str = ""
    columns: tuple[str, ...] = ()
    workers: tuple[str, ...] = ("all",)


WORKERS_OWN = (
    *("lease_owner", "lease_until", "checkpoint", "result", "error"),
    *("published_at", "started_at", "finished_at"),
)
UNTOUCHED = (
    "state = 'QUEUED' and attempt = 0 and n_released = 0 and n_progressed = 0 and checkpoint_attempt = 0 and "
    "done = 0 and not cancel_requested and " + " and ".join(f"{column} is null" for column in WORKERS_OWN)
)
# Keys of files are no user's to write: whoever could, could have another's file handed out. A name may be changed,
# because a row can be locked only by who may change something of it.
RULES: dict[str, Rules] = {
    "users": Rules(
        mine=f"id = {ME}",
        readable=f"(id = {ME} or is_local or {ADMIN})",
        changeable=f"(id = {ME} or {ADMIN})",
        may=("select", "insert", "update"),
        new="role = 'analyst' and not is_local and blocked_at is null",
        columns=("name", "email", "role", "blocked_at"),
    ),
    "sessions": Rules(columns=("seen_at", "revoked_at")),
    "api_tokens": Rules(may=("select", "insert", "update"), columns=("used_at", "revoked_at")),
    "audit_events": Rules(
        mine=f"user_id is not distinct from {ME}",
        readable=f"(user_id = {ME} or {ADMIN})",
        may=("select", "insert"),
        workers=("select", "insert"),
    ),
    "tasks": Rules(
        readable=f"({MINE} or {ADMIN})",
        may=("select", "insert", "update"),
        new=UNTOUCHED,
        columns=(
            *("state", "cancel_requested", "finished_at", "lease_owner", "lease_until", "error"),
            *("priority", "run_at"),
        ),
    ),
    "workers": Rules(mine="true", may=("select",)),
    "uploads": Rules(
        readable=f"({MINE} or {ADMIN})",
        new=f"starts_with(storage_key, 'uploads/user_' || {ME} || '/')",
        columns=("receipt", "n_rows", "n_columns"),
    ),
    "ai_models": Rules(
        readable=f"({MINE} or {ADMIN})",
        new="status = 'training' and artifact_key is null",
        columns=("status", "updated_at", "error"),
    ),
    "predictions": Rules(
        readable=f"({MINE} or {ADMIN})",
        new="status = 'QUEUED' and output_key is null",
        columns=(
            "status",
            "updated_at",
            "error_message",
            "error_hint",
            "started_at",
            "finished_at",
            "task_id",
            "n_rows",
            "took_s",
        ),
    ),
    "idempotency_keys": Rules(),
}

# A user's transaction changes a task only by hurrying or cancelling it; column rights alone can't say that.
_MOVES = f"""
create function {SCHEMA}.only_hurry_or_cancel() returns trigger language plpgsql set search_path = '' as $$
begin
  if new.state = 'CANCELLED' and new.cancel_requested and new.lease_owner is null and new.lease_until is null
    and (old.state = 'QUEUED' or (old.state = 'RUNNING' and old.lease_until < clock_timestamp())) then
    return new;
  end if;
  if new.state = old.state and (new.lease_owner, new.lease_until, new.finished_at, new.error)
      is not distinct from (old.lease_owner, old.lease_until, old.finished_at, old.error)
    and ((old.state = 'QUEUED' and new.cancel_requested = old.cancel_requested)
      or (old.state = 'RUNNING' and new.cancel_requested
        and (new.priority, new.run_at) is not distinct from (old.priority, old.run_at))) then
    return new;
  end if;
  raise exception 'a user may only hurry or cancel a task' using errcode = '42501';
end $$"""
_ON_TASKS = (
    f"create trigger only_hurry_or_cancel before update on public.tasks for each row "
    f"when (current_user = '{USERS}') execute function {SCHEMA}.only_hurry_or_cancel()"
)
# Of a person, an admin alone changes what they may do; of oneself nobody does.
_RANKS = f"""
create function {SCHEMA}.only_admins_rank() returns trigger language plpgsql set search_path = '' as $$
begin
  if (new.role, new.blocked_at) is distinct from (old.role, old.blocked_at)
      and ({ROLE} is distinct from 'admin' or old.id = {ME}) then
    raise exception 'only an admin changes what another person may do' using errcode = '42501';
  end if;
  if (new.name, new.email) is distinct from (old.name, old.email) and old.id <> {ME} then
    raise exception 'a name is changed by who bears it' using errcode = '42501';
  end if;
  return new;
end $$"""
_ON_USERS = (
    f"create trigger only_admins_rank before update on public.users for each row "
    f"when (current_user = '{USERS}') execute function {SCHEMA}.only_admins_rank()"
)
# The only two questions that are answered before it is known who asks; each takes a hash that nobody can guess.
_LOOKUP = (
    "id uuid, user_id uuid, name varchar, email varchar, role varchar, is_local boolean, blocked_at timestamptz, "
    "expires_at timestamptz, revoked_at timestamptz, touched_at timestamptz, scopes jsonb"
)


def _lookup(name: str, table: str, *, touched_at: str, scopes: str) -> Iterator[str]:
    function = f"{SCHEMA}.{name}(secret_hash text)"
    yield (
        f"create function {function} returns table ({_LOOKUP}) language sql stable security definer "
        f"set search_path = '' as $$ select t.id, t.user_id, u.name, u.email, u.role, u.is_local, u.blocked_at, "
        f"t.expires_at, t.revoked_at, {touched_at}, {scopes} from public.{table} t "
        f"join public.users u on u.id = t.user_id where t.secret_hash = $1 $$"
    )
    yield f"revoke all on function {function} from public"
    yield f"grant execute on function {function} to {USERS}"


# How deep the queue is, over all users, by kind: nothing of what tasks are for, or whose. Read with its owner's rights.
_LINE = (
    f"create view {SCHEMA}.line as select kind, state, priority, run_at, created_at, lease_owner, lease_until "
    "from public.tasks where state in ('QUEUED', 'RUNNING')"
)


class Unruled(RuntimeError):
    """A table has no rules, so nobody has said what a user may do to it."""


def is_possible(connection: sa.Connection) -> bool:
    """Whether the database knows Supabase's roles and `auth.uid()`."""
    query = sa.text(
        "select exists (select from pg_roles where rolname = :users) and exists (select from pg_proc p "
        "join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'auth' and p.proname = 'uid')"
    )
    return bool(connection.execute(query, {"users": USERS}).scalar_one())


def standing(connection: sa.Connection) -> str | None:
    """The digest of the rules that stand in this database; None where there is no fence."""
    query = sa.text(
        "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = :schema"
    ).bindparams(schema=SCHEMA)
    return connection.execute(query).scalar_one_or_none()


def digest() -> str:
    """What names these rules."""
    return hashlib.sha256("\n".join(_statements()).encode()).hexdigest()[:16]


def take_down(connection: sa.Connection) -> None:
    """Remove rules and what stands on columns, so that scripts may change those; who may do what stays refused."""
    connection.exec_driver_sql(f"drop schema if exists {SCHEMA} cascade")
    policies = connection.execute(
        sa.text("select tablename, policyname from pg_policies where schemaname = 'public'")
    ).all()
    for table, policy in policies:
        if table in RULES or table == REVISION:
            connection.exec_driver_sql(f'drop policy "{policy}" on public.{table}')


def put_up(connection: sa.Connection) -> None:
    """Put the rules in force. Raises Unruled."""
    for statement in _statements():
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"comment on schema {SCHEMA} is '{digest()}'")


def _statements() -> Iterator[str]:
    tables = {table.name for table in Base.metadata.sorted_tables}
    if tables != set(RULES):
        raise Unruled(
            f"core.db.row_level_security.RULES and the tables differ: {sorted(tables ^ set(RULES))}"
        )
    yield f"create schema {SCHEMA}"
    yield f"grant usage on schema {SCHEMA} to {USERS}, {WORKERS}"
    yield f"grant usage on schema public to {USERS}, {WORKERS}"
    for table in Base.metadata.sorted_tables:
        yield from _of_table(table, RULES[table.name])
    yield from _closed(REVISION)
    yield f"grant select on public.{REVISION} to {USERS}, {WORKERS}"
    yield f"create policy {REVISION}_select on public.{REVISION} for select to {USERS} using (true)"
    yield _MOVES
    yield _ON_TASKS
    yield _RANKS
    yield _ON_USERS
    yield from _lookup("session_by_hash", "sessions", touched_at="t.seen_at", scopes="null::jsonb")
    yield from _lookup("token_by_hash", "api_tokens", touched_at="t.used_at", scopes="t.scopes")
    yield _LINE
    yield f"grant select on {SCHEMA}.line to {USERS}, {WORKERS}"


def _closed(table: str) -> Iterator[str]:
    # Supabase gives everybody every right to each new table.
    yield f"alter table public.{table} enable row level security"
    yield f"revoke all on public.{table} from public, anon, {USERS}, {WORKERS}"


def _of_table(table: sa.Table, rules: Rules) -> Iterator[str]:
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
    mine, readable, changeable = rules.mine, rules.readable or rules.mine, rules.changeable or rules.mine
    whole = list(_references(table))
    added = " and ".join((mine, *whole, *filter(None, [rules.new])))
    kept = " and ".join((changeable, *whole))
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


def _references(table: sa.Table) -> Iterator[str]:
    """That what a row builds on is the user's too: a foreign key alone asks nobody's leave."""
    for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
        other = key.column.table
        if "user_id" not in other.columns or "user_id" not in table.columns:
            continue
        column = f"{table.name}.{key.parent.name}"
        exists = f"exists (select from public.{other.name} o where o.{key.column.name} = {column} and o.user_id = {ME})"
        yield f"({column} is null or {exists})" if key.parent.nullable else exists
