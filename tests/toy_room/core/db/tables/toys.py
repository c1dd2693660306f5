"""Toys."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.row_rules import MINE_OR_ADMIN, RowRules
from core.db.tables.base import Base, NewId, Now, Owner, one_of


class ToyRow(Base):
    """A toy. pid: of the process that made it."""

    __tablename__ = "toys"
    id: Mapped[NewId]
    user_id: Mapped[Owner]
    name: Mapped[str]
    upload_id: Mapped[int | None] = mapped_column(sa.ForeignKey("uploads.id"), index=True)
    task_id: Mapped[UUID] = mapped_column(sa.ForeignKey("tasks.id"), index=True)
    status: Mapped[str]
    storage_key: Mapped[str | None]
    pid: Mapped[int | None]
    created_at: Mapped[Now]
    __table_args__ = (one_of("status", "waiting", "ready", "failed"),)
    row_rules = RowRules(readable=MINE_OR_ADMIN, new="storage_key is null", columns=("status",))
