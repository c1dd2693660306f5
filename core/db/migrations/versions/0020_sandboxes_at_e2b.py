"""Trainings and live apps in sandboxes of another machine: which sandbox, since when out of reach, and whose it is."""

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from core.db.types import UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

RULES_DIGEST = "85861c301e71a602"
BACKEND = "ck_deployments_backend_known"


def upgrade() -> None:
    installation = op.create_table(
        "installation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.bulk_insert(installation, [{"id": uuid4(), "created_at": datetime.now(UTC)}])
    known = sa.CheckConstraint("backend IN ('local', 'e2b')", name=op.f("ck_training_jobs_backend_known"))
    op.add_column("training_jobs", sa.Column("backend", sa.String(), known, nullable=True))
    op.add_column("training_jobs", sa.Column("sandbox_ref", sa.String(), nullable=True))
    op.add_column("training_jobs", sa.Column("unreachable_since", UtcDateTime(), nullable=True))
    op.add_column("deployments", sa.Column("unreachable_since", UtcDateTime(), nullable=True))
    _allow("'local', 'e2b'")


def _allow(backends: str) -> None:
    with op.batch_alter_table("deployments") as table:
        table.drop_constraint(op.f(BACKEND), type_="check")
        table.create_check_constraint(op.f(BACKEND), f"backend IN ({backends})")


def downgrade() -> None:
    op.execute("DELETE FROM deployments WHERE backend = 'e2b'")
    _allow("'local'")
    op.drop_column("deployments", "unreachable_since")
    for name in ("unreachable_since", "sandbox_ref"):
        op.drop_column("training_jobs", name)
    op.drop_column("training_jobs", "backend")
    op.drop_table("installation")
