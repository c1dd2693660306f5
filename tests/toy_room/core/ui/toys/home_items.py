"""Toys on Home: how many there are, and the newest."""

from __future__ import annotations

from datetime import datetime

from core.db.tables.toys import ToyRow
from core.toys import toys
from core.ui.toys.pages import TOYS
from sqlalchemy.orm import Session

from core.ui.badges import Badge
from core.ui.work_items import Activity, HomeItems, RecentItem, StartButton, Summary, Total

READY = Badge("On the shelf", ":material/toys:", "green")


def summary(session: Session) -> Summary:
    """All there are."""
    found = toys.all_of(session)
    return Summary(totals=[Total("Toys", len(found))], recent=[_recent(toy) for toy in found])


def activity(session: Session, now: datetime) -> Activity:
    """Nothing: a toy is made in no time."""
    return Activity("toy")


def _recent(toy: ToyRow) -> RecentItem:
    return RecentItem(toy, toy.created_at, toy.name, TOYS, {}, ":material/toys:", READY, "")


HOME_ITEMS = HomeItems(
    position=35,
    summary=summary,
    activity=activity,
    start=StartButton("Make a toy", "make_toy", ":material/toys:", TOYS),
)
