"""What was done to conversations in review: the receipts of decisions and edits."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.row_rules import ME, RowRules
from core.db.tables.base import Base, NewId, one_of

OF_A_SEEN_ONE = "exists (select from public.conversations c where c.id = review_events.conversation_id)"


class ReviewEventRow(Base):
    """A decision on a conversation, or an edit; only ever added to. `conversation_id` is the primary key.

    action: `pending` where a decision was taken back. revision: which one was decided on, or came of the edit; 0 is as
    it was generated. row_version: the conversation's, since then; null for edits of before this was kept. old_status,
    old_reason: of the conversation before. bulk_id: what all those have in common that were decided on at once.
    author_name: as it was then, without an address; whoever reads the conversation reads it.
    """

    __tablename__ = "review_events"
    id: Mapped[NewId]
    conversation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("conversations.id", ondelete="CASCADE"))
    action: Mapped[str]
    reason: Mapped[str | None]
    revision: Mapped[int]
    row_version: Mapped[int | None]
    old_status: Mapped[str]
    old_reason: Mapped[str | None]
    bulk_id: Mapped[UUID | None]
    author_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    author_name: Mapped[str]
    at: Mapped[datetime]
    __table_args__ = (
        one_of("action", "approved", "rejected", "pending", "edited"),
        one_of("old_status", "pending", "approved", "rejected"),
        sa.Index("ix_review_events_of_conversation", "conversation_id", "at"),
        sa.Index("ix_review_events_of_author", "author_id", "at"),
        sa.Index("ix_review_events_of_bulk", "bulk_id", "conversation_id"),
    )
    n_distinct: ClassVar = {"author_id": 20, "bulk_id": 1_000}
    row_rules = RowRules(
        mine=f"author_id = {ME}", readable=OF_A_SEEN_ONE, may=("select", "insert"), new=OF_A_SEEN_ONE
    )
