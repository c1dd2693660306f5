"""The only two questions asked before it is known who asks: whose session, whose token has this hash.

Each is one small statement. It finds what was revoked or is over as well, so that the log can say why somebody was
kept out; whoever calls it decides.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from core import db
from core.db import row_rules
from core.db.tables.base import Json
from core.db.tables.credentials import ApiTokenRow, SessionRow
from core.db.tables.users import UserRow
from core.db.types import UtcDateTime

TOUCH_S = 60  # how stale the note of the last use may be


@dataclass(frozen=True)
class Credential:
    """A session or token and its user.

    touched_at: when it was last used, as far as that was written down. scopes: a token's.
    """

    id: UUID
    user_id: UUID
    name: str
    email: str | None
    role: str
    is_local: bool
    blocked_at: datetime | None
    expires_at: datetime
    revoked_at: datetime | None
    touched_at: datetime | None
    scopes: list[str] | None

    def is_to_be_touched(self, now: datetime) -> bool:
        """Whether its last use is to be written down anew: it is TOUCH_S old, or ahead of a clock that was set back."""
        return self.touched_at is None or abs(now - self.touched_at) > timedelta(seconds=TOUCH_S)


TYPES: dict[str, Any] = {
    "scopes": Json,
    **{part.name: UtcDateTime() for part in fields(Credential) if part.name.endswith("_at")},
}


def session_by_hash(secret_hash: str) -> Credential | None:
    """Whose session this is."""
    if db.current().has_row_security:
        return _found(_by_function("session_by_hash", secret_hash))
    row, user = SessionRow, UserRow
    return _found(
        sa.select(row.id, row.user_id, user.name, user.email, user.role, user.is_local)
        .add_columns(user.blocked_at, row.expires_at, row.revoked_at, row.seen_at, sa.null())
        .join(user, user.id == row.user_id)
        .where(row.secret_hash == secret_hash)
    )


def token_by_hash(secret_hash: str) -> Credential | None:
    """Whose token this is."""
    if db.current().has_row_security:
        return _found(_by_function("token_by_hash", secret_hash))
    row, user = ApiTokenRow, UserRow
    return _found(
        sa.select(row.id, row.user_id, user.name, user.email, user.role, user.is_local)
        .add_columns(user.blocked_at, row.expires_at, row.revoked_at, row.used_at, row.scopes)
        .join(user, user.id == row.user_id)
        .where(row.secret_hash == secret_hash)
    )


def _by_function(function: str, secret_hash: str) -> sa.Select[*tuple[Any, ...]]:
    """The same question where the tables are closed to who is not known yet: one function answers it."""
    answers = getattr(getattr(sa.func, row_rules.SCHEMA), function)(secret_hash)
    found = answers.table_valued(*(sa.column(part.name, TYPES.get(part.name)) for part in fields(Credential)))
    return sa.select(*found.columns)


def _found(query: sa.Select[*tuple[Any, ...]]) -> Credential | None:
    with db.session_scope(db.NOBODY) as session:
        row = session.execute(query).one_or_none()
    return Credential(*row) if row is not None else None
