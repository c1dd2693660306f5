"""Prompt templates."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.row_rules import ME, RowRules
from core.db.tables.base import Base, NewId, Now


class PromptTemplateRow(Base):
    """One version of a prompt template, never changed. `author_id` is null for those that come with the app.

    family_id: what all versions of a template have in common; they count up from 1. variables: a list of objects as
    `core/generation/templates/variables.py` reads them. thresholds: what is asked of its conversations, as
    `core/generation/quality/thresholds.py` reads it; null where it is nothing of its own.
    """

    __tablename__ = "prompt_templates"
    id: Mapped[NewId]
    family_id: Mapped[UUID]
    version: Mapped[int]
    author_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    system: Mapped[str] = mapped_column(default="")
    prompt: Mapped[str]
    variables: Mapped[list[Any]]
    thresholds: Mapped[dict[str, Any] | None]
    created_at: Mapped[Now]
    __table_args__ = (sa.UniqueConstraint("family_id", "version"),)
    n_distinct: ClassVar = {"author_id": 50}
    row_rules = RowRules(mine=f"author_id = {ME}", readable=f"{ME} is not null", may=("select", "insert"))
