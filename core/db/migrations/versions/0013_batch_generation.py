"""Batch generation: templates, jobs with their items and requests, and the conversations that come of them.

A user's change of a row is checked only against what the changed columns refer to: a reviewer decides on conversations
of other people's jobs.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.db.types import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

RULES_DIGEST = "9ced684a1b6e3640"
Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "prompt_templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("prompt", sa.String(), nullable=False),
        sa.Column("variables", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_prompt_templates_author_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt_templates")),
        sa.UniqueConstraint("family_id", "version", name=op.f("uq_prompt_templates_family_id_version")),
    )
    op.create_index(op.f("ix_prompt_templates_author_id"), "prompt_templates", ["author_id"])
    op.create_table(
        "batch_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("choice", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=False),
        sa.Column("max_tokens", sa.Integer(), nullable=False),
        sa.Column("max_cost", sa.BigInteger(), nullable=True),
        sa.Column("in_flight", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("n_items", sa.Integer(), nullable=False),
        sa.Column("pause_after", sa.Integer(), nullable=True),
        sa.Column("auto_enrich", sa.Boolean(), nullable=False),
        sa.Column("estimate", Json, nullable=True),
        sa.Column("requested_status", sa.String(), nullable=True),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('generate', 'enrich')", name=op.f("ck_batch_jobs_kind_known")),
        sa.CheckConstraint("mode IN ('realtime', 'batches')", name=op.f("ck_batch_jobs_mode_known")),
        sa.CheckConstraint(
            "status IN ('queued', 'processing', 'paused', 'completed', 'failed', 'cancelled')",
            name=op.f("ck_batch_jobs_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["batch_jobs.id"],
            name=op.f("fk_batch_jobs_parent_id_batch_jobs"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_batch_jobs_task_id_tasks")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["prompt_templates.id"], name=op.f("fk_batch_jobs_template_id_prompt_templates")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_batch_jobs_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_jobs")),
    )
    op.create_index("ix_batch_jobs_by_status", "batch_jobs", ["user_id", "status", "created_at", "id"])
    op.create_index("ix_batch_jobs_newest", "batch_jobs", ["user_id", "created_at", "id"])
    op.create_index(op.f("ix_batch_jobs_parent_id"), "batch_jobs", ["parent_id"])
    op.create_index("ix_batch_jobs_status_created_at", "batch_jobs", ["status", "created_at"])
    op.create_index(op.f("ix_batch_jobs_task_id"), "batch_jobs", ["task_id"])
    op.create_index(op.f("ix_batch_jobs_template_id"), "batch_jobs", ["template_id"])
    op.create_table(
        "batch_calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_job_id", sa.Uuid(), nullable=False),
        sa.Column("item_idx", sa.Integer(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("stop_reason", sa.String(), nullable=True),
        sa.Column("n_input", sa.Integer(), nullable=False),
        sa.Column("n_output", sa.Integer(), nullable=False),
        sa.Column("n_cache_read", sa.Integer(), nullable=False),
        sa.Column("n_cache_write", sa.Integer(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("is_repeated", sa.Boolean(), nullable=False),
        sa.Column("latency_s", sa.Double(), nullable=True),
        sa.Column("raw_key", sa.String(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_job_id"],
            ["batch_jobs.id"],
            name=op.f("fk_batch_calls_batch_job_id_batch_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_calls")),
        sa.UniqueConstraint(
            "batch_job_id", "item_idx", "n", name=op.f("uq_batch_calls_batch_job_id_item_idx_n")
        ),
    )
    op.create_index("ix_batch_calls_asked_at", "batch_calls", ["asked_at", "cost"])
    op.create_index("ix_batch_calls_cost", "batch_calls", ["batch_job_id", "is_repeated", "cost"])
    op.create_table(
        "batch_log_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_job_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "level IN ('info', 'warning', 'error')", name=op.f("ck_batch_log_lines_level_known")
        ),
        sa.ForeignKeyConstraint(
            ["batch_job_id"],
            ["batch_jobs.id"],
            name=op.f("fk_batch_log_lines_batch_job_id_batch_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_log_lines")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_batch_log_lines_of_job", "batch_log_lines", ["batch_job_id", "id"])
    op.create_table(
        "conversations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("batch_job_id", sa.Uuid(), nullable=True),
        sa.Column("idx", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("params", Json, nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("is_offline", sa.Boolean(), nullable=False),
        sa.Column("messages", Json, nullable=False),
        sa.Column("n_messages", sa.Integer(), nullable=False),
        sa.Column("first_words", sa.String(), nullable=False),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.Column("minhash", sa.LargeBinary(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("findings", Json, nullable=True),
        sa.Column("enrichment", Json, nullable=True),
        sa.Column("status", sa.String(), server_default="pending", nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'rejected')", name=op.f("ck_conversations_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["batch_job_id"],
            ["batch_jobs.id"],
            name=op.f("fk_conversations_batch_job_id_batch_jobs"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["users.id"], name=op.f("fk_conversations_reviewer_id_users")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["prompt_templates.id"],
            name=op.f("fk_conversations_template_id_prompt_templates"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_conversations_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("conversation_id", name=op.f("uq_conversations_conversation_id")),
    )
    op.create_index("ix_conversations_by_status", "conversations", ["user_id", "status", "created_at", "id"])
    op.create_index("ix_conversations_content_sha256", "conversations", ["content_sha256"])
    op.create_index("ix_conversations_newest", "conversations", ["user_id", "created_at", "id", "status"])
    op.create_index("ix_conversations_of_all_by_status", "conversations", ["status", "created_at", "id"])
    op.create_index("ix_conversations_of_job", "conversations", ["batch_job_id", "status", "idx"])
    op.create_index("ix_conversations_of_template", "conversations", ["template_id", "status", "user_id"])
    op.create_table(
        "provider_batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_job_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("idxs", Json, nullable=False),
        sa.Column("n_requests", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('intended', 'submitted', 'collected', 'lost')",
            name=op.f("ck_provider_batches_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["batch_job_id"],
            ["batch_jobs.id"],
            name=op.f("fk_provider_batches_batch_job_id_batch_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_batches")),
        sa.UniqueConstraint("provider_id", name=op.f("uq_provider_batches_provider_id")),
    )
    op.create_index(op.f("ix_provider_batches_batch_job_id"), "provider_batches", ["batch_job_id"])
    op.create_table(
        "batch_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_job_id", sa.Uuid(), nullable=False),
        sa.Column("idx", sa.Integer(), nullable=False),
        sa.Column("params", Json, nullable=False),
        sa.Column("state", sa.String(), server_default="queued", nullable=False),
        sa.Column("n_asked", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("n_bad", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("n_failed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("error", Json, nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'processing', 'completed', 'failed', 'cancelled')",
            name=op.f("ck_batch_items_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["batch_job_id"],
            ["batch_jobs.id"],
            name=op.f("fk_batch_items_batch_job_id_batch_jobs"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_batch_items_conversation_id_conversations"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_items")),
        sa.UniqueConstraint("batch_job_id", "idx", name=op.f("uq_batch_items_batch_job_id_idx")),
    )
    op.create_index("ix_batch_items_by_state", "batch_items", ["batch_job_id", "state", "idx"])
    op.create_index(op.f("ix_batch_items_conversation_id"), "batch_items", ["conversation_id"])
    op.create_table(
        "conversation_revisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("messages", Json, nullable=False),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_conversation_revisions_author_id_users")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_conversation_revisions_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation_revisions")),
        sa.UniqueConstraint(
            "conversation_id", "revision", name=op.f("uq_conversation_revisions_conversation_id_revision")
        ),
    )


def downgrade() -> None:
    op.drop_table("conversation_revisions")
    op.drop_table("batch_items")
    op.drop_table("provider_batches")
    op.drop_table("conversations")
    op.drop_table("batch_log_lines")
    op.drop_table("batch_calls")
    op.drop_table("batch_jobs")
    op.drop_table("prompt_templates")
