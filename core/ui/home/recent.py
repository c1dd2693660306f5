"""Recent work of all rooms, as one list that leads to each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.ui import formatting, lists, session
from core.ui.work_items import RecentItem


def show(items: Sequence[RecentItem], *, now: datetime) -> None:
    """One line a thing: what it is, its status, its rows, its age."""
    with lists.box(key="recent"):
        for item in items:
            lists.row(
                item.label,
                item.page,
                icon=item.icon,
                badge=item.badge,
                facts=[item.size, formatting.ago(item.at, now=now)],
                tip=formatting.exact_moment(item.at, zone=session.zone()),
                query=item.query,
            )
