"""Tasks line up by turns and a sequence instead of a time, and note when their delay and lease were reckoned."""

import sqlalchemy as sa
from alembic import op

from core.db.types import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

RULES_DIGEST = "bd9de87bdc0730d4"
QUEUED = "state = 'QUEUED'"
INDEXES = {
    "ix_tasks_ready": (["kind", "priority", "turn", "magnitude", "seq"], QUEUED),
    "ix_tasks_unsent": (["seq"], f"{QUEUED} AND published_at IS NULL"),
    "ix_tasks_lease": (["kind", "lease_until"], "state = 'RUNNING'"),
    "ix_tasks_mine": (["user_id", "kind", "priority", "turn"], "state IN ('QUEUED', 'RUNNING')"),
    "ix_tasks_turns": (["kind", "priority", "turn"], "attempt > 0"),
}
FORMER_INDEXES = {
    "ix_tasks_ready": (["kind", "priority", "run_at"], QUEUED),
    "ix_tasks_unsent": (["run_at"], f"{QUEUED} AND published_at IS NULL"),
    "ix_tasks_lease": (["lease_until"], "state = 'RUNNING'"),
}
ZERO = sa.text("0")


def upgrade() -> None:
    for name in FORMER_INDEXES:
        op.drop_index(name, "tasks")
    op.execute("ALTER TABLE tasks RENAME COLUMN run_at TO was_due_at")
    op.add_column("tasks", sa.Column("turn", sa.BigInteger(), nullable=False, server_default=ZERO))
    op.add_column("tasks", sa.Column("magnitude", sa.Integer(), nullable=False, server_default=ZERO))
    op.add_column("tasks", sa.Column("seq", sa.BigInteger(), nullable=False, server_default=ZERO))
    op.add_column("tasks", sa.Column("run_at", UtcDateTime(), nullable=True))
    op.add_column("tasks", sa.Column("timed_at", UtcDateTime(), nullable=True))
    op.execute(
        "UPDATE tasks SET seq = queue.n, timed_at = created_at, "
        "run_at = CASE WHEN was_due_at > created_at THEN was_due_at END "
        "FROM (SELECT id AS task_id, row_number() OVER (ORDER BY was_due_at, id) AS n FROM tasks "
        "WHERE state IN ('QUEUED', 'RUNNING')) AS queue WHERE tasks.id = queue.task_id"
    )
    op.drop_column("tasks", "was_due_at")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.CreateSequence(sa.Sequence("tasks_seq")))
        op.execute("SELECT setval('tasks_seq', (SELECT max(seq) + 1 FROM tasks))")
    _make(INDEXES)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP VIEW IF EXISTS model_desk.open_tasks, model_desk.turns")
    for name in INDEXES:
        op.drop_index(name, "tasks")
    op.execute("ALTER TABLE tasks RENAME COLUMN run_at TO delayed_to")
    long_ago = sa.text("'1970-01-01 00:00:00'")  # SQLite adds no column that is never null without one
    op.add_column("tasks", sa.Column("run_at", UtcDateTime(), nullable=False, server_default=long_ago))
    op.execute("UPDATE tasks SET run_at = coalesce(delayed_to, created_at)")
    for name in ("turn", "magnitude", "seq", "timed_at", "delayed_to"):
        op.drop_column("tasks", name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.DropSequence(sa.Sequence("tasks_seq")))
    _make(FORMER_INDEXES)


def _make(indexes: dict[str, tuple[list[str], str]]) -> None:
    for name, (columns, where) in indexes.items():
        condition = sa.text(where)
        op.create_index(name, "tasks", columns, sqlite_where=condition, postgresql_where=condition)
