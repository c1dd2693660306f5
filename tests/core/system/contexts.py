"""What checks are given to look at."""

from __future__ import annotations

from datetime import UTC, datetime

from core import db
from core.room import CheckContext
from core.settings import Settings


def looked_at(settings: Settings) -> CheckContext:
    """An installation with these settings, as the shell looks at it."""
    return CheckContext(settings=settings, principal=db.WORKER, now=datetime.now(UTC), has_database=True)
