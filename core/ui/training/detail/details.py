"""What is known about a training that has ended: why it failed, or its figures, curve, log, code, data and sandbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pandas as pd
import streamlit as st

from core import db
from core.db.tables.training_jobs import TrainingJobRow
from core.metrics import figures, wording
from core.training import records
from core.training.bargain.metric_lines import BASELINE, HOLDOUT
from core.training.coding.disclosure import NOT_SET_UP
from core.training.states import SETTLED, Status
from core.ui import charts, formatting, links, page_frame, session, tabs
from core.ui.models import evaluation, labels
from core.ui.models import report as model_report
from core.ui.training.detail import actions, code_tab, pages_read
from core.ui.training.detail.code_changes import MOST_UNSCROLLED
from core.ui.uploads.pages import UPLOADS

LAST_LINES = 20
MOST_CURVES = 8
LIBRARIES: Final = {"python": "Python"}
TABS: Final = {
    "curves": "Curves",
    "log": "Log",
    "code": "Code",
    "data": "Data",
    "environment": "Environment",
}


def show_failure(job: TrainingJobRow, *, is_mine: bool) -> None:
    """Why it is no success, what the code printed last, and what can be done. is_mine: if not, nothing can."""
    if job.status == Status.SUCCEEDED or job.status not in SETTLED:
        return
    with db.session_scope(session.user()) as scope:
        lines = records.last_lines(scope, training_job_id=job.id, n=LAST_LINES)
    reason = job.reason or {}
    with st.container(border=True, key="failure"):
        if job.status == Status.CANCELLED:
            where = links.escape(reason.get("message", "")) if job.model_id is None else ""
            st.markdown(f":gray[:material/block:] **This training was cancelled.** {where}".rstrip())
        else:
            page_frame.show_failure(reason.get("message", "It failed."), reason.get("hint", ""))
        if is_mine:
            actions.try_again(job)
        if lines:
            n = len(lines)
            st.caption(
                "The last line that was printed" if n == 1 else f"The last {n} lines that were printed"
            )
            st.code("\n".join(line.text for line in lines), language=None, wrap_lines=True)


def show_warnings(job: TrainingJobRow) -> None:
    """What to know before its model is trusted, each thing once. That Claude is not set up, the timeline says."""
    told = [one for one in dict.fromkeys(job.warnings) if not one.startswith(NOT_SET_UP)]
    if told:
        lines = [links.escape(sentence) for sentence in told]
        text = lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines)
        st.warning(text, icon=":material/warning:")


def show(job: TrainingJobRow) -> None:
    """Tabs, of which only the open one is drawn."""
    opened, container = tabs.show(TABS, key="training_tab")
    with container:
        match opened:
            case "curves":
                curves(job)
            case "log":
                _log(job)
            case "code":
                code_tab.show(job)
            case "data":
                data(job)
            case _:
                _environment(job)


def curves(job: TrainingJobRow, *, none: str = "The code reported no curve.") -> None:
    """The app's own figures first, then what the code reported of itself. none: what is said where that is nothing."""
    with db.session_scope(session.user()) as scope:
        points = records.curve(scope, training_job_id=job.id)
        headline = records.headline(scope, training_job_id=job.id)
    baseline = {point.name: point.value for point in headline if point.split == BASELINE}
    measured = {point.name: point.value for point in headline if point.split == HOLDOUT}
    if measured:
        with st.grid(4, min_column_width=150, gap="small", key="figures"):
            for name in sorted(measured, key=list(labels.METRICS).index):
                st.metric(
                    labels.METRICS[name],
                    wording.score(measured[name]),
                    delta=f"baseline {wording.score(baseline[name])}" if name in baseline else None,
                    delta_color="off",
                    delta_arrow="off",
                    border=True,
                    help="Measured by the app, on rows whose outcomes the code never saw.",
                )
        if job.model is not None and job.task is not None:
            evaluation.show(job.model.report or {}, job.task.payload)
    curves: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for point in points:
        line = labels.RECIPES.get(point.split, point.split)
        curves.setdefault(point.name, {}).setdefault(line, []).append((point.step, point.value))
    for name, lines in list(curves.items())[:MOST_CURVES]:
        metric = labels.METRICS.get(name, name)
        figure = figures.reported_curve(lines, metric=metric, baseline=baseline.get(name))
        charts.show(figure, key=f"curve_{name}")
    if not curves:
        st.caption(none)


def _log(job: TrainingJobRow) -> None:
    with db.session_scope(session.user()) as scope:
        lines = records.lines(scope, training_job_id=job.id, limit=6_000)
    if not lines:
        st.caption("Nothing was printed.")
        return
    is_long = len(lines) > MOST_UNSCROLLED
    text = "\n".join(line.text for line in lines)
    st.code(text, language=None, height=code_tab.HEIGHT_PX if is_long else "content")


def data(job: TrainingJobRow) -> None:
    """What was learnt from and what was held out; the columns once they are known."""
    model = job.model
    report = (model.report if model is not None else None) or {}
    known = {"File": job.file_name, "Column to predict": job.target}
    if "n_held_out" in report:
        held_out = formatting.percent(report["n_held_out"] / report["n_rows"])
        known |= {
            "Rows with an outcome": f"{report['n_rows']:,}",
            "Rows learnt from": f"{report['n_fitted']:,}",
            "Rows held out": f"{report['n_held_out']:,} ({held_out})",
        }
    if job.goal:
        known["Goal"] = job.goal
    facts(known)
    st.caption("SHA-256 of the file")
    st.code(job.data_sha256, language=None, wrap_lines=True)
    if job.upload_id is None:
        st.caption("The file was deleted.")
    else:
        links.link("Open the file", UPLOADS, icon=":material/table_view:", upload=job.upload_id)
    pages_read.show(job)
    if model is None:
        return
    if model.schema is None:
        st.caption("Which columns are used is known once the model is there.")
        return
    page_frame.section("Columns it uses")
    model_report.schema(model)
    if report.get("dropped"):
        page_frame.section("Columns left out")
        model_report.table(
            [{"Column": one["column"], "Why": one["reason"]} for one in report["dropped"]], key="left_out"
        )


def _environment(job: TrainingJobRow) -> None:
    """What held the code in, what it used, and with which libraries."""
    if job.isolation is None:
        st.caption("No sandbox was started.")
        return
    st.markdown(links.escape(job.isolation))
    if job.sandbox_ref and job.backend == "e2b":
        st.caption(f"Sandbox {links.escape(job.sandbox_ref)} at E2B")
    versions = {
        LIBRARIES.get(name, name): version
        for name, version in (job.environment or {}).items()
        if name != "sandbox"
    }
    facts(_used(job.usage or {}) | versions)


def _used(usage: dict[str, Any]) -> dict[str, str]:
    """What a run took, in words; a run that was killed tells less."""
    words: dict[str, tuple[str, Callable[[Any], str]]] = {
        "wall_s": ("Time", formatting.duration),
        "cpu_s": ("Processor time", formatting.duration),
        "peak_memory_bytes": ("Most memory at a time", formatting.size),
        "output_bytes": ("Printed", formatting.size),
    }
    return {word: said(usage[name]) for name, (word, said) in words.items() if usage.get(name) is not None}


def facts(known: Mapping[str, str]) -> None:
    """Names and values in two columns that wrap, so that nothing is cut on a phone."""
    rows = [{"Detail": name, "Value": links.escape(value)} for name, value in known.items()]
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)
