"""Uploads on Home: how many there are, and the newest."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from core.ui import formatting
from core.ui.badges import Badge
from core.ui.uploads.pages import UPLOADS
from core.ui.work_items import N_RECENT, Activity, HomeItems, RecentItem, Summary, Total
from core.uploads import uploads

UPLOADED: Final = Badge("Uploaded", ":material/check:", "gray")


def summary(session: Session) -> Summary:
    """How many there are, and the newest."""
    recent = [
        RecentItem(
            row=row,
            at=row.created_at,
            label=row.file_name,
            page=UPLOADS,
            query={"upload": row.id},
            icon=":material/description:",
            badge=UPLOADED,
            size=formatting.count(row.n_rows, "row"),
        )
        for row in uploads.page(session, limit=N_RECENT).items
    ]
    return Summary([Total("Uploads", uploads.count(session))], recent)


def activity(session: Session, _now: datetime) -> Activity:
    """That another one was made."""
    return Activity("upload", newest=tuple(row.id for row in uploads.page(session, limit=1).items))


HOME_ITEMS: Final = HomeItems(position=10, summary=summary, activity=activity)
