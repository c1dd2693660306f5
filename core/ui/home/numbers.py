"""Home's numbers: the rooms' totals, with a trace of the last two weeks where there is one, and the queue."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from core.ui import formatting, session
from core.ui.home import home_data
from core.ui.work_items import Total

IN_A_ROW = 4


def show(overview: home_data.Overview, pulse: home_data.Pulse, *, now: datetime) -> None:
    """Each of the rooms' totals, and what is in the queue."""
    with st.grid(IN_A_ROW, min_column_width=150, gap="small", key="numbers"):
        for total in overview.totals:
            _total(total, now=now)
        about = f"{pulse.n_running:,} more running." if pulse.n_running else ""
        _number("In the queue", pulse.n_queued, about, [])


def _total(total: Total, *, now: datetime) -> None:
    per_day = home_data.per_day(total.moments, now=now, zone=session.zone())
    trace = f" The chart shows the last {home_data.DAYS} days." if per_day else ""
    _number(total.label, total.n, _exact(total.n) + trace, per_day)


def _number(label: str, n: int, about: str, per_day: list[int]) -> None:
    st.metric(
        label,
        formatting.number(n),
        help=about.strip() or None,
        border=True,
        height="stretch",
        chart_data=per_day or None,
        chart_type="area",
    )


def _exact(n: int) -> str:
    """Said only where the number shown is a round one."""
    return "" if formatting.number(n) == f"{n:,}" else f"{n:,} in total."
