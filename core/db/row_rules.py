"""The words in which a table says what a user's own transaction may do to its rows.

`row_level_security.py` makes policies and rights of them. A rule is an SQL condition on the row, and everything that
is not named is refused. Whoever adds a table states its rules in its class; a table without rules stops the migration.
"""

# SQL made of our own constants, as it has to be where tables are named

from __future__ import annotations

from dataclasses import dataclass

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
MINE_OR_ADMIN = f"({MINE} or {ADMIN})"
# An admin may review too.
MINE_OR_REVIEWER = f"({MINE} or {ROLE} in ('admin', 'reviewer'))"


@dataclass(frozen=True)
class RowRules:
    """What a user's own transaction may do to a table; what is not named is refused.

    mine: which rows are the user's, as an SQL condition. may: some of ALL. readable, changeable: which rows may be
    read or changed, where that is not `mine`. new: what else must hold of a row that is added. columns: the only
    ones that may be changed. workers: what even workers may, where that is not all. sql: what else belongs to the
    table, such as triggers, each in the schema SCHEMA.

    Keys of files are no user's to write: whoever could, could have another's file handed out. A name may be changed,
    because a row can be locked only by who may change something of it.
    """

    mine: str = MINE
    may: tuple[str, ...] = ALL
    readable: str = ""
    changeable: str = ""
    new: str = ""
    columns: tuple[str, ...] = ()
    workers: tuple[str, ...] = ("all",)
    sql: tuple[str, ...] = ()


def update_guard(table: str, name: str, body: str) -> tuple[str, str]:
    """What users' updates of a table have to pass, where rights on columns can't say it: a PL/pgSQL body."""
    return (
        f"create function {SCHEMA}.{name}() returns trigger language plpgsql set search_path = '' as $$\n"
        f"begin{body}end $$",
        f"create trigger {name} before update on public.{table} for each row "
        f"when (current_user = '{USERS}') execute function {SCHEMA}.{name}()",
    )
