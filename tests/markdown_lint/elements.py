"""What of its arguments an element of Streamlit reads as Markdown."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

# Which arguments an element reads as Markdown: those that stand first, and those that are named.
FIRST: Final = {
    **dict.fromkeys(("markdown", "caption", "header", "subheader", "title", "badge", "toast"), 1),
    **dict.fromkeys(("info", "warning", "error", "success", "dialog", "spinner", "status"), 1),
    **dict.fromkeys(("button", "download_button", "link_button", "form_submit_button", "popover", "expander"), 1),
    **dict.fromkeys(("checkbox", "toggle", "selectbox", "multiselect", "text_input", "text_area"), 1),
    **dict.fromkeys(("number_input", "slider", "file_uploader", "tabs", "metric", "date_input"), 1),
    **dict.fromkeys(("radio", "pills", "segmented_control"), 2),  # their options too
    "page_link": 0,
    "progress": 0,
    "write": 99,
    "leave": 1,  # a notice, drawn as a toast by the next run
}  # fmt: skip
NAMED: Final = {"label", "body", "help", "caption", "captions", "text", "title"}
OF_OPTIONS: Final = dict.fromkeys(("radio", "pills", "segmented_control"), ("options", "format_func"))


def read_as_markdown(call: ast.Call, element: str) -> Iterator[ast.expr]:
    """The arguments of an element that it reads as Markdown."""
    options = OF_OPTIONS.get(element, ())
    by_name = {one.arg: one.value for one in call.keywords if one.arg}
    visibility = by_name.get("label_visibility")
    is_unseen = (
        isinstance(visibility, ast.Constant) and visibility.value == "collapsed"
    )  # for screen readers alone
    for n, argument in enumerate(call.args[: FIRST[element]]):
        if not (n == 0 and is_unseen):
            yield argument
    for name, value in by_name.items():
        if name in options or (name in NAMED and not (name == "label" and is_unseen)):
            yield value
