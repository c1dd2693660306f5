"""Several tables in one file: where each begins and ends, and which of them is the file's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from core.uploads.detect.columns import cell_patterns
from core.uploads.detect.delimiters import Row
from core.uploads.detect.shape import first_rows, odd_rows, widths

_LOOKED_AT = 30
_MOST_STARTS = 5_000
_FEWEST_CELLS = 2
_FEWEST_ROWS = 3
_NAMED = 0.6
_WORDED = 0.5


@dataclass(frozen=True)
class Region:
    """The rows from `start` up to `stop`, of the rows looked at. header: the index of its table's first wide row.

    size: filled cells of its table. n_rows, n_columns: of its table, its titles and its names left out.
    """

    start: int
    stop: int
    header: int
    size: int
    n_rows: int
    n_columns: int

    def title(self, rows: Sequence[Row]) -> str:
        """What stands above its names, or these."""
        above = [cell.strip() for row in rows[self.start : self.header] for cell in row.cells if cell.strip()]
        return " ".join(above or (cell.strip() for cell in rows[self.header].cells if cell.strip()))[:60]


def split(rows: Sequence[Row]) -> list[Region]:
    """The tables of a file in their order, lines that belong to none with the next; none where there is but one."""
    starts = [(0, _first_wide(rows, 0, len(rows)))]
    n_tried = 0
    for index, (above, row) in enumerate(pairwise(rows[:-1]), 1):
        if len(above.cells) == len(row.cells) > 1 and row.line == above.line + 1 and above.cells[1].strip():
            continue  # quickly said of nearly all
        if n_tried < _MOST_STARTS and _is_apart(rows, index) and not _is_title(row):
            n_tried += 1
            begin = _with_titles(rows, index)
            if begin > starts[-1][1] + 1 and _is_new_header(rows, index, begin, starts[-1]):
                starts.append((begin, index))
    if len(starts) == 1:
        return []
    stops = [*(begin for begin, _ in starts[1:]), len(rows)]
    found = [_region(rows, begin, stop, header) for (begin, header), stop in zip(starts, stops, strict=True)]
    merged: list[Region] = []
    for region in found:
        if merged and (not _is_table(rows, merged[-1]) or _are_pairs(merged[-1], region)):
            region = replace(region, start=merged.pop().start)
        merged.append(region)
    return merged


def largest(regions: Sequence[Region], *, is_whole: bool) -> int:
    """The index of the table that is read; where the rows are only a file's first, the last one goes on."""
    sizes = [region.size for region in regions]
    return sizes.index(max(sizes)) if is_whole else len(sizes) - 1


def holding(regions: Sequence[Region], rows: Sequence[Row], line: int) -> int:
    """The index of the table that a line of the file belongs to."""
    return max((index for index, region in enumerate(regions) if rows[region.start].line <= line), default=0)


def _region(rows: Sequence[Row], start: int, stop: int, header: int) -> Region:
    body = [row for row in rows[header + 1 : stop] if row.n_filled >= _FEWEST_CELLS]
    counts = Counter(widths.effective(row) for row in body[:_LOOKED_AT])
    width = max(counts, key=lambda n: counts[n], default=0)
    return Region(start, stop, header, sum(row.n_filled for row in body), len(body), width)


def _is_table(rows: Sequence[Row], region: Region) -> bool:
    """Whether it is more than titles and pairs of a key and its value: words above measures, or rows of three cells."""
    body = rows[region.header + 1 : region.stop]
    wide = [row for row in body if row.n_filled >= _FEWEST_CELLS]
    if len(wide) < 1:
        return False
    measures = widths.measure_columns(wide, region.n_columns)
    if measures and first_rows.is_worded(rows[region.header], measures):
        return True
    alike = [row for row in wide if widths.effective(row) == region.n_columns]
    return region.n_columns > _FEWEST_CELLS and len(alike) >= max(_FEWEST_ROWS, 0.8 * len(wide))


def _are_pairs(region: Region, next_: Region) -> bool:
    """Whether a few lines of two cells above a wider table are keys and values."""
    return region.n_columns == _FEWEST_CELLS < next_.n_columns and region.n_rows < _FEWEST_ROWS


def _first_wide(rows: Sequence[Row], start: int, stop: int) -> int:
    return next((index for index in range(start, stop) if rows[index].n_filled >= _FEWEST_CELLS), start)


def _is_title(row: Row) -> bool:
    return not any(cell.strip() for cell in row.cells[1:])


def _is_apart(rows: Sequence[Row], index: int) -> bool:
    """Whether a row stands below a blank line, a title, or rows of another width."""
    row, above = rows[index], rows[index - 1]
    if len(row.cells) != len(above.cells) or _is_title(above):
        return True
    return row.line - above.line > 1 and row.line - above.line > 1 + sum(
        cell.count("\n") for cell in above.cells
    )


def _with_titles(rows: Sequence[Row], index: int) -> int:
    """The first of the lines directly above a header that can only be its title, not the end of what is above.

    Of several lines below a table, those behind the last blank line; else the last one.
    """
    begin = index
    while begin > 0 and _is_title(rows[begin - 1]) and rows[begin - 1].n_filled:
        begin -= 1
        if begin > 0 and rows[begin].line - rows[begin - 1].line > 1:
            return begin
    blank_above = begin > 0 and not rows[begin - 1].n_filled
    if begin == index and blank_above:  # a blank line between a title and its table
        title = begin
        while title > 0 and not rows[title - 1].n_filled:
            title -= 1
        if title > 0 and _is_title(rows[title - 1]):
            return _with_titles(rows, title)
        return begin
    return begin if blank_above or begin == index else index - 1


def _is_new_header(rows: Sequence[Row], index: int, begin: int, last: tuple[int, int]) -> bool:
    """Whether a row names what stands below it, and is no row of the table above.

    Below neither a title nor a blank line, one that has a word for a number is more likely than another table of a row
    or two. begin: where its titles begin; last: where those of the table above do, and its header.
    """
    row, previous = rows[index], last[1]
    above = rows[previous]
    below = []
    for one in rows[index + 1 : index + 1 + _LOOKED_AT]:
        if one.n_filled < _FEWEST_CELLS or cell_patterns.is_total(one.cells[0].strip()):
            break
        below.append(one)
    is_close = begin == index and row.line == rows[index - 1].line + 1
    if len(below) < (_FEWEST_ROWS if is_close else 1) or row.n_filled < _FEWEST_CELLS:
        return False
    title = [one.cells for one in rows[begin:index] if one.n_filled]
    if row.cells == above.cells:  # repeated names, as on each page, unless another title stands above them
        is_page_end = bool(title) and odd_rows.is_page(Row(0, title[-1]))
        return (
            bool(title)
            and not is_page_end
            and title[-1] not in [one.cells for one in rows[last[0] : previous]]
        )
    reach = max(map(widths.effective, below))
    if row.n_filled < _NAMED * reach:
        return False
    measures = widths.measure_columns(below, reach)
    if measures:
        there = [column for column in measures if column < len(row.cells) and row.cells[column].strip()]
        return first_rows.is_worded(row, measures) and len(there) >= _WORDED * len(measures)
    cells = [cell.strip() for cell in row.cells if cell.strip()]
    if row.line - rows[index - 1].line > 1 and _is_worded_throughout(
        rows[previous + 1 : index], [row, *below]
    ):
        return True
    usual = widths.effective(rows[previous + 1]) if previous + 1 < len(rows) else 0
    is_other = reach != usual and widths.effective(row) == reach
    return is_other and len(cells) == reach == len(set(cells)) and begin < index


def _is_worded_throughout(above: Sequence[Row], rows: Sequence[Row]) -> bool:
    """Whether rows have nothing but words where those above have measures."""
    reach = max(map(widths.effective, above[:_LOOKED_AT]), default=0)
    measures = widths.measure_columns(above[:_LOOKED_AT], reach)
    return len(above) > 1 and bool(measures) and all(first_rows.is_worded(row, measures) for row in rows)
