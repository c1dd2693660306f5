"""An index of the tasks that wait without a message, which a carrier looks for all the time."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UNSENT = sa.text("state = 'QUEUED' AND published_at IS NULL")


def upgrade() -> None:
    op.create_index("ix_tasks_unsent", "tasks", ["run_at"], sqlite_where=UNSENT, postgresql_where=UNSENT)


def downgrade() -> None:
    op.drop_index("ix_tasks_unsent", "tasks")
