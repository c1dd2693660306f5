"""Trainings in a sandbox, with their events, logs, curves and held-out rows, messages, and live apps of models.

Both databases take a column's check in the statement that adds it; to add a table's own, SQLite would have to copy
`ai_models`, on which predictions stand.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.db.types import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

RULES_DIGEST = "34e1d8f581256e3a"
STATES = (
    "'queued', 'scraping', 'generating', 'provisioning', 'training', 'collecting', "
    "'succeeded', 'failed', 'cancelled', 'timed_out', 'lost'"
)
Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    _add_to_models("origin", "built_in", "'built_in', 'sandbox'")
    _add_to_models("format", "skops", "'skops', 'bytes'")
    op.add_column("ai_models", sa.Column("deployed_url", sa.String(), nullable=True))
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chat_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("role IN ('user', 'assistant', 'system')", name=op.f("ck_messages_role_known")),
        sa.ForeignKeyConstraint(
            ["chat_id"], ["ai_models.id"], name=op.f("fk_messages_chat_id_ai_models"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_messages_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_chat_id"), "messages", ["chat_id"])
    op.create_index("ix_messages_of_user", "messages", ["user_id", "chat_id", "created_at"])
    op.create_table(
        "training_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("upload_id", sa.Integer(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("goal", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", Json, nullable=True),
        sa.Column("warnings", Json, nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("code_source", sa.String(), nullable=True),
        sa.Column("code_sha256", sa.String(), nullable=True),
        sa.Column("data_sha256", sa.String(), nullable=False),
        sa.Column("environment", Json, nullable=True),
        sa.Column("isolation", sa.String(), nullable=True),
        sa.Column("usage", Json, nullable=True),
        sa.Column("deployment_url", sa.String(), nullable=True),
        sa.Column("retry_of", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("heard_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "code_source IN ('template', 'claude', 'user')", name=op.f("ck_training_jobs_code_source_known")
        ),
        sa.CheckConstraint("origin IN ('trigger', 'local')", name=op.f("ck_training_jobs_origin_known")),
        sa.CheckConstraint(
            f"status IN ({STATES})",
            name=op.f("ck_training_jobs_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["model_id"],
            ["ai_models.id"],
            name=op.f("fk_training_jobs_model_id_ai_models"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["retry_of"],
            ["training_jobs.id"],
            name=op.f("fk_training_jobs_retry_of_training_jobs"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_training_jobs_task_id_tasks")),
        sa.ForeignKeyConstraint(
            ["upload_id"],
            ["uploads.id"],
            name=op.f("fk_training_jobs_upload_id_uploads"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_training_jobs_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_jobs")),
        sa.UniqueConstraint("id", "user_id", name=op.f("uq_training_jobs_id_user_id")),
    )
    op.create_index("ix_training_jobs_by_status", "training_jobs", ["user_id", "status", "created_at", "id"])
    op.create_index(op.f("ix_training_jobs_model_id"), "training_jobs", ["model_id"])
    op.create_index("ix_training_jobs_newest", "training_jobs", ["user_id", "created_at", "id"])
    op.create_index(op.f("ix_training_jobs_retry_of"), "training_jobs", ["retry_of"])
    op.create_index("ix_training_jobs_status_created_at", "training_jobs", ["status", "created_at"])
    op.create_index(op.f("ix_training_jobs_task_id"), "training_jobs", ["task_id"])
    op.create_index(op.f("ix_training_jobs_upload_id"), "training_jobs", ["upload_id"])
    op.create_table(
        "deployments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("training_job_id", sa.Uuid(), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("backend", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", Json, nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("checks", Json, nullable=True),
        sa.Column("sandbox_ref", sa.String(), nullable=True),
        sa.Column("nonce", sa.String(), nullable=True),
        sa.Column("lease_owner", sa.Uuid(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.Column("live_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("backend IN ('local')", name=op.f("ck_deployments_backend_known")),
        sa.CheckConstraint(
            "status IN ('starting', 'checking', 'live', 'unhealthy', 'paused', 'expired', 'stopped', 'failed')",
            name=op.f("ck_deployments_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["ai_models.id"], name=op.f("fk_deployments_model_id_ai_models"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_deployments_task_id_tasks")),
        sa.ForeignKeyConstraint(
            ["training_job_id"],
            ["training_jobs.id"],
            name=op.f("fk_deployments_training_job_id_training_jobs"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_deployments_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployments")),
        sa.UniqueConstraint("model_id", name=op.f("uq_deployments_model_id")),
    )
    op.create_index("ix_deployments_newest", "deployments", ["user_id", "created_at", "id"])
    op.create_index("ix_deployments_status_used_at", "deployments", ["status", "used_at"])
    op.create_index(op.f("ix_deployments_task_id"), "deployments", ["task_id"])
    op.create_index(op.f("ix_deployments_training_job_id"), "deployments", ["training_job_id"])
    op.create_table(
        "training_events",
        sa.Column("training_job_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            f"state IN ({STATES})",
            name=op.f("ck_training_events_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["training_job_id"],
            ["training_jobs.id"],
            name=op.f("fk_training_events_training_job_id_training_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("training_job_id", "n", name=op.f("pk_training_events")),
    )
    op.create_table(
        "training_logs",
        sa.Column("training_job_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.CheckConstraint(
            "source IN ('stdout', 'stderr', 'app')", name=op.f("ck_training_logs_source_known")
        ),
        sa.ForeignKeyConstraint(
            ["training_job_id"],
            ["training_jobs.id"],
            name=op.f("fk_training_logs_training_job_id_training_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("training_job_id", "n", name=op.f("pk_training_logs")),
    )
    op.create_table(
        "training_metrics",
        sa.Column("training_job_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["training_job_id"],
            ["training_jobs.id"],
            name=op.f("fk_training_metrics_training_job_id_training_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "training_job_id", "attempt", "name", "split", "step", name=op.f("pk_training_metrics")
        ),
    )
    op.create_table(
        "training_predictions",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("training_job_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("actual", sa.String(), nullable=False),
        sa.Column("prediction", sa.String(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["training_job_id", "user_id"],
            ["training_jobs.id", "training_jobs.user_id"],
            name=op.f("fk_training_predictions_training_job_id_user_id_training_jobs"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "training_job_id", "row", name=op.f("pk_training_predictions")),
    )


def _add_to_models(column: str, default: str, known: str) -> None:
    op.execute(
        f"ALTER TABLE ai_models ADD COLUMN {column} VARCHAR DEFAULT '{default}' NOT NULL "
        f"CONSTRAINT ck_ai_models_{column}_known CHECK ({column} IN ({known}))"
    )


def downgrade() -> None:
    for table in (
        *("training_predictions", "training_metrics", "training_logs", "training_events"),
        *("deployments", "training_jobs", "messages"),
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for verb in ("insert", "update"):  # rules on columns that go; the next upgrade writes all anew
            op.execute(f"DROP POLICY IF EXISTS ai_models_{verb} ON ai_models")
    for column in ("deployed_url", "format", "origin"):
        op.drop_column("ai_models", column)
