"""Models."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db.row_rules import MINE_OR_ADMIN, RowRules
from core.db.tables.base import Base, NewId, Now, Owner, one_of
from core.db.tables.tasks import TaskRow


class ModelRow(Base):
    """A trained model, or one in training. A name's versions count up from 1."""

    __tablename__ = "ai_models"
    id: Mapped[NewId]
    user_id: Mapped[Owner]
    name: Mapped[str]
    version: Mapped[int]
    status: Mapped[str] = mapped_column(default="training")
    target: Mapped[str]
    task_type: Mapped[str | None]
    upload_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("uploads.id", ondelete="SET NULL"), index=True
    )
    task_id: Mapped[UUID] = mapped_column(sa.ForeignKey("tasks.id"), index=True)
    data_name: Mapped[str]
    data_sha256: Mapped[str]
    schema: Mapped[dict[str, Any] | None]
    report: Mapped[dict[str, Any] | None]
    artifact_key: Mapped[str | None]
    artifact_sha256: Mapped[str | None]
    error: Mapped[dict[str, Any] | None]
    is_sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    task: Mapped[TaskRow] = relationship(lazy="raise_on_sql")
    __table_args__ = (
        one_of("status", "training", "ready", "failed"),
        sa.UniqueConstraint("user_id", "name", "version"),
        sa.Index("ix_ai_models_newest", "user_id", "created_at", "id"),
    )
    n_distinct: ClassVar = {"name": 1_000, "upload_id": 5_000}
    row_rules = RowRules(
        readable=MINE_OR_ADMIN,
        new="status = 'training' and artifact_key is null",
        columns=("status", "updated_at", "error"),
    )
