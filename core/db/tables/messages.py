"""Messages: what was asked for a model's sake and what was answered."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.row_rules import MINE_OR_ADMIN, RowRules
from core.db.tables.base import Base, BigInt, NewId, Now, Owner, one_of


class MessageRow(Base):
    """One turn. chat_id: the model that it is about. role: who speaks; `user` with no round is a training's goal.

    Of what Claude is asked for a model's code, `round` counts from 1: `user` is the question, `assistant` the answer,
    `system` why there was none of use, as the app says it. model: as the provider names it. n_input, n_output: tokens.
    cost: in nano-dollars.
    """

    __tablename__ = "messages"
    id: Mapped[NewId]
    chat_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ai_models.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[Owner]
    role: Mapped[str]
    content: Mapped[str]
    round: Mapped[int | None]
    model: Mapped[str | None]
    n_input: Mapped[int | None]
    n_output: Mapped[int | None]
    cost: Mapped[BigInt | None]
    created_at: Mapped[Now]
    __table_args__ = (
        one_of("role", "user", "assistant", "system"),
        sa.Index("ix_messages_of_user", "user_id", "chat_id", "created_at"),
    )
    n_distinct: ClassVar = {"chat_id": 1_000}
    row_rules = RowRules(
        readable=MINE_OR_ADMIN,
        may=("select", "insert"),
        new="role = 'user' and round is null and cost is null",
    )
