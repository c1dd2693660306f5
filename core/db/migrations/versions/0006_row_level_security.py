"""Row-level security stands from here on; core/db/fence.py holds its rules, core/db/migrate.py puts it up.

No table changes. The revision keeps versions that know nothing of roles from a database that asks for them.
"""

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None

FENCE = "3f28ea4efa4898fb"


def upgrade() -> None:
    """See above."""


def downgrade() -> None:
    """See above."""
