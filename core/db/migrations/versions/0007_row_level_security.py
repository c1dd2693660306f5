"""Row-level security stands from here on; core/db/migrate.py applies its rules.

No table changes. The revision keeps versions that know nothing of roles from a database that asks for them.
"""

from alembic import op

from core.db import row_level_security

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

RULES_DIGEST = "3a5e4719ec67e059"


def upgrade() -> None:
    """See above."""


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        row_level_security.drop(op.get_bind())
