"""Pages as the menu and links know them, and what leads from one to another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

import streamlit as st

WORD_JOINER: Final = "\u2060"
_ADDRESS = re.compile(r"https?:(?=//)|www(?=\.)", re.IGNORECASE)


@dataclass(frozen=True)
class PageEntry:
    """A page that a room's `pages.py` states.

    file: in the folder pages/; its stem is the page's address. position: from the top of the menu, None for a page
    that only links lead to. is_default: opened at the root; one page is. is_for_admins: nobody else has it.
    """

    file: str
    title: str
    icon: str | None = None
    position: int | None = None
    is_default: bool = False
    is_for_admins: bool = False


def go(page: PageEntry, **params: object) -> NoReturn:
    """Leave for another page, with these query parameters: `go(PREDICTION, id=prediction.id)`."""
    st.switch_page(page.file, query_params=query(params))


def link(
    label: str, page: PageEntry, *, icon: str | None = None, tip: str | None = None, **params: object
) -> None:
    """Draw a link to another page, with these query parameters. tip: what is shown on hover."""
    st.page_link(page.file, label=label, icon=icon, help=tip, query_params=query(params))


def escape(text: str) -> str:
    """Text of a user's, such as a file name, so that markdown shows it as it is.

    Addresses would become links even so, as they are looked for once the rest is read: a character without width
    keeps them from being found.
    """
    text = _ADDRESS.sub(lambda found: f"{found[0]}{WORD_JOINER}", text)
    return "".join(f"\\{char}" if char in "\\`*_{}[]()<>#+-.!|~:$^=&" else char for char in text)


def query(params: Mapping[str, object]) -> dict[str, str]:
    """Query parameters as the address writes them."""
    return {name: str(value) for name, value in params.items()}
