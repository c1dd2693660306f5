"""Workers say what they can do in each pool, tasks are taken by kind, and attempts that make progress do not count."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

RULES_DIGEST = "dfb5f292338dedd2"
Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
QUEUED = sa.text("state = 'QUEUED'")
COUNTERS = ("n_progressed", "checkpoint_attempt")


def upgrade() -> None:
    for name in COUNTERS:
        op.add_column("tasks", sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("workers", sa.Column("pools", Json, nullable=False, server_default=sa.text("'{}'")))
    _index("kind", "priority", "run_at")


def downgrade() -> None:
    for name in COUNTERS:
        op.drop_column("tasks", name)
    op.drop_column("workers", "pools")
    _index("priority", "run_at")


def _index(*columns: str) -> None:
    op.drop_index("ix_tasks_ready", "tasks")
    op.create_index("ix_tasks_ready", "tasks", list(columns), sqlite_where=QUEUED, postgresql_where=QUEUED)
