"""Review on Home: how many conversations wait for a decision."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from core.generation.conversations import conversations
from core.generation.conversations.conversations import Filter
from core.generation.conversations.states import Status
from core.ui import formatting
from core.ui.review.pages import REVIEW
from core.ui.work_items import Activity, HomeItems, ReadyItem, Summary


def summary(_session: Session) -> Summary:
    """Nothing: what is made is told by the batches."""
    return Summary()


def activity(session: Session, _now: datetime) -> Activity:
    """What waits for a decision that the reader may make."""
    n = conversations.counts(session, asked=Filter(statuses=(Status.PENDING,)))[Status.PENDING]
    if not n:
        return Activity("conversation")
    text = f"**{formatting.exact(n, 'conversation')}** {'waits' if n == 1 else 'wait'} for review"
    return Activity("conversation", ready=[ReadyItem(text, ":material/rate_review:", "Review", REVIEW)])


HOME_ITEMS: Final = HomeItems(position=60, summary=summary, activity=activity)
