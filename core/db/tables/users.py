"""People."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.row_rules import ADMIN, ME, ROLE, RowRules, update_guard
from core.db.tables.base import Base, NewId, Now, one_of, partial_index

# Of a person, an admin alone changes what they may do; of oneself nobody does.
_ONLY_ADMINS_CHANGE_ROLES = update_guard(
    "users",
    "only_admins_change_roles",
    f"""
  if (new.role, new.blocked_at) is distinct from (old.role, old.blocked_at)
      and ({ROLE} is distinct from 'admin' or old.id = {ME}) then
    raise exception 'only an admin may change what another person may do' using errcode = '42501';
  end if;
  if (new.name, new.email) is distinct from (old.name, old.email) and old.id <> {ME} then
    raise exception 'only the person may change their own name and email' using errcode = '42501';
  end if;
  return new;
""",
)


class UserRow(Base):
    """A person. On a loopback start without sign-in there is one: the local user.

    issuer, subject: who answers for this person, and by what name; both NULL for the local user. email: verified
    by the issuer. Whoever is blocked gets in by no session, token or sign-in.
    """

    __tablename__ = "users"
    id: Mapped[NewId]
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(default="analyst")
    is_local: Mapped[bool] = mapped_column(default=False)
    issuer: Mapped[str | None]
    subject: Mapped[str | None]
    blocked_at: Mapped[datetime | None]
    created_at: Mapped[Now]
    __table_args__ = (
        one_of("role", "analyst", "reviewer", "admin"),
        sa.Index("uq_users_identity", "issuer", "subject", unique=True),
        partial_index("uq_users_local", "is_local", where="is_local", unique=True),
    )
    row_rules = RowRules(
        mine=f"id = {ME}",
        readable=f"(id = {ME} or is_local or {ADMIN})",
        changeable=f"(id = {ME} or {ADMIN})",
        may=("select", "insert", "update"),
        new="role = 'analyst' and not is_local and blocked_at is null",
        columns=("name", "email", "role", "blocked_at"),
        sql=_ONLY_ADMINS_CHANGE_ROLES,
    )
