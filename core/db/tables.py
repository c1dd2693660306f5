"""All tables. Ids are UUIDs unless said, times are aware UTC; a state's allowed moves live in its room."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from core.db.types import UtcDateTime, now_plus

Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: Json, list[Any]: Json}  # noqa: RUF012


def _one_of(column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


class UserRow(Base):
    """A person. On a loopback start without sign-in there is one: the local user.

    issuer, subject: who answers for this person, and by what name; both NULL for the local user. email: verified
    by the issuer. Whoever is blocked gets in by no session, token or sign-in.
    """

    __tablename__ = "users"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(default="analyst")
    is_local: Mapped[bool] = mapped_column(default=False)
    issuer: Mapped[str | None]
    subject: Mapped[str | None]
    blocked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(insert_default=now_plus())
    __table_args__ = (
        _one_of("role", "analyst", "reviewer", "admin"),
        sa.Index("uq_users_identity", "issuer", "subject", unique=True),
        sa.Index("uq_users_local", "is_local", unique=True, sqlite_where=sa.text("is_local"),
                 postgresql_where=sa.text("is_local")),
    )  # fmt: skip


class SessionRow(Base):
    """Somebody who is signed in at one browser. Of its cookie only the hash is kept."""

    __tablename__ = "sessions"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    secret_hash: Mapped[str] = mapped_column(unique=True)
    means: Mapped[str]
    address: Mapped[str]
    agent: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(insert_default=now_plus())
    seen_at: Mapped[datetime] = mapped_column(insert_default=now_plus())
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    __table_args__ = (
        _one_of("means", "oidc", "supabase"),
        sa.Index("ix_sessions_user_id_created_at", "user_id", "created_at", "id"),
    )


class ApiTokenRow(Base):
    """A personal token for programs; of its secret only the hash and the first letters are kept.

    scopes: some of read, write, training.
    """

    __tablename__ = "api_tokens"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    name: Mapped[str]
    secret_hash: Mapped[str] = mapped_column(unique=True)
    begins: Mapped[str]
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(insert_default=now_plus())
    used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    __table_args__ = (sa.Index("ix_api_tokens_user_id_created_at", "user_id", "created_at", "id"),)


class AuditEventRow(Base):
    """Who did what to what, when, from where; only ever added to.

    user_id: NULL where it was not known who asked. actor: their name as it was then. via: session, token, jwt,
    local, shell or nothing. subject: what was acted on, its kind, id, and its name as it was then.
    """

    __tablename__ = "audit_events"
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012  # who adds a line may not have it read back
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    created_at: Mapped[datetime] = mapped_column(insert_default=now_plus())
    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    actor: Mapped[str]
    action: Mapped[str]
    outcome: Mapped[str] = mapped_column(default="done")
    subject_kind: Mapped[str | None]
    subject_id: Mapped[str | None]
    subject_name: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(insert_default=dict)
    address: Mapped[str]
    via: Mapped[str]
    __table_args__ = (
        _one_of("outcome", "done", "refused"),
        sa.Index("ix_audit_events_newest", "created_at", "id"),
        sa.Index("ix_audit_events_of_user", "user_id", "created_at", "id"),
        sa.Index("ix_audit_events_by_action", "action", "created_at", "id"),
        sa.Index("ix_audit_events_of_subject", "subject_id", "created_at", "id"),
    )


class TaskRow(Base):
    """A piece of work: transactional outbox and leased queue in one. Written by core.queue only.

    The smallest `priority` is taken first. `attempt` is the fencing token and only grows; towards `max_attempts` count
    neither the `n_released` attempts that were handed back nor the `n_progressed` ones that brought the checkpoint
    further before they ended. `checkpoint_attempt` wrote the checkpoint; 0: none did.
    """

    __tablename__ = "tasks"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), index=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="QUEUED")
    priority: Mapped[int] = mapped_column(default=0)
    run_at: Mapped[datetime] = mapped_column(insert_default=now_plus())
    payload: Mapped[dict[str, Any]]
    attempt: Mapped[int] = mapped_column(default=0)
    n_released: Mapped[int] = mapped_column(default=0)
    n_progressed: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    max_attempts: Mapped[int] = mapped_column(default=3)
    lease_owner: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    done: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    total: Mapped[int | None] = mapped_column(sa.BigInteger)
    checkpoint: Mapped[dict[str, Any] | None]
    checkpoint_attempt: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    dedupe_key: Mapped[str | None] = mapped_column(unique=True)
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(insert_default=now_plus())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    __table_args__ = (
        _one_of("state", "QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"),
        sa.Index("ix_tasks_ready", "kind", "priority", "run_at",
                 sqlite_where=sa.text("state = 'QUEUED'"), postgresql_where=sa.text("state = 'QUEUED'")),
        sa.Index("ix_tasks_unsent", "run_at",
                 sqlite_where=sa.text("state = 'QUEUED' AND published_at IS NULL"),
                 postgresql_where=sa.text("state = 'QUEUED' AND published_at IS NULL")),
        sa.Index("ix_tasks_lease", "lease_until",
                 sqlite_where=sa.text("state = 'RUNNING'"), postgresql_where=sa.text("state = 'RUNNING'")),
    )  # fmt: skip


class WorkerRow(Base):
    """A process that takes tasks by itself, from its start to its end. slots: in all of its `pools` together."""

    __tablename__ = "workers"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    host: Mapped[str]
    pid: Mapped[int]
    version: Mapped[str]
    slots: Mapped[int]
    pools: Mapped[dict[str, Any]] = mapped_column(insert_default=dict, server_default=sa.text("'{}'"))
    is_embedded: Mapped[bool]
    started_at: Mapped[datetime] = mapped_column(insert_default=now_plus())
    beat_at: Mapped[datetime] = mapped_column(insert_default=now_plus(), index=True)
    stopped_at: Mapped[datetime | None]


class UploadRow(Base):
    """A CSV that was checked and stored."""

    __tablename__ = "uploads"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    file_name: Mapped[str]
    storage_key: Mapped[str] = mapped_column(unique=True)
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger)
    sha256: Mapped[str]
    n_rows: Mapped[int] = mapped_column(sa.BigInteger)
    n_columns: Mapped[int]
    receipt: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    is_sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(insert_default=now_plus())
    __table_args__ = (
        sa.Index("ix_uploads_newest", "user_id", "created_at", "id", "file_name"),
        sa.Index("ix_uploads_user_id_sha256", "user_id", "sha256"),
        {"sqlite_autoincrement": True},
    )


class ModelRow(Base):
    """A trained model, or one in training. A name's versions count up from 1."""

    __tablename__ = "ai_models"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
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
    created_at: Mapped[datetime] = mapped_column(insert_default=now_plus())
    updated_at: Mapped[datetime] = mapped_column(insert_default=now_plus())
    task: Mapped[TaskRow] = relationship(lazy="raise_on_sql")
    __table_args__ = (
        _one_of("status", "training", "ready", "failed"),
        sa.UniqueConstraint("user_id", "name", "version"),
        sa.Index("ix_ai_models_newest", "user_id", "created_at", "id"),
    )


class PredictionRow(Base):
    """One upload scored by one model. Rows done and total are those of its task."""

    __tablename__ = "predictions"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    upload_id: Mapped[int] = mapped_column(sa.ForeignKey("uploads.id"), index=True)
    model_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ai_models.id"), index=True)
    task_id: Mapped[UUID] = mapped_column(sa.ForeignKey("tasks.id"), index=True)
    mode: Mapped[str]
    # What lists sort by, in indexes: of the upload as it was when this was asked for, and of the finished run.
    file_order: Mapped[str] = mapped_column(default="", server_default="")  # the file's name, case-folded
    n_rows: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default=sa.text("0"))
    took_s: Mapped[float] = mapped_column(default=0.0, server_default=sa.text("0"))
    options: Mapped[dict[str, Any]] = mapped_column(insert_default=dict, server_default=sa.text("'{}'"))
    status: Mapped[str] = mapped_column(default="QUEUED")
    output_key: Mapped[str | None]
    output_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)
    output_sha256: Mapped[str | None]
    columns: Mapped[dict[str, Any] | None]
    metrics_json: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    receipt: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    error_message: Mapped[str | None]
    error_hint: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(insert_default=now_plus())
    updated_at: Mapped[datetime] = mapped_column(insert_default=now_plus())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    upload: Mapped[UploadRow] = relationship(lazy="raise_on_sql")
    model: Mapped[ModelRow] = relationship(lazy="raise_on_sql")
    task: Mapped[TaskRow] = relationship(lazy="raise_on_sql")
    __table_args__ = (
        _one_of("mode", "queued", "sync"),
        _one_of("status", "QUEUED", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"),
        # Lists and counts are answered by these alone: the rows themselves are wide.
        sa.Index("ix_predictions_newest", "user_id", "created_at", "id", "status", "upload_id", "model_id"),
        sa.Index("ix_predictions_by_status", "user_id", "status", "created_at", "id"),
        sa.Index("ix_predictions_by_model", "user_id", "model_id", "created_at", "id", "status"),
        sa.Index("ix_predictions_by_upload", "user_id", "upload_id", "created_at", "id", "status"),
        sa.Index("ix_predictions_ended", "user_id", "status", "finished_at", "n_rows"),
        sa.Index("ix_predictions_by_file", "user_id", "file_order", sa.text("upload_id DESC"),
                 sa.text("created_at DESC"), sa.text("id DESC"), "status", "model_id"),
        sa.Index("ix_predictions_by_rows",
                 "user_id", "n_rows", "upload_id", "created_at", "id", "status", "model_id"),
        sa.Index("ix_predictions_by_duration",
                 "user_id", "took_s", "created_at", "id", "status", "upload_id", "model_id"),
        sa.Index("ix_predictions_status_created_at", "status", "created_at"),
        # An admin's lists are of everybody's.
        sa.Index("ix_predictions_of_all_newest", "created_at", "id"),
        sa.Index("ix_predictions_of_all_by_file", "file_order", sa.text("upload_id DESC"),
                 sa.text("created_at DESC"), sa.text("id DESC")),
        sa.Index("ix_predictions_of_all_by_rows", "n_rows", "upload_id", "created_at", "id"),
        sa.Index("ix_predictions_of_all_by_duration", "took_s", "created_at", "id"),
        sa.Index("ix_predictions_mapped", "user_id", "status", "created_at",
                 sqlite_where=sa.text("json_extract(options, '$.mapping') IS NOT NULL"),
                 postgresql_where=sa.text("(options -> 'mapping') IS NOT NULL")),
    )  # fmt: skip


class IdempotencyKeyRow(Base):
    """The answer that a creating call gave, kept so that the same call again gives it again."""

    __tablename__ = "idempotency_keys"
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_sha256: Mapped[str]
    status_code: Mapped[int | None]
    answer: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(insert_default=now_plus(), index=True)
