"""Models."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db.row_rules import MINE_OR_ADMIN, RowRules, update_guard
from core.db.tables.base import Base, NewId, Now, Owner, one_of
from core.db.tables.tasks import TaskRow

_USERS_ONLY_TAKE_URLS_AWAY = update_guard(
    "ai_models",
    "users_only_take_urls_of_models_away",
    """
  if new.deployed_url is distinct from old.deployed_url and new.deployed_url is not null then
    raise exception 'only the keeper gives a model its address' using errcode = '42501';
  end if;
  return new;
""",
)


class ModelRow(Base):
    """A trained model, or one in training. A name's versions count up from 1.

    origin: what made it, the app's own recipes (`built_in`) or code in a sandbox. format: of its file; what `skops`
    wrote is opened by the app, `bytes` only in a sandbox. deployed_url: of its live app, while that is up.
    threshold: the probability from which on a row counts as the positive one of two classes, and the rule by which it
    was chosen; None for one half, and for a model of no two classes.
    """

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
    origin: Mapped[str] = mapped_column(default="built_in", server_default="built_in")
    format: Mapped[str] = mapped_column(default="skops", server_default="skops")
    deployed_url: Mapped[str | None]
    threshold: Mapped[float | None]
    threshold_rule: Mapped[str | None]
    is_sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    task: Mapped[TaskRow] = relationship(lazy="raise_on_sql")
    __table_args__ = (
        one_of("status", "training", "ready", "failed"),
        one_of("origin", "built_in", "sandbox"),
        one_of("format", "skops", "bytes"),
        one_of("threshold_rule", "half", "as_trained", "best_f1", "by_hand"),
        sa.CheckConstraint("threshold > 0 AND threshold < 1", name="threshold_known"),
        sa.UniqueConstraint("user_id", "name", "version"),
        sa.Index("ix_ai_models_newest", "user_id", "created_at", "id"),
    )
    n_distinct: ClassVar = {"name": 1_000, "upload_id": 5_000}
    row_rules = RowRules(
        readable=MINE_OR_ADMIN,
        new="status = 'training' and artifact_key is null and deployed_url is null",
        columns=("status", "updated_at", "error", "deployed_url", "threshold", "threshold_rule"),
        sql=_USERS_ONLY_TAKE_URLS_AWAY,
    )
