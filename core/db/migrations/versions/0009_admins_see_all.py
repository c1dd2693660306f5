"""Admins may read everybody's uploads, models and predictions: new rules, and the index of a list over all of them."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FENCE = "33be3cd7c6538d60"


def upgrade() -> None:
    op.create_index("ix_predictions_newest_of_all", "predictions", ["created_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_predictions_newest_of_all", "predictions")
