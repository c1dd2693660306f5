"""The code of a training: what changed since the version before, and the whole of it to copy or keep."""

from __future__ import annotations

import re
from typing import Final

import streamlit as st

from core import db
from core.db.tables.training_jobs import TrainingJobRow
from core.training import records
from core.ui import formatting, session
from core.ui.training.detail import claude_rounds
from core.ui.training.detail.code_changes import MOST_UNSCROLLED, diff

AUTHORS: Final = {"template": "the built-in template", "claude": "Claude", "user": "you"}
HEIGHT_PX: Final = 520
WHOLE, CHANGES = "Whole file", "Changes"


def show(job: TrainingJobRow) -> None:
    """Of one that has code yet."""
    with db.session_scope(session.user()) as scope:
        code, predict = records.code(scope, training_job_id=job.id)
        before = records.code_before(scope, job=job)
    if not code:
        st.caption("There is no code yet.")
        claude_rounds.show(job)
        return
    changes = diff(before.code, code) if before else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="code_head"):
        st.caption(_about(job, code, before, changes), width="stretch")
        shown = WHOLE
        if before and changes:
            shown = (
                st.segmented_control(
                    "Shown",
                    [WHOLE, CHANGES],
                    default=WHOLE,
                    key="code_shown",
                    label_visibility="collapsed",
                    required=True,
                )
                or WHOLE
            )
        st.download_button(
            "Download",
            code,
            file_name=f"{_file_name(job)}.py",
            mime="text/x-python",
            icon=":material/download:",
            key="download_code",
            on_click="ignore",
        )
    if shown == CHANGES:
        is_long = changes.count("\n") > MOST_UNSCROLLED
        st.code(changes, language="diff", height=HEIGHT_PX if is_long else "content")
    else:
        st.code(code, language="python", height=HEIGHT_PX, line_numbers=True)
    if predict:
        with st.expander("predict.py", icon=":material/code:"):
            st.code(predict, language="python", height=HEIGHT_PX, line_numbers=True)
    claude_rounds.show(job)


def _about(job: TrainingJobRow, code: str, before: records.EarlierCode | None, changes: str) -> str:
    n_lines = len(code.splitlines())
    told = [f"Written by {AUTHORS.get(job.code_source or '', 'the app')}", formatting.exact(n_lines, "line")]
    if before and not changes:
        told.append(f"Same code as v{before.version}")
    elif before:
        signs = [line[:1] for line in changes.splitlines()]
        added = formatting.exact(signs.count("+"), "line")
        told.append(f"{added} added and {signs.count('-'):,} removed since v{before.version}")
    if job.code_sha256:
        told.append(f"sha256 {job.code_sha256[:12]}")
    return " · ".join(told)


def _file_name(job: TrainingJobRow) -> str:
    """Of the model's name what every file system takes."""
    name = re.sub(r"[^\w-]+", "_", job.name).strip("_")[:60] or "model"
    return f"{name}_v{job.model.version}" if job.model is not None else name
