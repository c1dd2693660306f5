"""An index of the few predictions with a mapping, so that the last one is found among any number."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_predictions_mapped",
        "predictions",
        ["user_id", "created_at"],
        sqlite_where=sa.text("json_extract(options, '$.mapping') IS NOT NULL"),
        postgresql_where=sa.text("(options -> 'mapping') IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_predictions_mapped", "predictions")
