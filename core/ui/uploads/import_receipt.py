"""How a file was read: each guess with how sure it is, the cells that were rewritten, and a way to overrule it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypedDict

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.ui import links, notices, page_frame, session
from core.uploads import uploads
from core.uploads.csv.dialect import DELIMITER_NAMES
from core.uploads.detect import charsets
from core.uploads.detect.guesses import Guess
from core.uploads.report.examination import Examination
from core.uploads.report.overrides import ColumnOverrides, ReadingOverrides

ABOUT: Final[dict[str, str]] = {
    "encoding": "Encoding",
    "delimiter": "Delimiter",
    "quotes": "Quotes",
    "header": "Header line",
    "preamble": "Lines above the table",
    "names": "Column names",
    "not_rows": "Lines left out",
    "widths": "Row length",
    "decimal": "Decimal mark",
    "numbers": "Number format",
    "missing": "Missing values",
    "kind": "Column type",
}
SURE: Final[dict[str, str]] = {
    "certain": "Certain",
    "likely": "Likely",
    "guess": "Guess",
    "chosen": "Set by you",
}
_COLORS: Final[dict[str, str]] = {"certain": "green", "likely": "blue", "guess": "orange", "chosen": "gray"}
_DECIMALS: Final = {".": "Point", ",": "Comma"}
_THOUSANDS: Final = {"": "None", ",": "Comma", ".": "Point", " ": "Space", "'": "Apostrophe"}
_NAMES: Final[dict[str, Mapping[str, str]]] = {
    "encoding": {codec: charsets.label(codec) for codec in charsets.CODECS},
    "delimiter": DELIMITER_NAMES,
    "decimal": {mark: name.lower() for mark, name in _DECIMALS.items()},
}
_AS_FOUND, _NUMBER, _CATEGORY = "As detected", "Number", "Category"
_KINDS: Final = {_AS_FOUND: None, _NUMBER: "number", _CATEGORY: "category"}


class _DialectOverrides(TypedDict):
    encoding: str | None
    delimiter: str | None
    decimal: str | None
    thousands: str | None


class _ContentOverrides(TypedDict):
    header_line: int | None
    missing: tuple[str, ...] | None
    columns: dict[str, ColumnOverrides]


def label(found: Examination) -> str:
    """The name of its tab, with how many lines of it are worth a look."""
    n_guesses = sum(guess.confidence == "guess" for guess in found.guesses)
    return f"How it was read · {n_guesses}" if n_guesses else "How it was read"


def show(upload_id: int, found: Examination, *, is_mine: bool) -> None:
    """The guesses, the first cells before and after, and for its owner the form that overrules."""
    if not found.guesses:
        st.caption("Nothing had to be guessed.")
    for guess in found.guesses:
        if guess.column is None:
            _of_the_file(guess)
    if of_columns := [guess for guess in found.guesses if guess.column is not None]:
        st.markdown("**Columns**")
        _table(
            [
                {
                    "Column": guess.column or "",
                    "About": ABOUT[guess.about],
                    "Read as": guess.value,
                    "Confidence": SURE[guess.confidence],
                    "Why": guess.why,
                }
                for guess in of_columns
            ],
            key="guesses",
        )
    if found.changes:
        st.markdown("**First cells that were rewritten**")
        _table(
            [
                {
                    "Row": str(change.row),
                    "Column": change.column,
                    "In the file": change.before,
                    "Read as": change.after or "(missing)",
                }
                for change in found.changes
            ],
            key="changes",
        )
    if is_mine:
        with st.expander("Read it differently", icon=":material/tune:"):
            _overrule(upload_id, found)


def _of_the_file(guess: Guess) -> None:
    """One line: what it is about, how it is read and how sure that is; below it, why."""
    names: Mapping[str, str] = _NAMES.get(guess.about, {})
    value = f" {links.escape(names.get(guess.value, guess.value))}" if guess.value else ""
    sure = f":{_COLORS[guess.confidence]}-badge[{SURE[guess.confidence]}]"
    st.markdown(f"**{ABOUT[guess.about]}**{value} {sure}  \n:small[:gray[{links.escape(guess.why)}]]")


def _overrule(upload_id: int, found: Examination) -> None:
    with st.form(f"overrule_{upload_id}", border=False):
        left, right = st.columns(2, gap="small")
        of_dialect = _dialect_fields(found, left, right)
        of_content = _content_fields(found, left, right)
        keep_lines = st.checkbox(
            "Keep lines that look like totals, notes or repeated headers",
            value=found.overrides.keep_lines or False,
            key="say_keep_lines",
        )
        again = st.form_submit_button("Read again", icon=":material/refresh:", key="read_again")
    anew = found.overrides != ReadingOverrides() and st.button(
        "Reset to what was detected", key="guess_anew", type="tertiary"
    )
    if anew:
        _read(upload_id, ReadingOverrides(), anew=True)
    elif again:
        kept = keep_lines if keep_lines != bool(found.overrides.keep_lines) else None
        _read(upload_id, ReadingOverrides(**of_dialect, **of_content, keep_lines=kept), anew=False)


def _dialect_fields(found: Examination, left: DeltaGenerator, right: DeltaGenerator) -> _DialectOverrides:
    """How the file is written; what was left as it is read now overrules nothing."""
    dialect = found.dialect
    encoding = left.selectbox(
        "Encoding",
        list(dict.fromkeys([dialect.encoding, *charsets.CODECS])),
        format_func=charsets.label,
        key="say_encoding",
    )
    delimiter = right.selectbox(
        "Delimiter",
        list(dict.fromkeys([dialect.delimiter, *DELIMITER_NAMES])),
        format_func=lambda mark: DELIMITER_NAMES.get(mark, mark),
        key="say_delimiter",
    )
    decimal = left.selectbox(
        "Decimal mark",
        list(_DECIMALS),
        index=list(_DECIMALS).index(dialect.decimal),
        format_func=_DECIMALS.__getitem__,
        key="say_decimal",
    )
    thousands = right.selectbox(
        "Thousands mark",
        [None, *_THOUSANDS],
        format_func=lambda mark: _AS_FOUND if mark is None else _THOUSANDS[mark],
        key="say_thousands",
    )
    return {
        "encoding": encoding if encoding != dialect.encoding else None,
        "delimiter": delimiter if delimiter != dialect.delimiter else None,
        "decimal": decimal if decimal != dialect.decimal else None,
        "thousands": thousands,
    }


def _content_fields(found: Examination, left: DeltaGenerator, right: DeltaGenerator) -> _ContentOverrides:
    """What its lines and cells mean."""
    line = next((guess.value for guess in found.guesses if guess.about == "header"), "1")
    header_now = int(line) if line.isdecimal() else 1
    header = left.number_input(
        "Header line", 0, None, header_now, help="Counted from 1; 0 if there is no header.", key="say_header"
    )
    missing = right.text_input(
        "Values that mean missing",
        placeholder="-999, n/a",
        help="Separate them with commas.",
        key="say_missing",
    )
    column = left.selectbox(
        "Column",
        [one.name for one in found.columns],
        index=None,
        placeholder="None",
        key="say_column",
    )
    kind = right.selectbox("Column type", list(_KINDS), key="say_kind")
    return {
        "header_line": int(header) if header != header_now else None,
        "missing": tuple(one.strip() for one in missing.split(",") if one.strip()) or None,
        "columns": {column: ColumnOverrides(kind=_KINDS[kind])} if column and _KINDS[kind] else {},
    }


def _read(upload_id: int, overrides: ReadingOverrides, *, anew: bool) -> None:
    with page_frame.guarded():
        with st.spinner("Reading the file again…"):
            upload = uploads.reread(
                session.user(),
                storage=session.files(),
                staging_dir=session.config().staging_dir,
                upload_id=upload_id,
                overrides=overrides,
                anew=anew,
            )
        notices.leave(f"{links.escape(upload.file_name)} was read again.", icon=":material/refresh:")
        st.rerun()


def _table(rows: list[dict[str, str]], *, key: str) -> None:
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content" if len(rows) < 15 else 400, key=key)
