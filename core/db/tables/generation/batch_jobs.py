"""Batch jobs: what was asked for, its items, the requests made for them, and the log."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db.row_rules import ADMIN, MINE_OR_REVIEWER, ROLE, RowRules
from core.db.tables.base import Base, BigInt, NewId, Now, Owner, one_of
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.db.tables.tasks import TaskRow

OF_MY_JOB = "batch_job_id in (select id from public.batch_jobs where user_id = (select auth.uid()))"
OF_MY_JOB_OR_ADMIN = f"({OF_MY_JOB} or {ADMIN})"
# Of a job, a reviewer sees its name and what its requests came to: where a conversation comes from. No item, no log.
OF_MY_JOB_OR_REVIEWER = f"({OF_MY_JOB} or {ROLE} in ('admin', 'reviewer'))"


class BatchJobRow(Base):
    """One template filled in many times and sent to a model. Money is in whole nano-dollars.

    choice: why this template was taken, where none was named. model: as the provider calls it. estimate: what was
    shown before the start. max_cost: spent and in flight never pass it; null where no money flows. in_flight: what is
    being asked for may cost at most. pause_after: so many items are settled first, to see what they cost.
    requested_status: what a running job should become (`paused`), until its task has ended. by_hand: its task does
    one item and waits for the next click. reason: why it is paused or failed, as an error's code, message and hint.
    """

    __tablename__ = "batch_jobs"
    id: Mapped[NewId]
    user_id: Mapped[Owner]
    name: Mapped[str]
    template_id: Mapped[UUID] = mapped_column(sa.ForeignKey("prompt_templates.id"), index=True)
    choice: Mapped[str | None]
    kind: Mapped[str] = mapped_column(default="generate")
    mode: Mapped[str] = mapped_column(default="realtime")
    provider: Mapped[str]
    model: Mapped[str]
    concurrency: Mapped[int]
    max_tokens: Mapped[int]
    max_cost: Mapped[BigInt | None]
    in_flight: Mapped[BigInt] = mapped_column(default=0, server_default=sa.text("0"))
    n_items: Mapped[int]
    pause_after: Mapped[int | None]
    auto_enrich: Mapped[bool] = mapped_column(default=False)
    estimate: Mapped[dict[str, Any] | None]
    requested_status: Mapped[str | None]
    by_hand: Mapped[bool] = mapped_column(default=False)
    parent_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("batch_jobs.id", ondelete="SET NULL"), index=True
    )
    task_id: Mapped[UUID] = mapped_column(sa.ForeignKey("tasks.id"), index=True)
    status: Mapped[str] = mapped_column(default="queued")
    reason: Mapped[dict[str, Any] | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    template: Mapped[PromptTemplateRow] = relationship(lazy="raise_on_sql")
    task: Mapped[TaskRow] = relationship(lazy="raise_on_sql")
    __table_args__ = (
        one_of("status", "queued", "processing", "paused", "completed", "failed", "cancelled"),
        one_of("kind", "generate", "enrich"),
        one_of("mode", "realtime", "batches"),
        sa.Index("ix_batch_jobs_newest", "user_id", "created_at", "id"),
        sa.Index("ix_batch_jobs_by_status", "user_id", "status", "created_at", "id"),
        sa.Index("ix_batch_jobs_status_created_at", "status", "created_at"),
    )
    n_distinct: ClassVar = {"status": 6, "template_id": 100, "parent_id": 100}
    row_rules = RowRules(
        readable=MINE_OR_REVIEWER,
        new="status = 'queued'",
        columns=(
            *("status", "reason", "requested_status", "by_hand", "task_id", "max_cost"),
            *("concurrency", "updated_at", "started_at", "finished_at", "name", "in_flight", "pause_after"),
        ),
    )


class BatchItemRow(Base):
    """One filling of a job's template. `conversation_id` is the primary key of `conversations`.

    n_asked: how often it was sent. n_bad: how many replies could not be used, n_failed: how often none came.
    error: an error's code, message and hint.
    """

    __tablename__ = "batch_items"
    id: Mapped[NewId]
    batch_job_id: Mapped[UUID] = mapped_column(sa.ForeignKey("batch_jobs.id", ondelete="CASCADE"))
    idx: Mapped[int]
    params: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="queued", server_default="queued")
    n_asked: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    n_bad: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    n_failed: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    conversation_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("conversations.id", ondelete="SET NULL"), index=True
    )
    error: Mapped[dict[str, Any] | None]
    updated_at: Mapped[Now]
    __table_args__ = (
        one_of("state", "queued", "processing", "completed", "failed", "cancelled"),
        sa.UniqueConstraint("batch_job_id", "idx"),
        sa.Index("ix_batch_items_by_state", "batch_job_id", "state", "idx"),
    )
    n_distinct: ClassVar = {"batch_job_id": 1_000, "state": 5}
    row_rules = RowRules(
        mine=OF_MY_JOB,
        readable=OF_MY_JOB_OR_ADMIN,
        may=("select", "insert", "update", "delete"),
        new="state = 'queued' and conversation_id is null and n_asked = 0",
        columns=("state", "error", "n_bad", "n_failed", "updated_at"),
    )


class BatchCallRow(Base):
    """One request of a job, kept for its price. Never a prompt, a reply or a key; cost in nano-dollars.

    item_idx: which item it was for; null for a sample that was counted. status: the HTTP status, null where no answer
    came. code: of the failure, null where there was none. is_repeated: an answer may have been paid for that was never
    seen, and `cost` is what it may have cost at most. raw_key: where the reply is stored; raw: the reply itself, while
    storage is away.
    """

    __tablename__ = "batch_calls"
    id: Mapped[NewId]
    batch_job_id: Mapped[UUID] = mapped_column(sa.ForeignKey("batch_jobs.id", ondelete="CASCADE"))
    item_idx: Mapped[int | None]
    n: Mapped[int]
    model: Mapped[str]
    status: Mapped[int | None]
    code: Mapped[str | None]
    stop_reason: Mapped[str | None]
    n_input: Mapped[int] = mapped_column(default=0)
    n_output: Mapped[int] = mapped_column(default=0)
    n_cache_read: Mapped[int] = mapped_column(default=0)
    n_cache_write: Mapped[int] = mapped_column(default=0)
    cost: Mapped[BigInt] = mapped_column(default=0)
    is_repeated: Mapped[bool] = mapped_column(default=False)
    latency_s: Mapped[float | None]
    raw_key: Mapped[str | None]
    raw: Mapped[bytes | None] = mapped_column(deferred=True)
    asked_at: Mapped[datetime]
    __table_args__ = (
        sa.UniqueConstraint("batch_job_id", "item_idx", "n"),
        sa.Index("ix_batch_calls_asked_at", "asked_at", "cost"),
        sa.Index("ix_batch_calls_cost", "batch_job_id", "is_repeated", "cost"),
    )
    n_distinct: ClassVar = {"batch_job_id": 1_000}
    row_rules = RowRules(mine=OF_MY_JOB, readable=OF_MY_JOB_OR_REVIEWER, may=("select", "delete"))


class ProviderBatchRow(Base):
    """A Message Batch at the provider: the intention first, its id there once it is known.

    idxs: which items it holds. state: `intended` until its id is known, then `submitted`, `collected` or `lost`.
    """

    __tablename__ = "provider_batches"
    id: Mapped[NewId]
    batch_job_id: Mapped[UUID] = mapped_column(sa.ForeignKey("batch_jobs.id", ondelete="CASCADE"), index=True)
    provider_id: Mapped[str | None] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default="intended")
    idxs: Mapped[list[Any]]
    n_requests: Mapped[int]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    __table_args__ = (one_of("state", "intended", "submitted", "collected", "lost"),)
    n_distinct: ClassVar = {"batch_job_id": 1_000}
    row_rules = RowRules(mine=OF_MY_JOB, readable=OF_MY_JOB_OR_ADMIN, may=("select", "delete"))


class BatchLogLineRow(Base):
    """A line of a job's log. It holds no prompt, no reply and no key."""

    __tablename__ = "batch_log_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    batch_job_id: Mapped[UUID] = mapped_column(sa.ForeignKey("batch_jobs.id", ondelete="CASCADE"))
    level: Mapped[str]
    text: Mapped[str]
    created_at: Mapped[Now]
    __table_args__ = (
        one_of("level", "info", "warning", "error"),
        sa.Index("ix_batch_log_lines_of_job", "batch_job_id", "id"),
        {"sqlite_autoincrement": True},
    )
    n_distinct: ClassVar = {"batch_job_id": 1_000}
    row_rules = RowRules(mine=OF_MY_JOB, readable=OF_MY_JOB_OR_ADMIN, may=("select", "insert", "delete"))
