"""A training may read web pages and have its code written by Claude: pages, messages and what they cost."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.db.types import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

RULES_DIGEST = "3b47430667343350"
Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column("training_jobs", sa.Column("predict_code", sa.String(), nullable=True))
    op.add_column("training_jobs", sa.Column("resources", Json, server_default="[]", nullable=False))
    op.add_column(
        "training_jobs", sa.Column("shares_values", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    for name, kind in (
        ("round", sa.Integer()),
        ("model", sa.String()),
        ("n_input", sa.Integer()),
        ("n_output", sa.Integer()),
        ("cost", sa.BigInteger()),
    ):
        op.add_column("messages", sa.Column(name, kind, nullable=True))
    op.create_table(
        "training_pages",
        sa.Column("training_job_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("final_url", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("is_cut", sa.Boolean(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["training_job_id"],
            ["training_jobs.id"],
            name=op.f("fk_training_pages_training_job_id_training_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("training_job_id", "n", name=op.f("pk_training_pages")),
    )
    op.create_table(
        "llm_calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("training_job_id", sa.Uuid(), nullable=True),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("n_input", sa.Integer(), nullable=False),
        sa.Column("n_output", sa.Integer(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["training_job_id"],
            ["training_jobs.id"],
            name=op.f("fk_llm_calls_training_job_id_training_jobs"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_llm_calls_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_llm_calls")),
    )
    for column in ("user_id", "training_job_id"):
        op.create_index(op.f(f"ix_llm_calls_{column}"), "llm_calls", [column])
    op.create_index("ix_llm_calls_asked_at", "llm_calls", ["asked_at", "cost"])


def downgrade() -> None:
    op.drop_table("llm_calls")
    op.drop_table("training_pages")
    if op.get_bind().dialect.name == "postgresql":  # a right that names columns which go
        op.execute("DROP POLICY IF EXISTS messages_insert ON messages")
    for name in ("round", "model", "n_input", "n_output", "cost"):
        op.drop_column("messages", name)
    for name in ("predict_code", "resources", "shares_values"):
        op.drop_column("training_jobs", name)
