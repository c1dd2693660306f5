"""Row-level security stands from here on; core/db/row_level_security.py holds its rules, core/db/migrate.py puts it up.

No table changes. The revision keeps versions that know nothing of roles from a database that asks for them.
"""

from alembic import op

from core.db import row_level_security

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FENCE = "3a5e4719ec67e059"


def upgrade() -> None:
    """See above."""


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        row_level_security.take_down(op.get_bind())
