"""What the reader has decided today, and what share is approved, in one line below the title."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo

from core.generation.conversations.receipts import Today
from core.generation.conversations.states import Status
from core.ui import formatting

INTRODUCTION = "Decide which conversations are good enough to train with."


def midnight(now: datetime, zone: tzinfo) -> datetime:
    """When the reader's day began."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def line(today: Today, counts: Mapping[Status, int]) -> str:
    """counts: of what the filters show, by state."""
    parts = []
    n = today.n_approved + today.n_rejected
    if n:
        parts.append(
            f"You decided on {n:,} today: {today.n_approved:,} approved, {today.n_rejected:,} rejected."
        )
    decided = counts[Status.APPROVED] + counts[Status.REJECTED]
    if decided > n:  # of those of today alone the line has said it
        share = formatting.percent(counts[Status.APPROVED] / decided)
        parts.append(f"{share} of {formatting.exact(decided, 'decision')} approved.")
    return " ".join(parts) or INTRODUCTION
