"""What was deleted and can still be taken back: nobody is shown it, and a task removes it."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.row_rules import MINE_OR_REVIEWER, RowRules
from core.db.tables.base import Base, Owner


class DeletedConversationRow(Base):
    """A conversation that `task_id` is to remove, if it still has this row version then."""

    __tablename__ = "deleted_conversations"
    conversation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[Owner] = mapped_column(index=True)
    task_id: Mapped[UUID] = mapped_column(sa.ForeignKey("tasks.id"), index=True)
    row_version: Mapped[int]
    n_distinct: ClassVar = {"task_id": 100}
    row_rules = RowRules(readable=MINE_OR_REVIEWER, may=("select", "insert", "delete"))


class DeletedBatchJobRow(Base):
    """A batch job that `task_id` is to remove, with items, requests, raw replies and log."""

    __tablename__ = "deleted_batch_jobs"
    batch_job_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("batch_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[Owner] = mapped_column(index=True)
    task_id: Mapped[UUID] = mapped_column(sa.ForeignKey("tasks.id"), index=True)
    row_rules = RowRules(readable=MINE_OR_REVIEWER, may=("select", "insert", "delete"))
