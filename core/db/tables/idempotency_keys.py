"""Answers that creating calls gave."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.row_rules import RowRules
from core.db.tables.base import Base, Hidden
from core.db.types import now_plus


class IdempotencyKeyRow(Base):
    """The answer that a creating call gave, kept so that the same call again gives it again."""

    __tablename__ = "idempotency_keys"
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_sha256: Mapped[str]
    status_code: Mapped[int | None]
    answer: Mapped[dict[str, Any] | None] = mapped_column(info=Hidden)  # of a new token: the token
    created_at: Mapped[datetime] = mapped_column(insert_default=now_plus(), index=True)
    row_rules = RowRules()
