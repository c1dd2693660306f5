"""Scoring an upload: the model, whether the file has what it reads, and the two ways to start."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from core import db, queue
from core.db.tables import ModelRow, UploadRow
from core.models import models
from core.predictions import predictions
from core.predictions.header import HeaderCheck, Missing, check_header
from core.ui import links, session, words

SHOWN = 6
REASONS_PACE = 100_000
"""Rows a second with reasons before a first run tells better; measured with 19 columns (`benchmarks.scoring`)."""


def show(
    upload: UploadRow,
    columns: Sequence[str],
    ready: Sequence[ModelRow],
    *,
    wished_id: UUID | None,
    has_worker: bool,
) -> None:
    """The panel; `ready` is offered in this order, the wished one chosen."""
    by_id = {str(model.id): model for model in ready}
    chosen = st.selectbox(
        "Model",
        list(by_id),
        index=list(by_id).index(str(wished_id)) if str(wished_id) in by_id else 0,
        format_func=lambda model_id: f"{by_id[model_id].name} v{by_id[model_id].version}",
        key="model",
    )
    model = by_id[chosen]
    check = check_header(columns, models.schema_of(model))
    with st.container(gap="xxsmall", key="schema_check"):
        _said(check, model)
        if model.data_sha256 == upload.sha256:
            st.caption(
                ":material/info: The model learned from this very file: metrics here are better than on new rows."
            )
    with_reasons = _reasons(model, n_rows=upload.n_rows)
    largest = session.config().sync_max_mb * words.MB
    is_large = upload.size_bytes > largest
    with st.container(horizontal=True, gap="small"):
        at_once = st.button(
            "Score now",
            key="score_now",
            type="secondary" if is_large else "primary",
            icon=":material/play_arrow:",
            disabled=is_large or not check.fits,
        )
        queued = st.button(
            "Queue it",
            key="queue_it",
            type="primary" if is_large else "secondary",
            icon=":material/schedule:",
            disabled=not check.fits,
        )
    with db.session_scope(session.user()) as scope:
        pace = predictions.pace(scope, model_id=model.id, with_reasons=with_reasons)
    st.caption(_what_happens(upload, pace=pace, is_large=is_large, largest=largest, has_worker=has_worker))
    if at_once or queued:
        links.go(links.PREDICTION, id=_create(upload.id, model.id, now=at_once, with_reasons=with_reasons))


def _reasons(model: ModelRow, *, n_rows: int) -> bool:
    """Whether each row is to say what moved its answer, and what that costs."""
    can_say = all(feature.reference is not None for feature in models.schema_of(model).features)
    with db.session_scope(session.user()) as scope:
        pace = predictions.pace(scope, model_id=model.id, with_reasons=True) or REASONS_PACE
    return st.checkbox(
        f"Three reasons for each row :gray[· about {words.duration(max(1.0, n_rows / pace))} more]"
        if can_say
        else "Three reasons for each row :gray[· only a model trained anew can give them]",
        key="with_reasons",
        disabled=not can_say,
        help="Adds the columns reason_1 to reason_3: what moved the answer most, one column at a time, against the "
        "median or the most common value of the training file.",
    )


def _create(upload_id: int, model_id: UUID, *, now: bool, with_reasons: bool) -> UUID:
    with db.session_scope(session.user(), write=True) as scope:
        made = predictions.create(
            scope,
            upload_id=upload_id,
            model_id=model_id,
            mode="sync" if now else "queued",
            with_reasons=with_reasons,
        )
    if now:
        queue.here.run_now(made.task_id)
    return made.id


def _said(check: HeaderCheck, model: ModelRow) -> None:
    n_read = len(check.matched) + len(check.missing)
    if check.fits:
        st.markdown(
            f":small[:green[:material/check_circle:] All **{n_read}** columns that the model reads are here]"
        )
    else:
        lacks = f"**{len(check.missing)} of {n_read}** columns that the model reads are missing"
        st.markdown(f":small[:red[:material/error:] {lacks}]")
        likeliest_first = sorted(check.missing, key=lambda one: one.nearest is None)
        st.markdown("\n".join(_missing(one) for one in likeliest_first[:SHOWN]))
        if rest := [one.name for one in likeliest_first[SHOWN:]]:
            st.caption(f"and {len(rest)} more", help=", ".join(rest))
        st.caption("Rename or add them in the file and upload it again, or choose another model.")
    if check.has_outcome:
        outcome = f"The outcome **{links.escape(model.target)}** is here too: you get metrics"
        st.markdown(f":small[:green[:material/monitoring:] {outcome}]")
    if check.extra:
        shown = ", ".join(check.extra[:SHOWN]) + (
            f" and {len(check.extra) - SHOWN} more" if check.extra[SHOWN:] else ""
        )
        st.caption(f":material/visibility_off: Not read: {links.escape(shown)}")


def _missing(one: Missing) -> str:
    nearest = f" :gray[· nearest: {links.escape(one.nearest)}]" if one.nearest else ""
    return f"- :small[**{links.escape(one.name)}**{nearest}]"


def _what_happens(
    upload: UploadRow, *, pace: float | None, is_large: bool, largest: int, has_worker: bool
) -> str:
    rows = f"{words.exact(upload.n_rows, 'row')}, {words.size(upload.size_bytes)}."
    if pace:
        rows = (
            f"{rows[:-1]}; about {words.duration(max(1.0, upload.n_rows / pace))} at this model's last pace."
        )
    if is_large:
        return f"{rows} Files above {words.size(largest)} are queued, so that nobody waits for them."
    if not has_worker:
        return f"{rows} No worker is running: a queued prediction waits until one starts."
    return f"{rows} *Now* is first in line; *queued* waits its turn."
