"""Row-level security stands from here on; core/db/fence.py holds its rules, core/db/migrate.py puts it up.

No table changes. The revision keeps versions that know nothing of roles from a database that asks for them.
"""

from alembic import op

from core.db import fence

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FENCE = "3a5e4719ec67e059"


def upgrade() -> None:
    """See above."""


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        fence.take_down(op.get_bind())
