"""Values such as -200 and "unknown" that may stand for "no value": asked about before a training or a scoring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import streamlit as st

from core.ui import formatting, links
from core.ui.uploads import import_receipt
from core.uploads.csv import number_formats
from core.uploads.report.examination import Examination
from core.uploads.report.overrides import ColumnOverrides, ReadingOverrides

N_NAMED: Final = 3


@dataclass(frozen=True)
class MissingCode:
    """What may mean "missing". spellings: as its cells have it, "-200" and "-200,0". columns: where it is."""

    spellings: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def is_number(self) -> bool:
        """Whether it is a number, and no word."""
        return number_formats.of(self.spellings[0]) is not None


def suspected(found: Examination) -> list[MissingCode]:
    """The numbers and words that may mean "missing" and are read as values so far."""
    alike: dict[float | str, dict[str, list[str]]] = {}
    for guess in found.guesses:
        if guess.is_asked and guess.column:
            for spelling in guess.alternatives:
                by_spelling = alike.setdefault(_number(spelling, found.dialect.decimal), {})
                by_spelling.setdefault(spelling, []).append(guess.column)
    return [
        MissingCode(
            tuple(by_spelling), tuple(column for columns in by_spelling.values() for column in columns)
        )
        for by_spelling in alike.values()
    ]


def show(upload_id: int, found: Examination) -> None:
    """A line for each such value, with the button that reads it as missing."""
    for code in suspected(found):
        value = code.spellings[0]
        with st.container(border=True, gap="xsmall", key=f"missing_code_{value}"):
            st.markdown(f":small[:orange[:material/help:] {sentence(code)}]")
            if st.button(
                f"Read {links.escape(value)} as missing",
                key=f"read_missing_{value}",
                icon=":material/refresh:",
            ):
                import_receipt.read(upload_id, found, _as_missing(found, code), anew=False)


def sentence(code: MissingCode) -> str:
    """In how many columns it is, or in which, and what it may mean; in markdown."""
    if len(code.columns) > N_NAMED:
        where = formatting.exact(len(code.columns), "column")
    else:
        names = [f"**{links.escape(name)}**" for name in code.columns]
        where = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    value = f"**{links.escape(code.spellings[0])}**"
    read = "a number" if code.is_number else "a value of its own"
    return f"{value} appears in {where} and may mean “missing”. It is read as {read} now."


def _as_missing(found: Examination, code: MissingCode) -> ReadingOverrides:
    """What reads it as missing in these columns, beside what is read so there already."""
    names = [column.name for column in found.columns]
    known: Mapping[str, tuple[str, ...]] = {names[rule.column]: rule.missing for rule in found.dialect.rules}
    return ReadingOverrides(
        columns={
            name: ColumnOverrides(missing=(*known.get(name, ()), *code.spellings)) for name in code.columns
        }
    )


def _number(spelling: str, decimal: str) -> float | str:
    """What tells spellings of one number from those of another; the spelling itself where it has marks of its own."""
    try:
        return float(spelling.replace(decimal, "."))
    except ValueError:
        return spelling
