"""Uploads."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db.row_rules import ME, MINE_OR_ADMIN, RowRules
from core.db.tables.base import Base, BigInt, Now, Owner


class UploadRow(Base):
    """A CSV that was checked and stored."""

    __tablename__ = "uploads"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[Owner]
    file_name: Mapped[str]
    storage_key: Mapped[str] = mapped_column(unique=True)
    size_bytes: Mapped[BigInt]
    sha256: Mapped[str]
    n_rows: Mapped[BigInt]
    n_columns: Mapped[int]
    receipt: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    is_sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Now]
    __table_args__ = (
        sa.Index("ix_uploads_newest", "user_id", "created_at", "id", "file_name"),
        sa.Index("ix_uploads_user_id_sha256", "user_id", "sha256"),
        {"sqlite_autoincrement": True},
    )
    row_rules = RowRules(
        readable=MINE_OR_ADMIN,
        new=f"starts_with(storage_key, 'uploads/user_' || {ME} || '/')",
        columns=("receipt", "n_rows", "n_columns"),
    )
