"""Toys."""

import sqlalchemy as sa
from alembic import op

from core.db.types import UtcDateTime

revision = "9999"
down_revision = "the newest"  # whoever adds this to a tree puts its newest revision here
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "toys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("upload_id", sa.Integer()),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("storage_key", sa.String()),
        sa.Column("pid", sa.Integer()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("status IN ('waiting', 'ready', 'failed')", name="status_known"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"]),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_toys_upload_id", "toys", ["upload_id"])
    op.create_index("ix_toys_task_id", "toys", ["task_id"])


def downgrade() -> None:
    op.drop_table("toys")
