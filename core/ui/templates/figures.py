"""What templates cost and come to, as charts: spend, decisions and findings, by template and by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

import plotly.graph_objects as go
import streamlit as st

from core import db
from core.generation import daily as history
from core.generation.daily import Days, Decided, Series
from core.generation.quality import findings
from core.llm.prices import NANO
from core.metrics.figures import daily
from core.ui import charts, formatting, page_frame, session, status_pills

RANGES: Final = {"7": "7 days", "30": "30 days", "90": "90 days"}
USUAL: Final = "30"
_PARAM: Final = "days"


def show() -> None:
    """Draw them for the days that the address asks for."""
    days = _days()
    with db.session_scope(session.user()) as scope:
        spent = history.spend(scope, days)
        decided = history.decided(scope, days)
        made = history.made(scope, days)
        found = history.findings(scope, days, codes=list(findings.KINDS)) if made else {}
    if not (spent or decided or made):
        page_frame.empty(
            "Nothing to draw yet",
            f"Nothing was made, decided or paid for in the last {days.n} days.",
            icon=":material/monitoring:",
        )
        return
    dates = [one.date() for one in days.starts()]
    names = list(dict.fromkeys(one.name for one in (*made, *spent)))  # of one colour in each chart
    with charts.pair():
        for key, figure in {
            **_spend(spent, dates, names),
            **_decisions(decided, dates),
            **_findings(found, made, dates, names),
        }.items():
            charts.show(figure, key=key)


def _days() -> Days:
    asked = st.query_params.get(_PARAM, USUAL)
    now = asked if asked in RANGES else USUAL
    chosen = st.segmented_control(
        "Over", list(RANGES), default=now, required=True, format_func=RANGES.__getitem__, key="figure_days",
        label_visibility="collapsed",
    )  # fmt: skip
    chosen = chosen or USUAL
    status_pills.remember(_PARAM, "" if chosen == USUAL else chosen)
    today = session.now().astimezone(session.zone()).replace(hour=0, minute=0, second=0, microsecond=0)
    return Days(today + timedelta(days=1), int(chosen))


def _spend(spent: Sequence[Series], dates: Sequence[date], names: Sequence[str]) -> dict[str, go.Figure]:
    """Dollars; nothing where nothing was paid."""
    if not spent:
        return {}
    total, most = sum(one.total for one in spent), spent[0]
    title = f"{formatting.money(total)} spent in {len(dates)} days"
    if len(spent) > 1:
        title += f", most by {most.name} ({formatting.money(most.total)})"
    by_name = {one.name: [nano / NANO for nano in one.by_day] for one in spent}
    dollars = {name: by_name[name] for name in names if name in by_name}
    return {
        "spend_by_day": daily.by_day(title, days=dates, series=dollars, y_title="US dollars", form="$,.4f")
    }


def _decisions(decided: Sequence[Decided], dates: Sequence[date]) -> dict[str, go.Figure]:
    if not decided:
        return {}
    approved = [sum(day) for day in zip(*(one.approved for one in decided), strict=True)]
    rejected = [sum(day) for day in zip(*(one.rejected for one in decided), strict=True)]
    n = sum(approved) + sum(rejected)
    ranked = sorted(decided, key=lambda one: (-one.share, -one.n, one.name))
    best, worst = ranked[0], ranked[-1]
    title = f"{best.name}: {formatting.percent(best.share)} approved"
    if len(ranked) > 1:
        title = (
            f"{best.name} passes review most often: {formatting.percent(best.share)}, "
            f"{worst.name} least: {formatting.percent(worst.share)}"
        )
    share = formatting.percent(sum(approved) / n)
    return {
        "approved_share_by_template": daily.shares(
            title, of={one.name: (sum(one.approved), one.n) for one in ranked}, x_title="Approved, %"
        ),
        "approved_share_by_day": daily.share_by_day(
            f"{share} of {formatting.exact(n, 'decision')} approved",
            days=dates,
            parts=approved,
            wholes=[a + b for a, b in zip(approved, rejected, strict=True)],
            y_title="Approved, %",
        ),
    }


def _findings(
    found: Mapping[str, Sequence[Series]],
    made: Sequence[Series],
    dates: Sequence[date],
    names: Sequence[str],
) -> dict[str, go.Figure]:
    n = sum(one.total for one in made)
    if not found:
        return {}
    totals = {code: sum(one.total for one in series) for code, series in found.items()}
    most = next(iter(found))
    labels = [findings.label(code) for code in found]
    by_template = {
        name: [next((one.total for one in series if one.name == name), 0) for series in found.values()]
        for name in names
    }
    share = formatting.percent(totals[most] / n)
    by_code = {
        findings.label(code): [sum(day) for day in zip(*(one.by_day for one in series), strict=True)]
        for code, series in found.items()
    }
    title = f"{findings.label(most)} was found most: in {share} of {formatting.exact(n, 'conversation')}"
    n_findings = formatting.exact(sum(totals.values()), "finding")
    per_day = f"{n_findings} in {formatting.exact(n, 'conversation')} of {len(dates)} days"
    return {
        "findings_by_template": daily.by_name(
            title, names=labels, series=by_template, x_title="Conversations"
        ),
        "findings_by_day": daily.by_day(per_day, days=dates, series=by_code, y_title="Conversations"),
    }
