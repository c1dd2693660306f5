"""A model of two classes keeps the probability from which on a row counts as the positive one."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

RULES_DIGEST = "331a6b8c64c18094"
RULES = "'half', 'as_trained', 'best_f1', 'by_hand'"


def upgrade() -> None:
    in_range = sa.CheckConstraint(
        "threshold > 0 AND threshold < 1", name=op.f("ck_ai_models_threshold_known")
    )
    op.add_column("ai_models", sa.Column("threshold", sa.Double(), in_range, nullable=True))
    known = sa.CheckConstraint(f"threshold_rule IN ({RULES})", name=op.f("ck_ai_models_threshold_rule_known"))
    op.add_column("ai_models", sa.Column("threshold_rule", sa.String(), known, nullable=True))


def downgrade() -> None:
    for name in ("threshold_rule", "threshold"):
        op.drop_column("ai_models", name)
