"""Whether a case is read exactly, at least with a doubt that is said, or silently wrong."""

from __future__ import annotations

import math
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import AppError
from core.uploads.csv import cells, stream
from core.uploads.report.examination import Examination
from core.uploads.report.examine import examine
from tests.core.uploads.corpus.cases import Case, Reading, Row

LEAST_EXACT = 220
"""Of the cases in portals/: fewer read exactly than were already is a step back."""

Outcome = Literal["exact", "flagged", "silent"]
STRUCTURE = ("delimiter", "quotes", "header", "preamble", "names", "not_rows", "widths")
FILLED_UP = "fewer cells than columns"


@dataclass(frozen=True)
class Verdict:
    """exact: as a careful person reads it, and all is said that must be. flagged: otherwise, but refused, or what is
    wrong is named as a doubt. silent: neither. why: what is wrong, "" where nothing. is_unsaid: the table is right, but
    not all is said that must be.
    """

    case: Case
    outcome: Outcome
    why: str = ""
    is_unsaid: bool = False


@dataclass(frozen=True)
class _Column:
    """A column as the reader has it. texts: as spelt; read: cells that are rewritten, missing ones ""."""

    name: str
    is_number: bool
    texts: Row
    read: Row
    values: tuple[float | None, ...]
    n_bad: int

    @property
    def is_empty(self) -> bool:
        return not any(self.read)


def judge_all(cases: Iterable[Case]) -> list[Verdict]:
    """How our reader does on each."""
    with tempfile.TemporaryDirectory() as folder:
        return [judge(case, Path(folder)) for case in cases]


def judge(case: Case, folder: Path) -> Verdict:
    """How our reader does on a case; its file is written into the folder."""
    path = folder / "file.csv"
    path.write_bytes(case.data)
    try:
        found = examine(path, file_name="file.csv")
    except AppError as refused:
        return Verdict(case, "exact" if case.unknowable else "flagged", f"refused: {refused}")
    columns = _columns(path, found)
    said = list(_sentences(found))
    differences = [_difference(reading, columns, may_drop=case.may_drop_empty) for reading in case.readings]
    for reading, (_, why) in zip(case.readings, differences, strict=True):
        if not why and (case.unknowable or not _unsaid(reading.say, said)):
            return Verdict(case, "exact")
    if case.unknowable and not _unsaid(case.say, said):
        return Verdict(case, "exact", "said: no one can know")
    for reading, (_, why) in zip(case.readings, differences, strict=True):
        if not why:
            words = " / ".join(_unsaid(reading.say, said)[0])
            return Verdict(case, "silent", f"read right, but unsaid: {words}", is_unsaid=True)
    place, why = differences[0] if differences else ("", "no one can know, and nothing is said")
    is_text = any(column.name == place and not column.is_number for column in columns) and "number" not in why
    flagged = _is_doubted(place, found, is_text=is_text) or bool(case.say and not _unsaid(case.say, said))
    return Verdict(case, "flagged" if flagged else "silent", why)


def _columns(path: Path, found: Examination) -> list[_Column]:
    with path.open("rb") as source:
        given = stream.read_table(source, found.dialect.verbatim)
        source.seek(0)
        clean = stream.read_table(source, found.dialect)
    columns = []
    values = {rule.column: rule.values for rule in found.dialect.rules}
    for place, profile in enumerate(found.columns):
        column = clean.column(place).combine_chunks()
        is_missing = cells.is_missing(column, values.get(place, ()))
        numbers, bad = cells.numbers(column, found.dialect.decimal)
        columns.append(
            _Column(
                name=profile.name,
                is_number=profile.kind == "number",
                texts=tuple(map(_plain, given.column(place).to_pylist())),
                read=tuple(
                    "" if no else _plain(cell)
                    for no, cell in zip(is_missing, column.to_pylist(), strict=True)
                ),
                values=tuple(None if math.isnan(value) else value for value in numbers.tolist()),
                n_bad=int(bad.sum()),
            )
        )
    return columns


def _difference(reading: Reading, columns: Sequence[_Column], *, may_drop: bool) -> tuple[str, str]:
    """(the column concerned or "", what is wrong or "")."""
    if may_drop:
        columns = [column for column in columns if not column.is_empty]
    names = tuple(_name(column.name) for column in columns)
    if names not in {tuple(map(_name, header)) for header in reading.headers}:
        return "", f"header {names} is not {reading.headers[0]}"
    if (n_rows := len(columns[0].texts)) != len(reading.rows):
        return "", f"{n_rows} rows for {len(reading.rows)}"
    for place, column in enumerate(columns):
        name, kinds = reading.headers[0][place], reading.kinds[place]
        expected = [row[place] for row in reading.rows]
        allowed = [(cell, *reading.either.get((name, cell), ())) for cell in expected]
        if wrong := _of_column(column, kinds, allowed):
            return column.name, f"column {column.name!r} {wrong}"
    return "", ""


def _of_column(column: _Column, kinds: frozenset[str], allowed: Sequence[Row]) -> str:
    if "code" in kinds and not _first_wrong(column.texts, allowed):
        return ""
    if column.is_number:
        if "number" not in kinds:
            return f"is read as numbers, such as {column.values[0]}"
        if column.n_bad:
            return f"has {column.n_bad} cells that are not read"
        return _first_wrong(column.values, [list(map(_value, cells_)) for cells_ in allowed])
    if kinds == {"number"} and not column.is_empty:
        return f"is not read as numbers: {column.read[:3]}"
    return _first_wrong(column.read, allowed)


def _first_wrong(read: Sequence[str | float | None], allowed: Sequence[Sequence[str | float | None]]) -> str:
    for row, (cell, choices) in enumerate(zip(read, allowed, strict=True), 1):
        if not any(_is_same(cell, choice) for choice in choices):
            return f"reads {cell!r} for {choices[0]!r} in row {row}"
    return ""


def _is_same(one: str | float | None, other: str | float | None) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return one == other or math.isclose(one, other, rel_tol=1e-9)
    return one == (_plain(other) if isinstance(other, str) else other)


def _value(cell: str) -> float | str | None:
    try:
        return float(cell) if cell else None
    except ValueError:
        return cell


def _plain(text: str) -> str:
    """Composed letters, one blank for several."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _name(text: str) -> str:
    """A name whose parts may be joined in any way."""
    return " ".join(re.split(r"[\s/–—_-]+", _plain(text).strip()))


def _sentences(found: Examination) -> Iterator[str]:
    """What the reader says of the file; what it is certain of only where it concerns one column."""
    yield from found.notes
    for guess in found.guesses:
        if guess.column or guess.confidence != "certain":
            yield f"{guess.column or ''} {guess.value} {guess.why}"


def _unsaid(groups: Iterable[Row], said: Iterable[str]) -> list[Row]:
    """The groups of which no word is said."""
    text = "\n".join(said).casefold()
    return [group for group in groups if not any(word.casefold() in text for word in group)]


def _is_doubted(column: str, found: Examination, *, is_text: bool) -> bool:
    """Whether the reader says that a column, or with "" the shape of the table, may be read wrongly.

    is_text: letters are concerned, so that a doubt of the encoding counts too.
    """
    doubts = {guess for guess in found.guesses if guess.confidence in ("likely", "guess")}
    if is_text and any(guess.about == "encoding" and guess.confidence == "guess" for guess in doubts):
        return True
    notes = set(found.notes) - {guess.why for guess in found.guesses if guess.about == "names"}
    if column:
        return any(f"'{column}'" in note for note in notes) or any(guess.column == column for guess in doubts)
    return any(FILLED_UP in note for note in notes) or any(
        guess.about in STRUCTURE and guess.confidence == "guess" for guess in doubts
    )
