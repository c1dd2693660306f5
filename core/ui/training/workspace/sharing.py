"""What a training is told beside the file: web pages to read first, and what of it all leaves the house for Claude."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.db.tables.training_jobs import TrainingJobRow
from core.db.tables.uploads import UploadRow
from core.errors import AppError
from core.training.coding import disclosure
from core.training.sources import addresses
from core.ui import formatting, links, session

NO_ROWS = "It gets no rows."
VALUES_TOO = "It is sent example values, and what code prints when it fails, which may be rows."
IF_IT_FAILS = "Code that fails goes back once, with the last lines that it printed"
HIDDEN = ", in which numbers and words that Claude does not know yet are blacked out."


@dataclass(frozen=True)
class Shared:
    """What was chosen. refusal: why a click could not work."""

    resources: tuple[str, ...] = ()
    shares_values: bool = False
    refusal: AppError | None = None


def resources(like: TrainingJobRow | None, *, key: str) -> Shared:
    """The box for addresses, one a line; what is wrong with one is said beneath it."""
    with st.expander(
        "Web pages to read first", icon=":material/language:", expanded=bool(like and like.resources)
    ):
        text = st.text_area(
            "Addresses, one a line",
            value="\n".join(like.resources) if like else "",
            key=key,
            placeholder="https://…",
            help=f"At most {addresses.MOST} public pages. Whoever writes the code is given what they say, as data.",
            height=100,
        )
        try:
            return Shared(addresses.tidied(addresses.lines(text or ""), app_url=session.config().url))
        except AppError as refused:
            st.caption(f":red[:material/block:] {links.escape(str(refused))}")
            return Shared(refusal=refused)


def leaving(
    upload: UploadRow,
    *,
    target: str,
    goal: str,
    chosen: Shared,
    like: TrainingJobRow | None,
    key: str,
) -> Shared:
    """What leaves the house, before the click; nothing where Claude writes no code. upload: with its receipt."""
    config = session.config()
    if not disclosure.is_by_claude(config):
        return chosen
    with st.container(border=True, gap="small", key="leaves"):
        st.markdown("**What leaves this machine**")
        n = len(chosen.resources)
        pages = f", and address and text of {formatting.exact(n, 'page')}" if n else ""
        columns = formatting.exact(len(disclosure.columns(upload)), "column")
        sent = st.empty()
        shares = st.checkbox(
            "Also send example values",
            value=bool(like and like.shares_values),
            key=key,
            help="Five values of each column, its smallest and largest one, and what the code prints if it fails. "
            "Without this, numbers and words that Claude does not know yet are blacked out.",
        )
        sent.caption(
            f"{links.escape(disclosure.who(config))} writes the code. It is sent the goal, the target, and names, "
            f"kinds and counts of {columns}{pages}. {VALUES_TOO if shares else NO_ROWS}"
        )
        with st.expander("Show what is sent", icon=":material/visibility:"):
            asked = disclosure.question(
                upload, target=target, goal=goal, with_values=shares, resources=chosen.resources
            )
            st.code(asked, language=None, wrap_lines=True, height=320)
            st.caption(
                f"With it goes a fixed text on what the code gets and owes. {IF_IT_FAILS}{'.' if shares else HIDDEN}"
            )
        st.caption(links.escape(disclosure.cost(config, asked, n_pages=n)))
    return Shared(chosen.resources, shares, chosen.refusal)
