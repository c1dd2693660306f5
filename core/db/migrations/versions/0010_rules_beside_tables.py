"""The guards and the view of row-level security are called by what they do; the rules themselves are the same.

No table changes: core/db/migrate.py applies the rules anew after the scripts.
"""

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

RULES_DIGEST = "287e80ad4773e8f0"


def upgrade() -> None:
    """See above."""


def downgrade() -> None:
    """See above."""
