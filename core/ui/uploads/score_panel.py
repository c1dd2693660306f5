"""Scoring an upload: the model, whether the file has what it reads, and the two ways to start."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

import streamlit as st

from core import db, queue
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.models import models, thresholds
from core.predictions import listing, predictions
from core.predictions.check import schema_check
from core.predictions.check.schema_check import SchemaCheck
from core.ui import formatting, links, page_frame, session
from core.ui.predictions.pages import PREDICTION
from core.ui.training import outside
from core.ui.uploads import mapping_boxes, reading_boxes, schema_check_text

REASONS_PACE = 100_000
"""Rows a second with reasons before a first run tells better; measured with 19 columns (`benchmarks.scoring`)."""
REASONS_TIMES = 4
"""How many times as long a row takes with reasons; measured likewise."""


def show(
    upload: UploadRow,
    ready: Sequence[ModelRow],
    *,
    preferred_id: UUID | None,
    has_worker: bool,
) -> None:
    """The panel; `ready` is offered in this order, the wished one chosen."""
    by_id = {str(model.id): model for model in ready}
    chosen = st.selectbox(
        "Model",
        list(by_id),
        index=list(by_id).index(str(preferred_id)) if str(preferred_id) in by_id else 0,
        format_func=lambda model_id: f"{by_id[model_id].name} v{by_id[model_id].version}",
        key=f"model_{upload.id}_{preferred_id}",
    )
    model = by_id[chosen]
    with st.container(gap="xsmall", key="schema_check"):
        found = None
        with page_frame.guarded():
            found = _checked(upload, model)
    _start(upload, model, found, has_worker=has_worker)
    if found is not None:
        with st.container(gap="xsmall", key="schema_cells"):
            schema_check_text.cells(found)
            schema_check_text.rest(found)
            if model.data_sha256 == upload.sha256:
                st.caption(
                    ":material/info: The model was trained on this file, so its metrics here will be too optimistic."
                )


def _start(upload: UploadRow, model: ModelRow, found: SchemaCheck | None, *, has_worker: bool) -> None:
    """The two buttons, why they can't be pressed, and what happens then. found: None where it could not be checked."""
    with db.session_scope(session.user()) as scope:
        plain, explained = (
            listing.pace(scope, model_id=model.id, with_reasons=given) for given in (False, True)
        )
    with_reasons = _reasons(upload, model, more_s=reasons_s(upload.n_rows, plain=plain, explained=explained))
    threshold = _threshold(upload, model)
    can_score = found is not None and found.refusal is None
    if can_score:
        outside.before_scoring(upload.file_name, model_format=model.format)
    largest = session.config().sync_max_mb * formatting.MB
    is_large = upload.size_bytes > largest
    with st.container(horizontal=True, gap="small"):
        at_once = st.button(
            "Score now",
            key="score_now",
            type="secondary" if is_large else "primary",
            icon=":material/play_arrow:",
            disabled=is_large or not can_score,
        )
        queued = st.button(
            "Queue it",
            key="queue_it",
            type="primary" if is_large else "secondary",
            icon=":material/schedule:",
            disabled=not can_score,
        )
    if found is not None and (reason := schema_check_text.blocking_reason(found)):
        st.caption(f":material/block: {reason}")
    pace = explained if with_reasons else plain
    st.caption(_what_happens(upload, pace=pace, is_large=is_large, largest=largest, has_worker=has_worker))
    if found is not None and (at_once or queued):
        made = _create(
            upload.id, model.id, found, now=at_once, with_reasons=with_reasons, threshold=threshold
        )
        links.go(PREDICTION, id=made)


def reasons_s(n_rows: int, *, plain: float | None, explained: float | None) -> float:
    """How much longer so many rows take with reasons. plain, explained: rows a second without and with, where known."""
    explained = explained or (plain / REASONS_TIMES if plain else REASONS_PACE)
    plain = plain or explained * REASONS_TIMES
    return max(0.0, n_rows / explained - n_rows / plain)


def _reasons(upload: UploadRow, model: ModelRow, *, more_s: float) -> bool:
    """Whether each row is to say what moved its answer. more_s: how much longer that takes."""
    can_say = all(feature.reference is not None for feature in models.schema_of(model).features)
    return st.checkbox(
        f"Add three reasons to each row :gray[· about {formatting.estimate(more_s)} more]"
        if can_say
        else "Add three reasons to each row :gray[· train the model again to use this]",
        key=f"with_reasons_{upload.id}_{model.id}",
        disabled=not can_say,
        help="Adds the columns reason_1 to reason_3: what moved the prediction most, one column at a time, compared "
        "with the typical value in the training data.",
    )


def _checked(upload: UploadRow, model: ModelRow) -> SchemaCheck:
    """The check, drawn, with the boxes that mend it. Raises BadMapping for what they say, UploadGone."""
    check = partial(
        schema_check.check, session.user(), storage=session.files(), upload_id=upload.id, model_id=model.id
    )
    found = check()
    first = st.container(gap="xsmall")
    if mapping := mapping_boxes.show(upload, model, found):
        found = check(mapping=mapping)
    if choices := reading_boxes.show(upload, model, found):
        found = check(mapping=mapping, choices=choices)
    with first:
        schema_check_text.matched(found)
    schema_check_text.alerts(found)
    return found


def _threshold(upload: UploadRow, model: ModelRow) -> float | None:
    """From which probability on a row counts as the positive outcome; None for a model of no two classes."""
    label = models.schema_of(model).positive_label
    if label is None:
        return None
    now = thresholds.of_model(model)
    return st.number_input(
        f"Predict {links.escape(label)} from a probability of",
        min_value=10.0**-thresholds.DECIMALS,
        max_value=1 - 10.0**-thresholds.DECIMALS,
        value=now,
        step=0.01,
        format="%.3f",
        key=f"threshold_{upload.id}_{model.id}_{now}",
        width=260,
        help="The model's threshold unless you change it here. The prediction keeps it.",
    )


def _create(
    upload_id: int,
    model_id: UUID,
    found: SchemaCheck,
    *,
    now: bool,
    with_reasons: bool,
    threshold: float | None,
) -> UUID:
    with db.session_scope(session.user(), write=True) as scope:
        made = predictions.create(
            scope,
            upload_id=upload_id,
            model_id=model_id,
            mode="sync" if now else "queued",
            mapping=found.mapping,
            with_reasons=with_reasons,
            choices=found.reading,
            threshold=threshold,
        )
    if now:
        queue.local_runner.run_now(made.task_id)
    return made.id


def _what_happens(
    upload: UploadRow, *, pace: float | None, is_large: bool, largest: int, has_worker: bool
) -> str:
    rows = f"{formatting.exact(upload.n_rows, 'row')}, {formatting.size(upload.size_bytes)}."
    if pace:
        rows = f"{rows[:-1]}, about {formatting.estimate(upload.n_rows / pace)} at the speed of the last run."
    if is_large:
        return f"{rows} Files above {formatting.size(largest)} can only be queued."
    if not has_worker:
        return f"{rows} No worker is running, so a queued prediction waits until one starts."
    return f"{rows} *Score now* starts at once. *Queue it* runs after what is already waiting."
