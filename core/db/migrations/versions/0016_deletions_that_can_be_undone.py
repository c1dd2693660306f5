"""Conversations and batch jobs that are deleted stay for some seconds, hidden, so that it can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

RULES_DIGEST = "7811932366013970"


def upgrade() -> None:
    op.create_table(
        "deleted_conversations",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_deleted_conversations_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        *_of_task("deleted_conversations"),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_deleted_conversations")),
    )
    op.create_table(
        "deleted_batch_jobs",
        sa.Column("batch_job_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_job_id"],
            ["batch_jobs.id"],
            name=op.f("fk_deleted_batch_jobs_batch_job_id_batch_jobs"),
            ondelete="CASCADE",
        ),
        *_of_task("deleted_batch_jobs"),
        sa.PrimaryKeyConstraint("batch_job_id", name=op.f("pk_deleted_batch_jobs")),
    )
    for table in ("deleted_conversations", "deleted_batch_jobs"):
        for column in ("user_id", "task_id"):
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _of_task(table: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f(f"fk_{table}_user_id_users")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f(f"fk_{table}_task_id_tasks")),
    ]


def downgrade() -> None:
    op.drop_table("deleted_batch_jobs")
    op.drop_table("deleted_conversations")
