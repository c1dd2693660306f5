"""Predictions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db.row_rules import MINE_OR_ADMIN, RowRules
from core.db.tables.base import Base, BigInt, NewId, Now, Owner, one_of
from core.db.tables.models import ModelRow
from core.db.tables.tasks import TaskRow
from core.db.tables.uploads import UploadRow


class PredictionRow(Base):
    """One upload scored by one model. Rows done and total are those of its task."""

    __tablename__ = "predictions"
    id: Mapped[NewId]
    user_id: Mapped[Owner]
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
    output_bytes: Mapped[BigInt | None]
    output_sha256: Mapped[str | None]
    columns: Mapped[dict[str, Any] | None]
    metrics_json: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    receipt: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    error_message: Mapped[str | None]
    error_hint: Mapped[str | None]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    upload: Mapped[UploadRow] = relationship(lazy="raise_on_sql")
    model: Mapped[ModelRow] = relationship(lazy="raise_on_sql")
    task: Mapped[TaskRow] = relationship(lazy="raise_on_sql")
    __table_args__ = (
        one_of("mode", "queued", "sync"),
        one_of("status", "QUEUED", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"),
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
    n_distinct: ClassVar = {
        "upload_id": 5_000,
        "model_id": 500,
        "status": 5,
        "file_order": 5_000,
        "n_rows": 5_000,
        "took_s": 50_000,
    }
    row_rules = RowRules(
        readable=MINE_OR_ADMIN,
        new="status = 'QUEUED' and output_key is null",
        columns=(
            *("status", "updated_at", "error_message", "error_hint", "started_at", "finished_at"),
            *("task_id", "n_rows", "took_s"),
        ),
    )
