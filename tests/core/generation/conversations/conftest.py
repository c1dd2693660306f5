"""People who come to conversations in different roles."""

from __future__ import annotations

import pytest

from core import db
from tests.principals import as_role


@pytest.fixture
def reviewer(stranger: db.User) -> db.User:
    """Somebody else, who reviews."""
    return as_role(stranger, "reviewer")
