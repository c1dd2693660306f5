"""Trainings that report from their owner's machine: jobs without model and task, and the batches that came of them.

Where SQLite is opened without foreign keys, as its shell does, triggers still refuse rows of another user.
"""

import sqlalchemy as sa
from alembic import op

from core.db.types import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

RULES_DIGEST = "61be47f8f26f5b4f"
STATES = (
    "'queued', 'scraping', 'generating', 'provisioning', 'training', 'collecting', "
    "'succeeded', 'failed', 'cancelled', 'timed_out', 'lost'"
)
# Batch mode copies a table of SQLite without its checks.
CHECKS = {
    "code_source_known": "code_source IN ('template', 'claude', 'user')",
    "origin_known": "origin IN ('trigger', 'local')",
    "status_known": f"status IN ({STATES})",
}
MODEL_AND_TASK = "origin = 'local' OR (model_id IS NOT NULL AND task_id IS NOT NULL)"
OF_ITS_JOB = "select 1 from training_jobs where id = new.training_job_id and user_id = new.user_id"
KNOWN_USER = "select 1 from users where id = new.user_id"
# Of each table: what a row has to name that is there.
REFUSALS = {
    "training_jobs": (KNOWN_USER, "a training of an unknown user"),
    "training_predictions": (OF_ITS_JOB, "a prediction of another user than its training"),
    "training_batches": (OF_ITS_JOB, "a batch of another user than its training"),
}
VERBS = ("insert", "update")

# SQL made of our own constants


def upgrade() -> None:
    with op.batch_alter_table("training_jobs", table_args=_checks()) as jobs:
        jobs.alter_column("model_id", existing_type=sa.Uuid(), nullable=True)
        jobs.alter_column("task_id", existing_type=sa.Uuid(), nullable=True)
        jobs.add_column(sa.Column("data_name", sa.String(), nullable=True))
        jobs.add_column(sa.Column("token_id", sa.Uuid(), nullable=True))
        jobs.add_column(sa.Column("attempt", sa.Integer(), nullable=True))
        jobs.create_foreign_key(
            op.f("fk_training_jobs_token_id_api_tokens"), "api_tokens", ["token_id"], ["id"]
        )
        jobs.create_check_constraint(op.f("ck_training_jobs_model_and_task"), MODEL_AND_TASK)
        jobs.create_index(op.f("ix_training_jobs_token_id"), ["token_id"])
    op.create_table(
        "training_batches",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("training_job_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("n_rows", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('metrics', 'predictions')", name=op.f("ck_training_batches_kind_known")),
        sa.ForeignKeyConstraint(
            ["training_job_id", "user_id"],
            ["training_jobs.id", "training_jobs.user_id"],
            name=op.f("fk_training_batches_training_job_id_training_jobs"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "user_id", "training_job_id", "attempt", "kind", "n", name=op.f("pk_training_batches")
        ),
    )
    if _is_sqlite():
        for table, (exists, what) in REFUSALS.items():
            for verb in VERBS:
                op.execute(
                    f"create trigger {table}_of_its_user_{verb} before {verb} on {table} "
                    f"when not exists ({exists}) begin select raise(abort, '{what}'); end"
                )


def downgrade() -> None:
    if _is_sqlite():
        for table in REFUSALS:
            for verb in VERBS:
                op.execute(f"drop trigger {table}_of_its_user_{verb}")
    else:  # they stand on columns that go
        for verb in VERBS:
            op.execute(f"drop policy if exists training_jobs_{verb} on training_jobs")
    op.drop_table("training_batches")
    op.execute("delete from training_jobs where origin = 'local'")
    with op.batch_alter_table("training_jobs", table_args=_checks()) as jobs:
        jobs.drop_index(op.f("ix_training_jobs_token_id"))
        jobs.drop_constraint(op.f("fk_training_jobs_token_id_api_tokens"), type_="foreignkey")
        if not _is_sqlite():
            jobs.drop_constraint(op.f("ck_training_jobs_model_and_task"), type_="check")
        for name in ("attempt", "token_id", "data_name"):
            jobs.drop_column(name)
        jobs.alter_column("model_id", existing_type=sa.Uuid(), nullable=False)
        jobs.alter_column("task_id", existing_type=sa.Uuid(), nullable=False)


def _checks() -> tuple[sa.CheckConstraint, ...]:
    if not _is_sqlite():
        return ()
    return tuple(
        sa.CheckConstraint(sql, name=op.f(f"ck_training_jobs_{name}")) for name, sql in CHECKS.items()
    )


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
