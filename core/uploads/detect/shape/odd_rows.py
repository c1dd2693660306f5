"""Lines among the rows of a table that are none, and rows that may be none: comments, page ends, totals, headings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from core.errors import counted
from core.uploads.detect.columns import cell_patterns
from core.uploads.detect.delimiters import Row
from core.uploads.detect.guesses import Guess
from core.uploads.detect.shape import headings, sums, widths

_COMMENT = re.compile(r"\s*(#|//|%)")
_PAGE = re.compile(
    r"\W{0,5}(page|seite|página|pagina|sida|side|strona|strana|oldal|стр|страница|sayfa|ページ)\W{0,5}[0-9]",
    re.I,
)
_STATISTIC = re.compile(
    r"(mean|average|avg|median|std|stdev|std\.? ?dev\.?|sd|se|cv|variance|min|minimum|max|maximum|range|mittelwert|"
    r"mittel|standardabweichung|moyenne|médiane|écart[- ]type|media|mediana|desv\.? ?est\.?)\W*(\(?%?\)?)\W*",
    re.I,
)
_ENDS_AS_TOTAL = re.compile(r".*\b(sub-?)?(totals?|summe|gesamt|suma|somme|итого|razem)\W*", re.I)
_FEW = 0.3
_MOST_TOTALS = 0.5
_SHOWN = 40
_LOOKED_AT = 400
_FEWEST = 3
_NEARLY_ALL = 0.9


def among(rows: Sequence[Row], above: Sequence[Row], n_columns: int, header: Row | None) -> list[Row]:
    """Comments, ends of pages and the names in another spelling. above: the lines above the table."""
    found = comments(rows, n_columns, is_announced=any(row.cells[0].startswith("#") for row in above))
    if header is None:
        return found
    if any(row.cells == header.cells for row in rows):
        found += pages(rows)
    return found + names_again(rows, header)


def comments(rows: Sequence[Row], n_columns: int, *, is_announced: bool) -> list[Row]:
    """Lines among the rows that begin as comments do, where few do and one at least is no row by its width.

    is_announced: such a line stands above the table.
    """
    found = [row for row in rows if _COMMENT.match(row.cells[0])]
    if not found or len(found) > _FEW * len(rows) or len(rows) - len(found) < _FEWEST:
        return []
    return found if is_announced or any(len(row.cells) != n_columns for row in found) else []


def pages(rows: Sequence[Row]) -> list[Row]:
    """Lines that say nothing but which page ends there."""
    return [row for row in rows if row.n_filled == 1 and is_page(row)]


def names_again(rows: Sequence[Row], header: Row) -> list[Row]:
    """Rows that spell the names of several columns once more, in small or capital letters or with other blanks."""
    wanted = _folded(header)
    if len(header.cells) < 2:
        return []
    initial = wanted[0][:1]
    others = (row for row in rows if row.cells != header.cells)
    return [row for row in others if row.cells[0].strip()[:1].lower() == initial and _folded(row) == wanted]


def _folded(row: Row) -> list[str]:
    return [" ".join(cell.split()).lower() for cell in row.cells]


def is_page(row: Row) -> bool:
    """Whether a row begins with the number of a page."""
    return _PAGE.match(next((cell.strip() for cell in row.cells if cell.strip()), "")) is not None


def is_total(row: Row) -> bool:
    """Whether the first cell of a row that is filled names a sum: "Total" or "North total"."""
    first = next((cell.strip() for cell in row.cells if cell.strip()), "")[:_LOOKED_AT]
    return cell_patterns.is_total(first) or _ENDS_AS_TOTAL.fullmatch(first) is not None


def is_statistic(row: Row) -> bool:
    """Whether the first cell of a row that is filled names what is computed of a column: "Mean", "SD"."""
    return (
        _STATISTIC.fullmatch(next((cell.strip() for cell in row.cells if cell.strip()), "")[:_SHOWN])
        is not None
    )


def subtotals(rows: Sequence[Row]) -> list[Row]:
    """Rows that name a total and sum up the rows since the one before, where all that name one do, each another.

    rows: all of the table's. A sum of single rows and one of sums may stand one below the other.
    """
    found: list[Row] = []
    since: list[Row] = []
    singles: list[Row] = []
    for row in rows:
        if row.n_filled < 2 or not is_total(row):
            since += [row] * (row.n_filled > 1)
            continue
        if not (sums.adds_up(row, since, fewest=1) or (found and sums.adds_up(row, singles + since))):
            return []
        found.append(row)
        singles += since
        since = []
    names = {row.cells[0] for row in found}
    return found if len(names) == len(found) <= _MOST_TOTALS * len(rows) else []


def doubts(rows: Sequence[Row], n_columns: int) -> list[Guess]:
    """What was kept as rows and may be none, or may be more than rows. rows: the first of the table's."""
    rows = rows[:_LOOKED_AT]
    found = (
        _totals(rows),
        _headings(rows, n_columns),
        _names(rows, n_columns),
        _sideways(rows, n_columns),
    )
    return [guess for guess in found if guess]


def _totals(rows: Sequence[Row]) -> Guess | None:
    """Totals among the rows, of which each is there once, as in no column of categories."""
    found = [row for row in rows if row.n_filled > 1 and is_total(row)]
    if not found or len(found) > _FEW * len(rows) or len({row.cells[0] for row in found}) < len(found):
        return None
    is_one = len(found) == 1
    why = f"{_lines(found)} to be {'a total' if is_one else 'totals'} of other rows"
    return Guess("not_rows", "0", "likely", f"{why}, and {'was' if is_one else 'were'} kept. {_first(found)}")


def _headings(rows: Sequence[Row], n_columns: int) -> Guess | None:
    """Rows that hold nothing but their first cell, where the others are full: headings of those below."""
    found = [row for row in rows if row.n_filled == 1 and row.cells[0].strip()]
    others = [row for row in rows if row.n_filled > 1]
    full = [row for row in others if row.n_filled >= n_columns - 1]
    if n_columns < _FEWEST or not found or len(found) >= len(others) or len(full) < _NEARLY_ALL * len(others):
        return None
    why = f"{_lines(found)} to head the rows below, as nothing but the first cell is filled, and"
    why += f" {'was' if len(found) == 1 else 'were'} kept as {'a row' if len(found) == 1 else 'rows'}. {_first(found)}"
    return Guess("not_rows", "0", "guess", why)


def _names(rows: Sequence[Row], n_columns: int) -> Guess | None:
    """A row among the others that seems to name columns: words in several columns of measures, nowhere a digit."""
    measures = widths.measure_columns(rows, n_columns)
    for index in range(2, len(rows) - 2):
        row = rows[index]
        if any(map(str.isdigit, "".join(row.cells))) or row.n_filled < max(_FEWEST, n_columns - 1):
            continue
        words = headings.worded(row, measures)[1]
        is_named = (
            len(words) > 1 and len(set(words)) == len(words) and not any(word[0] == "#" for word in words)
        )
        if is_named and not any(headings.worded(one, measures)[1] for one in rows[index + 1 : index + 3]):
            why = f"Line {row.line} has words where the rows around it have values, as if a table began there, and "
            return Guess("not_rows", "0", "guess", f"{why}was kept as a row. {_first([row])}")
    return None


def _sideways(rows: Sequence[Row], n_columns: int) -> Guess | None:
    """Whether each row, not each column, holds cells of one sort, and the first column names what."""
    wide = [row for row in rows if row.n_filled > 2]
    if n_columns <= _FEWEST or not _FEWEST < len(wide) <= _SHOWN or len(wide) < _NEARLY_ALL * len(rows):
        return None
    names = [row.cells[0].strip() for row in wide]
    sorts = [_sort(row.cells[1:]) for row in wide]
    is_sorted = "" not in sorts and min(Counter(sorts).values()) > 1 and len(set(sorts)) == 2
    if not is_sorted or len(set(names)) < len(names) or any(map(cell_patterns.is_measure, names)):
        return None
    columns = [_sort([row.cells[c] for row in wide if c < len(row.cells)]) for c in range(1, n_columns)]
    if any(columns):
        return None
    listed = ", ".join(map(repr, names[:3]))
    why = f"Its variables seem to stand in its rows ({listed}), not in its columns, so it should be turned sideways."
    return Guess("header", "0", "guess", why)


def _sort(cells: Sequence[str]) -> str:
    """What all cells are: "measure" or "word"; "" where some differ, or all are empty."""
    filled, words = headings.worded(Row(0, tuple(cells)), frozenset(range(len(cells))))
    if not filled or 0 < len(words) < len(filled):
        return ""
    return "word" if words else "measure"


def _lines(found: Sequence[Row]) -> str:
    n = len(found)
    return (
        f"Line {found[0].line} seems"
        if n == 1
        else f"{counted(n, 'line')}, the first is line {found[0].line}, seem"
    )


def _first(found: Sequence[Row]) -> str:
    names = [next(cell.strip() for cell in row.cells if cell.strip())[:_SHOWN] for row in found[:3]]
    return f"{'It begins' if len(found) == 1 else 'They begin'} with {', '.join(map(repr, names))}."
