"""Home's numbers: the rooms' totals, with a trace of the last two weeks where there is one, and the queue."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from core.ui import formatting, session
from core.ui.home import home_data
from core.ui.work_items import Total

MOST_IN_A_ROW = 5


def show(overview: home_data.Overview, pulse: home_data.Pulse, *, now: datetime) -> None:
    """Each of the rooms' totals, and what is in the queue."""
    n_in_a_row = min(MOST_IN_A_ROW, len(overview.totals) + 1)
    with st.grid(n_in_a_row, min_column_width=150, gap="small", key="numbers"):
        for total in overview.totals:
            _total(total, now=now)
        about = f"{pulse.n_running:,} more running." if pulse.n_running else ""
        _number("In the queue", formatting.number(pulse.n_queued), about, [])


def _total(total: Total, *, now: datetime) -> None:
    per_day = home_data.per_day(total.moments, now=now, zone=session.zone())
    trace = f" The chart shows the last {home_data.DAYS} days." if per_day else ""
    about = total.about or _exact(total.n)
    _number(total.label, total.text or formatting.number(total.n), about + trace, per_day)


def _number(label: str, shown: str, about: str, per_day: list[float]) -> None:
    st.metric(
        label,
        shown,
        help=about.strip() or None,
        border=True,
        height="stretch",
        chart_data=per_day or None,
        chart_type="area",
    )


def _exact(n: int) -> str:
    """Said only where the number shown is a round one."""
    return "" if formatting.number(n) == f"{n:,}" else f"{n:,} in total."
