"""Which marks a text is written with: its delimiter, quotes and escapes, judged by the tables that they would give."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from core.uploads.csv import records, repairs
from core.uploads.csv.dialect import Dialect
from core.uploads.csv.repairs import Repair
from core.uploads.detect.columns import cell_patterns

DELIMITERS = (",", ";", "\t", "|")
SEPARATORS = ("\x1f", "\x01", "^", "~")
"""Marks that no text has evenly unless they separate its cells."""
RARE_DELIMITERS = (":", " ")
JUDGED_CHARACTERS = 48 << 10
_JUDGED_ROWS = 300
_JUDGED_CELLS = 3000
GOOD = 0.35
_SECOND_BYTES = frozenset("|\\^~")
_SHARE_SECOND_BYTES = ("cp932", "gb18030", "big5")
_ANNOUNCED = re.compile(r'"?sep=([\t !#-&(-/:-@\[\]-`{-~])"?[ \t]*(?:[\r\n]|\Z)', re.IGNORECASE)
_TORN = re.compile(r'^"|"$')
_LONG_TEXT = 80
_FEWEST_LOOSE = 3


@dataclass(frozen=True)
class Marks:
    """quotechar, escapechar: "" for none. repairs: what is done to cells once they are cut."""

    delimiter: str
    quotechar: str = '"'
    escapechar: str = ""
    repairs: tuple[Repair, ...] = ()


class Row(NamedTuple):
    """A record that is not blank. line: where it begins, from 1."""

    line: int
    cells: tuple[str, ...]

    @property
    def n_filled(self) -> int:
        """Cells that hold more than blanks."""
        return len(list(filter(None, map(str.strip, self.cells))))


@dataclass(frozen=True)
class DetectedMarks:
    """The marks that a text is most likely written with. scores: by delimiter, the best first.

    announced: the file names its delimiter itself.
    """

    marks: Marks
    scores: tuple[tuple[str, float], ...]
    announced: bool = False


def rows(text: str, marks: Marks, *, most: int = 1 << 30) -> list[Row]:
    """The text's first records; it ends before one that can't be read, as a quote does that is never closed.

    A line of which repairs leave nothing is none.
    """
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=marks.delimiter,
        quotechar=marks.quotechar or None,
        quoting=csv.QUOTE_MINIMAL if marks.quotechar else csv.QUOTE_NONE,
        escapechar=marks.escapechar or None,
    )
    found: list[Row] = []
    add, row_of = found.append, Row._make
    line = 0
    try:
        for cells in reader:
            if cells:
                add(row_of((line + 1, tuple(cells))))
            line = reader.line_num
            if len(found) >= most:
                break
    except csv.Error:  # a cell over Python's limit, or an escape at the very end: what came before will do
        pass
    return _repaired(found, marks) if marks.repairs else found


def _repaired(found: Sequence[Row], marks: Marks) -> list[Row]:
    rows = [Row(row.line, tuple(repairs.words(cell, marks.repairs) for cell in row.cells)) for row in found]
    return [row for row in rows if row.cells != ("",)]


def detect(text: str, codec: str) -> DetectedMarks:
    """text: the file's beginning. codec: in some, a letter's second byte may look like a mark."""
    if announced := _ANNOUNCED.match(text):
        return DetectedMarks(quotes(text, announced[1], codec), ((announced[1], 1.0),), announced=True)
    text = text[:JUDGED_CHARACTERS]
    present = [mark for mark in (*DELIMITERS, *SEPARATORS) if mark in text and _may_delimit(mark, codec)]
    judged = [(mark, _quality(text, quotes(text, mark, codec))) for mark in present]
    scored = [(mark, score) for mark, score in judged if score >= GOOD or mark not in SEPARATORS]
    if not scored or max(score for _, score in scored) < GOOD:
        rare = [mark for mark in RARE_DELIMITERS if mark in text and _may_delimit(mark, codec)]
        rare = [] if _is_of_dates(text) else rare
        better = [(mark, _quality(text, quotes(text, mark, codec))) for mark in rare]
        scored += [(mark, score) for mark, score in better if score >= GOOD]
    if not scored:
        return DetectedMarks(quotes(text, ",", codec), ())
    scored.sort(key=lambda pair: -pair[1])
    if scored[0][1] <= 0:
        scored.sort(key=lambda pair: -text.count(pair[0]))
    return DetectedMarks(quotes(text, scored[0][0], codec), tuple(scored))


def _is_of_dates(text: str) -> bool:
    """Whether most lines are a date or a time as a whole, which colons and blanks part."""
    lines = [line for line in text.splitlines()[:_JUDGED_ROWS] if line.strip()]
    return 2 * sum(map(cell_patterns.is_calendar, lines)) > len(lines)


def _may_delimit(mark: str, codec: str) -> bool:
    return mark not in _SECOND_BYTES or codec not in _SHARE_SECOND_BYTES


def quotes(text: str, delimiter: str, codec: str) -> Marks:
    """The quotes and escapes that a text with this delimiter is written with."""
    plain = Marks(delimiter)
    text = text[:JUDGED_CHARACTERS]
    may_escape = "\\" in text and _may_delimit("\\", codec)
    if may_escape and ('\\"' in text or "\\" + delimiter in text):
        escaped = Marks(delimiter, escapechar="\\")
        if _has_quote_errors(text, plain) and not _has_quote_errors(text, escaped):
            return escaped
        if "\\" + delimiter in text and _evenness(text, escaped) > _evenness(text, plain):
            return escaped
    unquoted = rows(text, Marks(delimiter, ""), most=_JUDGED_ROWS)
    opened = _opened(unquoted)
    double = [cell for cell in opened if cell[0] == '"']
    if len(opened) > 4 * len(double) and any(
        _has_apostrophes(part, within, delimiter) for part, within in _with_table(text, unquoted)
    ):
        return Marks(delimiter, "'")
    if double and _has_quote_errors(text, plain):
        closed = sum(len(cell) > 1 and cell[-1] == '"' for cell in double)
        without = Marks(delimiter, "")
        is_habit = len(double) - closed >= _FEWEST_LOOSE and closed < 0.5 * len(double)
        if is_habit and _evenness(text, without) > 0.95:
            return without
    return plain


def _opened(found: Iterable[Row]) -> list[str]:
    """The cells that begin with a quote of either sort."""
    return [cell.strip() for row in found for cell in row.cells if cell.strip()[:1] in ("'", '"')]


def _with_table(text: str, unquoted: Sequence[Row]) -> Iterator[tuple[str, Sequence[Row]]]:
    """The text and its rows; then those from the first row that is as wide as most are, without what stands above."""
    yield text, unquoted
    widths = Counter(len(row.cells) for row in unquoted if len(row.cells) > 1)
    usual = max(widths, key=lambda n: widths[n], default=0)
    first = next((index for index, row in enumerate(unquoted) if len(row.cells) == usual), 0)
    if first:
        yield "".join(text.splitlines(keepends=True)[unquoted[first].line - 1 :]), unquoted[first:]


def _has_apostrophes(text: str, unquoted: Sequence[Row], delimiter: str) -> bool:
    """Whether apostrophes quote its cells. unquoted: its rows if they did not."""
    single = [cell for cell in _opened(unquoted) if cell[0] == "'"]
    closed = sum(len(cell) > 1 and cell[-1] == "'" for cell in single)
    marks = Marks(delimiter, "'")
    is_better = closed > 0.7 * len(single) or _evenness(text, marks) > _evenness(text, Marks(delimiter))
    return bool(single) and is_better and not _has_quote_errors(text, marks)


def has_quoted_cells(text: str, delimiter: str) -> bool:
    """Whether a cell begins and ends with a double quote."""
    mark = re.escape(delimiter)
    return re.search(rf'(?:^|{mark})"[^"\r\n]*"(?:{mark}|$)', text, re.MULTILINE) is not None


def _has_quote_errors(text: str, marks: Marks) -> bool:
    """Whether some quote leaves a cell's end in doubt. The text may end within a cell."""
    dialect = Dialect(delimiter=marks.delimiter, quotechar=marks.quotechar, escapechar=marks.escapechar)
    found = records.scan(text.encode(), dialect, final=True)
    is_whole = len(text) < JUDGED_CHARACTERS
    return found.torn_at != records.NOWHERE or (is_whole and found.open_at != records.NOWHERE)


def _evenness(text: str, marks: Marks) -> float:
    """The share of rows that have the most frequent width."""
    widths = Counter(len(row.cells) for row in rows(text, marks, most=_JUDGED_ROWS)[:-1])
    return max(widths.values(), default=0) / max(1, widths.total())


def _quality(text: str, marks: Marks) -> float:
    """From 0 to 1: how much the text is a table with these marks: rows of one width, cells that are one thing each."""
    found = rows(text, marks, most=_JUDGED_ROWS)
    if len(found) > 2 and len(text) >= JUDGED_CHARACTERS:
        found = found[:-1]
    widths = Counter(len(row.cells) for row in found if len(row.cells) > 1)
    if not widths:
        return 0.0
    width = max(widths, key=lambda n: (widths[n] * (1 - 1 / (n + 1)), n))
    inside = [index for index, row in enumerate(found) if len(row.cells) == width]
    table = found[inside[0] : inside[-1] + 1]
    fit = sum(_fit(row, width) for row in table) / len(table)
    share = len(table) / len(found)
    return float(fit**2 * share**0.5) * _purity(table, marks.delimiter) * (1 - 1 / (width + 1))


def _fit(row: Row, width: int) -> float:
    if len(row.cells) == width:
        return 1.0
    is_ragged = 1 < len(row.cells) < width or not any(cell.strip() for cell in row.cells[width:])
    return 0.5 if is_ragged else 0.0


def _purity(table: Sequence[Row], delimiter: str) -> float:
    cells = [cell for row in table for cell in row.cells if cell.strip()][:_JUDGED_CELLS]
    if not cells:
        return 0.1
    return sum(_plausible(cell, delimiter) for cell in cells) / len(cells)


def _plausible(cell: str, delimiter: str) -> float:
    score_cell = _plausible_word if len(cell) <= _LONG_TEXT else _plausible_text
    return score_cell(cell, delimiter)


def _plausible_text(cell: str, delimiter: str) -> float:
    if cell_patterns.is_measure(cell):
        return 1.0
    text = cell.strip()
    if _TORN.search(text):
        return 0.1
    others = [mark for mark in DELIMITERS if mark != delimiter]
    if "\t" in text or ("|" in others and "|" in text):
        return 0.1
    if ";" in others and ";" in text:
        return 0.3 if "; " in text else 0.15
    if "," in others and "," in text.replace(", ", ""):
        return 0.3
    return 0.7 if len(text) <= _LONG_TEXT else 0.5


_plausible_word = lru_cache(maxsize=20_000)(_plausible_text)
