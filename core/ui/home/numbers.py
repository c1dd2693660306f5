"""Home's four numbers, with a trace of the last two weeks where there is one."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from core.ui import formatting, session
from core.ui.home import home_data


def show(found: home_data.Desk, pulse: home_data.Pulse, *, now: datetime) -> None:
    """Uploads, predictions, rows scored, and what is in the queue."""
    zone = session.zone()
    made = home_data.per_day(((at, 1) for at, _ in found.scored), now=now, zone=zone)
    rows = home_data.per_day(found.scored, now=now, zone=zone)
    with st.grid(4, min_column_width=150, gap="small", key="numbers"):
        _number("Uploads", found.n_uploads)
        _number("Predictions", found.n_completed, _trace(made), made)
        _number("Rows scored", found.n_rows_scored, _exact(found.n_rows_scored) + _trace(rows), rows)
        _number("In the queue", pulse.n_moving, _in_queue(pulse))


def _number(label: str, n: int, said: str = "", per_day: list[int] | None = None) -> None:
    st.metric(
        label,
        formatting.number(n),
        help=said.strip() or None,
        border=True,
        height="stretch",
        chart_data=per_day or None,
        chart_type="area",
    )


def _in_queue(pulse: home_data.Pulse) -> str:
    n_running = pulse.n_running
    return f"{n_running:,} running, {pulse.n_moving - n_running:,} waiting." if pulse.n_moving else ""


def _trace(per_day: list[int]) -> str:
    return f" The curve is the last {home_data.DAYS} days." if per_day else ""


def _exact(n: int) -> str:
    """Said only where the number shown is a round one."""
    return "" if formatting.number(n) == f"{n:,}" else f"{n:,} in all."
