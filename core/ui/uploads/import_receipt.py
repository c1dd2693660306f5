"""How a file was read: each guess with how sure it is, the cells that were rewritten, and a way to overrule it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypedDict

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.ui import formatting, links, notices, page_frame, session
from core.uploads import uploads
from core.uploads.csv.dialect import DELIMITER_NAMES, delimiter_name
from core.uploads.dates import texts
from core.uploads.detect.encodings import charsets
from core.uploads.detect.guesses import Guess
from core.uploads.errors import UnequalRow
from core.uploads.report import questions
from core.uploads.report.examination import Examination
from core.uploads.report.overrides import ColumnOverrides, ReadingOverrides

ABOUT: Final[dict[str, str]] = {
    "encoding": "Encoding",
    "text": "Characters",
    "tables": "Tables in the file",
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
    "dates": "Dates",
    "kind": "Column type",
    "doubt": "To check",
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
_NAMED: Final[dict[str, Callable[[str], str]]] = {
    "encoding": charsets.label,
    "delimiter": delimiter_name,
    "decimal": lambda mark: _DECIMALS[mark].lower(),
}
_AS_FOUND: Final = "As detected"
_DATE_FORMS: Final = {
    "dmy": "Date: day, month, year",
    "mdy": "Date: month, day, year",
    "ymd": "Date: year, month, day",
    "time": "Time of day",
    "epoch": "Date: seconds since 1970",
    "epoch_ms": "Date: milliseconds since 1970",
    "excel": "Date: days as spreadsheets count them",
}
_KINDS: Final[dict[str, ColumnOverrides | None]] = {
    _AS_FOUND: None,
    "Number": ColumnOverrides(kind="number"),
    "Category": ColumnOverrides(kind="category"),
    **{name: ColumnOverrides(date=form) for form, name in _DATE_FORMS.items()},
}


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
    n_guesses = sum(guess.confidence == "guess" and guess.column is None for guess in found.guesses)
    n_guesses += sum(guesses[0].confidence == "guess" for guesses in _alike(found.guesses))
    return f"How it was read · {n_guesses}" if n_guesses else "How it was read"


def show(upload_id: int, found: Examination, *, is_mine: bool) -> None:
    """The guesses, the first cells before and after, and for its owner the form that overrules."""
    if not found.guesses:
        st.caption("Nothing had to be guessed.")
    for guess in found.guesses:
        if guess.column is None:
            _of_the_file(guess)
    if alike := _alike(found.guesses):
        st.markdown("**Columns**")
        _table([_of_columns(guesses) for guesses in alike], key="guesses")
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


def _alike(found: Sequence[Guess]) -> list[list[Guess]]:
    """The guesses about columns, those together that say the same of several."""
    alike: dict[tuple[object, ...], list[Guess]] = {}
    for guess in found:
        if guess.column is not None:
            said = guess.why if guess.about == "doubt" else guess.value
            alike.setdefault((guess.about, said, guess.confidence, guess.alternatives), []).append(guess)
    return list(alike.values())


def _of_columns(alike: Sequence[Guess]) -> dict[str, str]:
    """A line of the table. alike: of one column or, with the first one's reason, of several."""
    first, names = alike[0], ", ".join(guess.column or "" for guess in alike)
    several = len(alike) > 1
    return {
        "Column": f"{len(alike)} columns: {names}" if several else names,
        "About": ABOUT[first.about],
        "Read as": texts.FORMS.get(first.value, first.value) if first.about == "dates" else first.value,
        "Confidence": SURE[first.confidence],
        "Why": f"In {first.column}: {first.why}" if several else first.why,
    }


def _of_the_file(guess: Guess) -> None:
    """One line: what it is about, how it is read and how sure that is; below it, why."""
    named = _NAMED.get(guess.about, str)
    value = f" {links.escape(named(guess.value))}" if guess.value else ""
    sure = f":{_COLORS[guess.confidence]}-badge[{SURE[guess.confidence]}]"
    st.markdown(f"**{ABOUT[guess.about]}**{value} {sure}  \n:small[:gray[{links.escape(guess.why)}]]")


def _overrule(upload_id: int, found: Examination) -> None:
    reading = _reading_key(upload_id, found)
    with st.form(f"overrule_{reading}", border=False):
        left, right = st.columns(2, gap="small")
        of_dialect = _dialect_fields(found, left, right, reading=reading)
        of_content = _content_fields(found, left, right, reading=reading)
        keep_lines = st.checkbox(
            "Keep lines that look like totals, notes or repeated headers",
            value=found.overrides.keep_lines or False,
            key=f"say_keep_lines_{reading}",
        )
        again = st.form_submit_button("Read again", icon=":material/refresh:", key="read_again")
    anew = found.overrides != ReadingOverrides() and st.button(
        "Reset to what was detected", key="guess_anew", type="tertiary"
    )
    if anew:
        read(upload_id, found, ReadingOverrides(), anew=True)
    elif again:
        kept = keep_lines if keep_lines != bool(found.overrides.keep_lines) else None
        read(upload_id, found, ReadingOverrides(**of_dialect, **of_content, keep_lines=kept), anew=False)


def _reading_key(upload_id: int, found: Examination) -> str:
    """Ends the keys of the form's fields: another upload, or another reading of one, begins with fields of its own."""
    reading = repr((found.overrides, found.dialect)).encode()
    return f"{upload_id}_{hashlib.sha256(reading).hexdigest()[:12]}"


def _dialect_fields(
    found: Examination, left: DeltaGenerator, right: DeltaGenerator, *, reading: str
) -> _DialectOverrides:
    """How the file is written; what was left as it is read now overrules nothing."""
    dialect = found.dialect
    encoding = left.selectbox(
        "Encoding",
        list(dict.fromkeys([dialect.encoding, *charsets.CODECS])),
        format_func=charsets.label,
        key=f"say_encoding_{reading}",
    )
    delimiter = right.selectbox(
        "Delimiter",
        list(dict.fromkeys([dialect.delimiter, *DELIMITER_NAMES])),
        format_func=lambda mark: delimiter_name(mark).capitalize(),
        key=f"say_delimiter_{reading}",
    )
    decimal = left.selectbox(
        "Decimal mark",
        list(_DECIMALS),
        index=list(_DECIMALS).index(dialect.decimal),
        format_func=_DECIMALS.__getitem__,
        key=f"say_decimal_{reading}",
    )
    thousands = right.selectbox(
        "Thousands mark",
        [None, *_THOUSANDS],
        format_func=lambda mark: _AS_FOUND if mark is None else _THOUSANDS[mark],
        key=f"say_thousands_{reading}",
    )
    return {
        "encoding": encoding if encoding != dialect.encoding else None,
        "delimiter": delimiter if delimiter != dialect.delimiter else None,
        "decimal": decimal if decimal != dialect.decimal else None,
        "thousands": thousands,
    }


def _content_fields(
    found: Examination, left: DeltaGenerator, right: DeltaGenerator, *, reading: str
) -> _ContentOverrides:
    """What its lines and cells mean."""
    line = next((guess.value for guess in found.guesses if guess.about == "header"), "1")
    header_now = int(line) if line.isdecimal() else 1
    header = left.number_input(
        "Header line",
        0,
        None,
        header_now,
        help="Counted from 1; 0 if there is no header.",
        key=f"say_header_{reading}",
    )
    missing = right.text_input(
        "Values that mean missing",
        placeholder="-999, n/a",
        help="Separate them with commas.",
        key=f"say_missing_{reading}",
    )
    values = left.text_input(
        "Values to keep",
        placeholder="NA, -999",
        help="Cells that are values, although they look like a missing one. Separate them with commas.",
        key=f"say_values_{reading}",
    )
    column = right.selectbox(
        "Column",
        [one.name for one in found.columns],
        index=None,
        placeholder="None",
        key=f"say_column_{reading}",
    )
    kind = left.selectbox("Column type", list(_KINDS), key=f"say_kind_{reading}")
    columns = {column: said} if column and (said := _KINDS[kind]) else {}
    return {
        "header_line": int(header) if header != header_now else None,
        "missing": _listed(missing) or None,
        "columns": questions.with_values(found, columns, _listed(values), only=column),
    }


def _listed(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())


def read(upload_id: int, found: Examination, overrides: ReadingOverrides, *, anew: bool) -> None:
    """Read the file again with these overrides, and draw the page of what came of it. found: how it is read now."""
    with page_frame.guarded(), _told_as_unchanged(found, overrides):
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


@contextmanager
def _told_as_unchanged(found: Examination, overrides: ReadingOverrides) -> Iterator[None]:
    """Say of rows that the chosen delimiter makes uneven what that choice did, and that all is as before."""
    try:
        yield
    except UnequalRow as error:
        if overrides.delimiter is None:
            raise
        chosen, now = map(delimiter_name, (overrides.delimiter, found.dialect.delimiter))
        cells = formatting.exact(error.found, "cell")
        page_frame.show_failure(
            f"With {chosen} as the delimiter, line {error.line:,} has {cells} and the header {error.expected:,}.",
            f"Nothing was changed; the file is still read with {now}s.",
        )


def _table(rows: list[dict[str, str]], *, key: str) -> None:
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content" if len(rows) < 15 else 400, key=key)
