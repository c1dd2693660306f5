"""How the states of conversations look."""

from __future__ import annotations

from typing import Final

from core.generation.conversations.states import Status
from core.ui.badges import Badge

BADGES: Final[dict[Status, Badge]] = {
    Status.PENDING: Badge("Waiting", ":material/hourglass_empty:", "orange"),
    Status.APPROVED: Badge("Approved", ":material/check_circle:", "green"),
    Status.REJECTED: Badge("Rejected", ":material/cancel:", "red"),
}
