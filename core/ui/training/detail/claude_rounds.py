"""The rounds with Claude: what it was asked, what it answered, and what changed in the code from one to the next."""

from __future__ import annotations

import streamlit as st

from core import db
from core.db.tables.messages import MessageRow
from core.db.tables.training_jobs import TrainingJobRow
from core.training.coding import answers, rounds
from core.training.coding.answers import PREDICT, TRAIN, Files
from core.training.coding.rounds import AFTER_RUN, FIRST, MENDED, Round
from core.training.errors import CodeUnusable
from core.ui import formatting, links, page_frame, session
from core.ui.training.detail import code_changes
from core.ui.training.detail.code_changes import diff

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
            _text(one.question.content)
        if files is not None:
            _code(files, before)
        elif one.answer is not None:
            with st.expander("Answer", icon=":material/chat:"):
                _text(one.answer.content)
    return files


def _answered(one: Round) -> Files | None:
    """Say what came; the files, where there are any, of use or not."""
    reply, files = one.answer or one.trouble, None
    if reply is None:
        st.caption("No answer is known.")
        return None
    problem = reply.content
    if one.answer is not None:
        try:
            files = answers.parsed(reply.content)
            problem = str(CodeUnusable(problems=found)) if (found := tuple(answers.check(files))) else ""
        except CodeUnusable as unusable:
            problem = unusable.message
    if files is not None:
        st.markdown(links.escape(files.approach))
    if problem:
        st.caption(f":orange[:material/warning:] {links.escape(problem)}")
    st.caption(_price(reply))
    return files


def _code(files: Files, before: Files | None) -> None:
    for name, now, was in (
        (TRAIN, files.train, before.train if before else None),
        (PREDICT, files.predict, before.predict if before else None),
    ):
        changes = diff(was, now) if was is not None else now
        told = f"Changes of {name}" if was is not None and changes else name
        with st.expander(told, icon=":material/code:"):
            if not changes:
                st.caption("Unchanged.")
            else:
                is_long = changes.count("\n") > code_changes.MOST_UNSCROLLED
                language = "python" if was is None else "diff"
                st.code(changes, language=language, height=HEIGHT_PX if is_long else "content")


def _text(content: str) -> None:
    st.code(content, language=None, wrap_lines=True, height=HEIGHT_PX)


def _price(reply: MessageRow) -> str:
    told = [links.escape(reply.model)] if reply.model else []
    if reply.n_input is not None and reply.n_output is not None:
        told.append(f"{formatting.exact(reply.n_input, 'token')} in, {reply.n_output:,} out")
    if reply.cost is not None:
        told.append(formatting.money(reply.cost))
    return " · ".join(told)
