"""The quality of a conversation beside it: its score as a badge, and the reasons; and checking those that have none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from core import db
from core.generation.quality import backlog, findings
from core.generation.quality.findings import Finding
from core.generation.quality.thresholds import Thresholds
from core.ui import badges, formatting, links, notices, page_frame, session
from core.ui.badges import Badge
from core.ui.review.pages import REVIEW

MOST_REASONS: Final = 12
_POOR: Final = 40


def badge(score: int | None, *, asked: Thresholds) -> Badge:
    """How a score looks: by what its template asks, a word with each colour."""
    if score is None:
        return Badge("Not checked", ":material/pending:", "gray")
    if score >= asked.passing_score:
        return Badge(f"{score} · good", ":material/verified:", "green")
    word, color = ("weak", "orange") if score >= _POOR else ("poor", "red")
    return Badge(f"{score} · {word}", ":material/error:", color)  # type: ignore[arg-type]  # one of its colours


def show(score: int | None, found: Sequence[Finding], *, asked: Thresholds) -> None:
    """Draw the badge, and a line for each reason."""
    with st.container(border=True, gap="small", key="quality"):
        tip = f"100, less what was found. Good from {asked.passing_score}."
        badges.show(badge(score, asked=asked), tip=tip)
        for one in found[:MOST_REASONS]:
            _reason(one)
        if (n_more := len(found) - MOST_REASONS) > 0:
            st.caption(f"and {n_more} more")
        if score is not None and not found:
            st.caption("Nothing was found")


def show_backlog(n_unchecked: int) -> None:
    """A button that has those checked that were made before there were checks; nothing where there are none."""
    if not n_unchecked:
        return
    told = formatting.count(n_unchecked, "conversation")
    if st.button(
        f"Check {told}",
        key="check_quality",
        icon=":material/fact_check:",
        help="They have no score yet. A worker checks them; nothing else about them changes.",
    ):
        with page_frame.guarded():
            with db.session_scope(session.user(), write=True) as scope:
                backlog.request(scope)
            notices.leave(
                "They are being checked. Scores appear as it goes on.", icon=":material/fact_check:"
            )
            st.rerun()


def _reason(one: Finding) -> None:
    said = links.escape(findings.sentence(one))
    if (other := findings.other_id(one)) is not None:
        links.link(findings.sentence(one), REVIEW, icon=":material/content_copy:", id=other)
        return
    st.markdown(f":small[{said}]")
