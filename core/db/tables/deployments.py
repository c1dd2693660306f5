"""Deployments: a model's live app, whether it is up, and who keeps it so."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db.row_rules import MINE_OR_ADMIN, RowRules, update_guard
from core.db.tables.base import Base, Hidden, NewId, Now, Owner, one_of
from core.db.tables.models import ModelRow

_USERS_ONLY_TAKE_URLS_AWAY = update_guard(
    "deployments",
    "users_only_take_urls_of_deployments_away",
    """
  if new.url is distinct from old.url and new.url is not null then
    raise exception 'only the keeper gives a deployment its address' using errcode = '42501';
  end if;
  return new;
""",
)


class DeploymentRow(Base):
    """A model's live app, one a model.

    backend: the kind of sandbox. reason: why it is unhealthy or failed, as an error's code, message and hint. url:
    where people open it, while it is up or would be with the next request. sandbox_ref, nonce: of the process that
    serves now. checks: rows with the answers that the model gave in training; what serves must give the same.
    lease_owner: the keeper whose process it is, until lease_until. used_at: the last request; the times to live count
    from it. unreachable_since: since when nobody could reach its sandbox, which may well live on.
    """

    __tablename__ = "deployments"
    id: Mapped[NewId]
    user_id: Mapped[Owner]
    model_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ai_models.id", ondelete="CASCADE"), unique=True)
    training_job_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("training_jobs.id", ondelete="SET NULL"), index=True
    )
    task_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("tasks.id"), index=True)
    backend: Mapped[str] = mapped_column(default="local")
    status: Mapped[str] = mapped_column(default="starting")
    reason: Mapped[dict[str, Any] | None]
    url: Mapped[str | None]
    checks: Mapped[list[Any] | None] = mapped_column(deferred=True)
    sandbox_ref: Mapped[str | None]
    nonce: Mapped[str | None] = mapped_column(deferred=True, info=Hidden)
    lease_owner: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    used_at: Mapped[Now]
    live_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    unreachable_since: Mapped[datetime | None]
    model: Mapped[ModelRow] = relationship(lazy="raise_on_sql")

    @property
    def is_public(self) -> bool:
        """Whether its address is another machine's own, which nobody has to sign in for."""
        return self.backend == "e2b" and self.url is not None and "/live/" not in self.url

    __table_args__ = (
        one_of(
            "status",
            *("starting", "checking", "live", "unhealthy", "paused", "expired", "stopped", "failed"),
        ),
        one_of("backend", "local", "e2b"),
        sa.Index("ix_deployments_newest", "user_id", "created_at", "id"),
        sa.Index("ix_deployments_status_used_at", "status", "used_at"),
    )
    n_distinct: ClassVar = {"status": 8}
    row_rules = RowRules(
        readable=MINE_OR_ADMIN,
        new="status = 'starting' and url is null and nonce is null and sandbox_ref is null and checks is null",
        columns=("status", "reason", "url", "updated_at", "used_at", "expires_at"),
        sql=_USERS_ONLY_TAKE_URLS_AWAY,
    )
