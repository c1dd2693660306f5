"""What somebody is known by: a browser's session, a program's token."""

# ruff: noqa: S608  # SQL made of our own constants

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.row_rules import SCHEMA, USERS, RowRules
from core.db.tables.base import Base, Hidden, NewId, Now, Owner, one_of

_FOUND = (
    "id uuid, user_id uuid, name varchar, email varchar, role varchar, is_local boolean, blocked_at timestamptz, "
    "expires_at timestamptz, revoked_at timestamptz, touched_at timestamptz, scopes jsonb"
)


def _lookup(name: str, table: str, *, touched_at: str, scopes: str) -> tuple[str, ...]:
    """A question that is answered before it is known who asks; it takes a hash that nobody can guess."""
    function = f"{SCHEMA}.{name}(secret_hash text)"
    return (
        f"create function {function} returns table ({_FOUND}) language sql stable security definer "
        f"set search_path = '' as $$ select t.id, t.user_id, u.name, u.email, u.role, u.is_local, u.blocked_at, "
        f"t.expires_at, t.revoked_at, {touched_at}, {scopes} from public.{table} t "
        f"join public.users u on u.id = t.user_id where t.secret_hash = $1 $$",
        f"revoke all on function {function} from public",
        f"grant execute on function {function} to {USERS}",
    )


class SessionRow(Base):
    """Somebody who is signed in at one browser. Of its cookie only the hash is kept."""

    __tablename__ = "sessions"
    id: Mapped[NewId]
    user_id: Mapped[Owner]
    secret_hash: Mapped[str] = mapped_column(unique=True, info=Hidden)
    means: Mapped[str]
    address: Mapped[str]
    agent: Mapped[str]
    created_at: Mapped[Now]
    seen_at: Mapped[Now]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    __table_args__ = (
        one_of("means", "oidc", "supabase"),
        sa.Index("ix_sessions_user_id_created_at", "user_id", "created_at", "id"),
    )
    row_rules = RowRules(
        columns=("seen_at", "revoked_at"),
        sql=_lookup("session_by_hash", "sessions", touched_at="t.seen_at", scopes="null::jsonb"),
    )


class ApiTokenRow(Base):
    """A personal token for programs; of its secret only the hash and the first letters are kept.

    scopes: some of read, write, training; or package alone.
    """

    __tablename__ = "api_tokens"
    id: Mapped[NewId]
    user_id: Mapped[Owner]
    name: Mapped[str]
    secret_hash: Mapped[str] = mapped_column(unique=True, info=Hidden)
    begins: Mapped[str]
    scopes: Mapped[list[Any]]
    created_at: Mapped[Now]
    used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    __table_args__ = (sa.Index("ix_api_tokens_user_id_created_at", "user_id", "created_at", "id"),)
    row_rules = RowRules(
        may=("select", "insert", "update"),
        columns=("used_at", "revoked_at"),
        sql=_lookup("token_by_hash", "api_tokens", touched_at="t.used_at", scopes="t.scopes"),
    )
