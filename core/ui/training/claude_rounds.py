"""The rounds with Claude: what it was asked, what it answered, and what changed in the code from one to the next."""

from __future__ import annotations

import streamlit as st

from core import db
from core.db.tables.messages import MessageRow
from core.db.tables.training_jobs import TrainingJobRow
from core.training.coding import answers, rounds
from core.training.coding.answers import Files
from core.training.coding.rounds import AFTER_RUN, FIRST, MENDED, Round
from core.training.errors import CodeUnusable
from core.ui import formatting, links, page_frame, session
from core.ui.training.code_changes import diff

NAMES = {
    FIRST: "First answer",
    MENDED: "Asked again, as it could not be used",
    AFTER_RUN: "Asked again after a run",
}
HEIGHT_PX = 360


def show(job: TrainingJobRow) -> None:
    """Nothing where Claude was not asked."""
    if job.model_id is None:
        return
    with db.session_scope(session.user()) as scope:
        found = rounds.of_model(scope, model_id=job.model_id)
    if not found:
        return
    page_frame.section("Conversation with Claude")
    before: Files | None = None
    for one in found:
        before = _show(one, before) or before


def _show(one: Round, before: Files | None) -> Files | None:
    """The files of this round, where it has any."""
    with st.container(border=True, gap="small", key=f"round_{one.n}"):
        st.markdown(f"**{one.n}. {NAMES.get(one.n, 'Asked again')}**")
        files = _answered(one)
        with st.expander("Prompt", icon=":material/outgoing_mail:"):
            st.code(one.question.content, language=None, wrap_lines=True, height=HEIGHT_PX)
        if one.answer is not None:
            if files is None:
                with st.expander("Answer"):
                    st.code(one.answer.content, language=None, wrap_lines=True, height=HEIGHT_PX)
            else:
                _code(files, before)
    return files


def _answered(one: Round) -> Files | None:
    """Say what came; the files, where it could be used."""
    reply = one.answer or one.trouble
    if reply is None:
        st.caption("No answer is known.")
        return None
    if one.answer is None:
        st.caption(f":orange[:material/warning:] {links.escape(reply.content)}")
        st.caption(_price(reply))
        return None
    try:
        files = answers.read(reply.content)
    except CodeUnusable as unusable:
        st.caption(f":orange[:material/warning:] {links.escape(unusable.message)}")
        st.caption(_price(reply))
        return None
    st.markdown(links.escape(files.approach))
    st.caption(_price(reply))
    return files


def _code(files: Files, before: Files | None) -> None:
    for name, now, was in (
        ("train.py", files.train, before.train if before else None),
        ("predict.py", files.predict, before.predict if before else None),
    ):
        with st.expander(name, icon=":material/code:"):
            changes = diff(was, now) if was is not None else ""
            if changes:
                st.code(changes, language="diff", height=HEIGHT_PX)
            elif was is not None:
                st.caption("Unchanged.")
            else:
                st.code(now, language="python", height=HEIGHT_PX, line_numbers=True)


def _price(reply: MessageRow) -> str:
    told = [links.escape(reply.model)] if reply.model else []
    if reply.n_input is not None and reply.n_output is not None:
        told.append(f"{formatting.exact(reply.n_input, 'token')} in, {reply.n_output:,} out")
    if reply.cost is not None:
        told.append(formatting.money(reply.cost))
    return " · ".join(told)
