"""Admins may read everybody's uploads, models and predictions: new rules, and the indexes of lists over all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RULES_DIGEST = "33be3cd7c6538d60"


NAME = "ix_predictions_of_all_"
INDEXES: dict[str, list[str | sa.TextClause]] = {
    "newest": ["created_at", "id"],
    "by_file": ["file_order", sa.text("upload_id DESC"), sa.text("created_at DESC"), sa.text("id DESC")],
    "by_rows": ["n_rows", "upload_id", "created_at", "id"],
    "by_duration": ["took_s", "created_at", "id"],
}


def upgrade() -> None:
    for name, columns in INDEXES.items():
        op.create_index(NAME + name, "predictions", columns)


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(NAME + name, "predictions")
