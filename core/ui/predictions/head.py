"""The head of a prediction's page: file, status, model, and what can be done, the download first."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from core.db.tables.predictions import PredictionRow
from core.predictions.errors import NEED_ANOTHER_FILE
from core.predictions.states import PENDING, Status
from core.ui import badges, formatting, links, page_frame, session
from core.ui.models.pages import MODEL
from core.ui.predictions import actions, status_badges
from core.ui.predictions.actions import Action
from core.ui.predictions.pages import PREDICTIONS
from core.ui.uploads.pages import UPLOADS


def show(prediction: PredictionRow, *, now: datetime, is_mine: bool) -> None:
    """Draw it, and do what is asked. Raises NotFound, Conflict. is_mine: if not, it may be downloaded, and no more."""
    page_frame.name_tab(prediction.upload.file_name)
    page_frame.back(PREDICTIONS)
    with page_frame.heading(links.escape(prediction.upload.file_name)):
        asked = _buttons(prediction, is_mine=is_mine)
    _facts(prediction, now=now)
    if asked is not None:
        actions.perform(asked, prediction_id=prediction.id, file_name=prediction.upload.file_name, leave=True)


def no_result(prediction: PredictionRow, *, is_mine: bool) -> None:
    """What is left of one that failed or was cancelled, and the way on."""
    can_retry = is_mine and not _needs_other_file(prediction)
    st.caption("There is no result." + (" Retry scores the same file from the start." if can_retry else ""))


def _needs_other_file(prediction: PredictionRow) -> bool:
    """Whether scoring the same file again is known to fail again."""
    is_failed = prediction.status == Status.FAILED
    return is_failed and (prediction.task.error or {}).get("code") in NEED_ANOTHER_FILE


def _buttons(prediction: PredictionRow, *, is_mine: bool) -> Action | None:
    status = Status(prediction.status)
    if status == Status.COMPLETED:
        _downloads(prediction)
    if not is_mine:
        return None
    needs_other_file = _needs_other_file(prediction)
    if status == Status.FAILED and st.button(
        "Choose another file",
        key="other_file",
        icon=":material/upload_file:",
        type="primary" if needs_other_file else "secondary",
    ):
        links.go(UPLOADS, model=prediction.model_id)
    if status in (Status.FAILED, Status.CANCELLED) and st.button(
        "Retry", key="retry", type="secondary" if needs_other_file else "primary", icon=":material/refresh:"
    ):
        return Action.RETRY
    rest = Action.CANCEL if status in PENDING else Action.DELETE
    icon, word = rest.split(maxsplit=1)
    return rest if st.button(word, key=word.lower(), icon=icon, type="tertiary") else None


def _downloads(prediction: PredictionRow) -> None:
    size = f" ({formatting.size(prediction.output_bytes)})" if prediction.output_bytes else ""
    st.link_button(
        "Download CSV",
        actions.download(prediction.id),
        key="download_csv",
        type="primary",
        icon=":material/download:",
        help=f"Your file as it is, with the predictions added as columns at the end{size}",
    )
    st.link_button(
        "Parquet",
        actions.download(prediction.id, file_format="parquet"),
        key="download_parquet",
        help="The same rows for pandas, Spark or DuckDB",
    )
    if (prediction.metrics_json or {}).get("tally", {}).get("formulas"):
        st.link_button(
            "Safe CSV",
            actions.download(prediction.id, safe=True),
            key="download_safe",
            help="Some cells of your file look like formulas. This copy puts an apostrophe before each, so that no "
            "spreadsheet runs them",
        )


def _facts(prediction: PredictionRow, *, now: datetime) -> None:
    zone = session.zone()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="facts"):
        badges.show(
            status_badges.of(prediction),
            tip=f"Since {formatting.exact_moment(prediction.updated_at, zone=zone)}",
        )
        links.link(
            f"{links.escape(prediction.model.name)} · v{prediction.model.version}",
            MODEL,
            icon=":material/category:",
            tip="The model that scores it",
            id=prediction.model_id,
        )
        # the age would stand still while the progress below it moves
        is_pending = prediction.status in PENDING
        facts = [
            f"requested at {formatting.moment(prediction.created_at, now=now, zone=zone)}"
            if is_pending
            else f"requested {formatting.ago(prediction.created_at, now=now)}"
        ]
        if prediction.status == Status.COMPLETED:
            facts.insert(0, formatting.count(prediction.n_rows, "row"))
            facts.append(f"took {formatting.took(prediction.started_at, prediction.finished_at)}")
        st.caption(" · ".join(facts), width="content")
