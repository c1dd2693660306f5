"""The frame of a page, and what stands where content would: nothing yet, or something wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import AppError
from core.ui import brand, links
from core.ui.links import PageEntry


def heading(title: str, text: str = "") -> DeltaGenerator:
    """A page's title with its one sentence; returns the container of its buttons, at the right or below."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="heading"):
        with st.container(width="stretch", gap=None):
            st.title(title, anchor=False)
            if text:
                st.caption(text)
        return toolbar()


def name_tab(title: str) -> None:
    """Have the browser's tab say what is open. title: plain text."""
    st.set_page_config(page_title=f"{title} · {brand.NAME}")


def back(page: PageEntry) -> None:
    """The way to the list that this page is one of, above its title."""
    with st.container(key="back"):
        links.link(page.title, page, icon=":material/arrow_back:")


def toolbar() -> DeltaGenerator:
    """A row of buttons that wraps where it must: `with toolbar(): st.button(…)`."""
    return st.container(horizontal=True, vertical_alignment="center", gap="small", width="content")


def section(title: str, text: str = "") -> None:
    """The heading of a part of a page."""
    with st.container(gap=None):
        st.subheader(title, anchor=False)
        if text:
            st.caption(text)


def empty(title: str, text: str, *, icon: str = ":material/inbox:", key: str | None = None) -> DeltaGenerator:
    """Where there is nothing yet: what will be here and how to get there; returns the container of a button."""
    with (
        st.container(border=True, key=key),
        st.container(horizontal_alignment="center", gap="small"),
    ):
        st.space("small")
        st.markdown(f"### :gray[{icon}]", width="content", text_alignment="center")
        st.markdown(f"**{title}**", width="content", text_alignment="center")
        st.caption(text, width=440, text_alignment="center")
        buttons = st.container(horizontal=True, horizontal_alignment="center", gap="small")
        st.space("small")
        return buttons


def confirmed(label: str, *, key: str, icon: str = ":material/delete:") -> bool:
    """The buttons of a dialog that asks before something is lost, the way out first; whether it was confirmed."""
    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        if st.button("Cancel", key=f"keep_{key}"):
            st.rerun()
        return st.button(label, key=key, type="primary", icon=icon)


def show_error(error: AppError) -> None:
    """What went wrong, to which thing, and what to do next."""
    show_failure(error.message, error.hint)


def show_failure(message: str, hint: str = "") -> None:
    """A failure that was written down earlier, such as a prediction's, as `show_error` shows an error."""
    st.error(
        f"**{links.escape(message)}**" + (f"\n\n{links.escape(hint)}" if hint else ""),
        icon=":material/error:",
    )


def missing(error: AppError, title: str, page: PageEntry, *, button: str) -> NoReturn:
    """In place of the page of one thing that is not there: what was asked for, and the way to the list of all."""
    name_tab(title)
    back(page)
    heading(title)
    show_error(error)
    if st.button(button, key="view_all", type="primary"):
        links.go(page)
    st.stop()


@contextmanager
def guarded(*, way_out: PageEntry | None = None) -> Iterator[None]:
    """Show an AppError in place. Each fragment and dialog has its own: the navigation's doesn't reach them.

    way_out: a page to link to, for where nothing else of this one is left.
    """
    try:
        yield
    except AppError as error:
        show_error(error)
        if way_out:
            links.link(way_out.title, way_out, icon=":material/arrow_back:")
