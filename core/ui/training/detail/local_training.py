"""A training on its owner's own machine: where it runs, when it was last heard of, and what it has told so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import pandas as pd
import streamlit as st

from core import db
from core.db.tables.training_jobs import TrainingEventRow, TrainingJobRow
from core.training import jobs, records
from core.training.local import batches
from core.training.local.batches import METRICS, PREDICTIONS
from core.training.local.reports import ENDS
from core.training.states import SETTLED, Status
from core.ui import formatting, page_frame, session, tabs
from core.ui.training import stages
from core.ui.training.detail import details, timeline

SILENT_S: Final = 60.0
EVERY_S: Final = 2.0
SHOWN_ROWS: Final = 200
CODE: Final = {"template": "The built-in template", "user": "A model's own", "claude": "Claude's"}
TABS: Final = {"curves": "Curves", "predictions": "Predictions", "data": "Data", "environment": "Environment"}


@dataclass(frozen=True)
class Look:
    """As one look finds it. received: batches and rows, by kind."""

    job: TrainingJobRow
    events: list[TrainingEventRow]
    received: dict[str, tuple[int, int]]


def look(training_job_id: UUID) -> Look:
    """Raises NotFound."""
    with db.session_scope(session.user()) as scope:
        job = jobs.get(scope, training_job_id=training_job_id)
        events = list(records.events(scope, training_job_id=job.id))
        return Look(job, events, dict(batches.received(scope, job)))


def show(job: TrainingJobRow) -> None:
    """All of the page below its head; drawn again while it goes on, or may be heard of again."""

    @st.fragment(run_every=EVERY_S if job.status not in ENDS else None)
    def polled() -> None:
        with page_frame.guarded():
            now = look(job.id)
            if now.job.status != job.status:
                st.rerun()  # the head says what state it is in
            _draw(now)

    if job.status in SETTLED:
        details.show_failure(job, is_mine=False)
    polled()
    details.show_warnings(job)


def _draw(found: Look) -> None:
    _facts(found)
    timeline.show(found.events, stages.LOCAL_NAMES)
    opened, container = tabs.show(TABS, key="local_tab")
    with container:
        match opened:
            case "curves":
                details.curves(found.job, none=_no_curve(found.job))
            case "predictions":
                _predictions(found)
            case "data":
                details.data(found.job)
            case _:
                _environment(found.job)


def _facts(found: Look) -> None:
    job, now = found.job, session.now()
    heard_at = job.heard_at or job.created_at
    silent_s = (now - heard_at).total_seconds()
    if job.status in (Status.QUEUED, Status.TRAINING) and silent_s > SILENT_S:
        since = formatting.moment(heard_at, now=now, zone=session.zone())
        st.warning(
            f"No contact since {since}. If it still runs, what it has to tell waits on its machine.",
            icon=":material/link_off:",
        )
    elif awaited := _awaited(found):
        st.caption(awaited)
    n_batches = sum(n for n, _ in found.received.values())
    with st.grid(4, min_column_width=150, gap="small", key="local_facts"):
        st.metric("Runs on", (job.environment or {}).get("host") or "its own machine", border=True)
        st.metric("Last heard of", formatting.ago(heard_at, now=now), border=True)
        st.metric("Batches received", formatting.number(n_batches), border=True)
        st.metric("Predictions received", formatting.number(found.received[PREDICTIONS][1]), border=True)


def _awaited(found: Look) -> str:
    """What one that goes on does, and what will be seen of it next; empty for one that does not."""
    match found.job.status:
        case Status.QUEUED:
            return "Its machine has announced it. It trains as soon as the code there has begun."
        case Status.TRAINING if found.received[PREDICTIONS][0]:
            return "The code has ended, and its predictions are coming in."
        case Status.TRAINING if found.received[METRICS][0]:
            return "The code runs. Predictions of held-out rows come once it has ended."
        case Status.TRAINING:
            return "The code runs. Its curve begins with the first point that it prints; predictions come at its end."
    return ""


def _no_curve(job: TrainingJobRow) -> str:
    if job.status in SETTLED:
        return "The code reported no curve."
    return "No curve yet: it begins with the first point that the code prints."


def _predictions(found: Look) -> None:
    with db.session_scope(session.user()) as scope:
        rows = records.predictions(scope, training_job_id=found.job.id, limit=SHOWN_ROWS)
    if not rows:
        is_over = found.job.status in SETTLED
        st.caption(
            "No predictions came." if is_over else "No predictions yet: they come once the code has ended."
        )
        return
    n = found.received[PREDICTIONS][1]
    told = (
        f"The first {len(rows):,} of {formatting.exact(n, 'row')}"
        if n > len(rows)
        else formatting.exact(n, "row")
    )
    st.caption(f"{told} that the model had not learnt from, as its machine reports them.")
    table = [
        {"Row": row.row, "Actual": row.actual, "Predicted": row.prediction, "Probability": row.probability}
        for row in rows
    ]
    st.dataframe(pd.DataFrame(table), hide_index=True, key="local_predictions")


def _environment(job: TrainingJobRow) -> None:
    names = {"host": "Machine", "system": "System", "python": "Python"}
    known = {names.get(name, name): value for name, value in (job.environment or {}).items()}
    if job.code_source:
        known["Code"] = f"{CODE[job.code_source]}, sha256 {(job.code_sha256 or '')[:12]}"
    details.facts(known)
