"""What a prediction was asked to do beyond its file and model, and the receipt of its scores."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("predictions", sa.Column("options", Json, nullable=False, server_default=sa.text("'{}'")))
    op.add_column("predictions", sa.Column("receipt", Json, nullable=True))


def downgrade() -> None:
    op.drop_column("predictions", "receipt")
    op.drop_column("predictions", "options")
