"""The audit trail."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.row_rules import ME, MINE_OR_ADMIN, RowRules
from core.db.tables.base import Base, NewId, Now, Owner, one_of


class AuditEventRow(Base):
    """Who did what to what, when, from where; only ever added to.

    user_id: NULL where it was not known who asked. actor: their name as it was then. via: session, token, jwt,
    local, shell or nothing. subject: what was acted on, its kind, id, and its name as it was then.
    """

    __tablename__ = "audit_events"
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012  # who adds a line may not have it read back
    id: Mapped[NewId]
    created_at: Mapped[Now]
    user_id: Mapped[Owner | None]
    actor: Mapped[str]
    action: Mapped[str]
    outcome: Mapped[str] = mapped_column(default="done")
    subject_kind: Mapped[str | None]
    subject_id: Mapped[str | None]
    subject_name: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(insert_default=dict)
    address: Mapped[str]
    via: Mapped[str]
    __table_args__ = (
        one_of("outcome", "done", "refused"),
        sa.Index("ix_audit_events_newest", "created_at", "id"),
        sa.Index("ix_audit_events_of_user", "user_id", "created_at", "id"),
        sa.Index("ix_audit_events_by_action", "action", "created_at", "id"),
        sa.Index("ix_audit_events_of_subject", "subject_id", "created_at", "id"),
    )
    row_rules = RowRules(
        mine=f"user_id is not distinct from {ME}",
        readable=MINE_OR_ADMIN,
        may=("select", "insert"),
        workers=("select", "insert"),
    )
