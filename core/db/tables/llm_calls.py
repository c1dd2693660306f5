"""Requests to the model that no batch job made, kept for their price: the day's limit counts them with the others."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.row_rules import MINE_OR_ADMIN, RowRules
from core.db.tables.base import Base, BigInt, NewId, Owner


class LlmCallRow(Base):
    """One request. Never a prompt, a reply or a key; cost in nano-dollars.

    training_job_id: whose code was asked for; null once that training is deleted, for the money stays spent. code: of
    the failure, null where there was none. is_open: no answer is known yet, or ever, and `cost` is what it may have
    cost at most.
    """

    __tablename__ = "llm_calls"
    id: Mapped[NewId]
    user_id: Mapped[Owner] = mapped_column(index=True)
    training_job_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("training_jobs.id", ondelete="SET NULL"), index=True
    )
    model: Mapped[str]
    code: Mapped[str | None]
    n_input: Mapped[int] = mapped_column(default=0)
    n_output: Mapped[int] = mapped_column(default=0)
    cost: Mapped[BigInt]
    is_open: Mapped[bool] = mapped_column(default=True)
    asked_at: Mapped[datetime]
    __table_args__ = (sa.Index("ix_llm_calls_asked_at", "asked_at", "cost"),)
    n_distinct: ClassVar = {"user_id": 100, "training_job_id": 1_000}
    row_rules = RowRules(readable=MINE_OR_ADMIN, may=("select",))
