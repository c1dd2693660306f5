"""The tables of a file, of which one is read: looked for in its beginning and, where it is longer, at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.uploads.csv import positions
from core.uploads.csv.rewriting import Rewriting
from core.uploads.detect import explanations, far_tables, sampling
from core.uploads.detect.delimiters import Marks, Row
from core.uploads.detect.detected import Detected, DetectionOverrides
from core.uploads.detect.sampling import Sample
from core.uploads.detect.shape import tables
from core.uploads.detect.shape.other_tables import OtherTable
from core.uploads.detect.shape.tables import Region

_OF_THE_HEAD = 60


@dataclass(frozen=True)
class TablesFound:
    """The regions of `rows`, none where there is one table and nothing above it.

    has_end: the last of them ends where the file does. is_far: all but the first are of the file's end.
    """

    rows: Sequence[Row]
    regions: Sequence[Region]
    has_end: bool
    is_far: bool = False

    @property
    def header(self) -> int:
        """Where the header of the only table begins, of which only that is known; else 0."""
        return self.regions[0].header if len(self.regions) == 1 else 0


def find(path: Path, sample: Sample, rows: Sequence[Row], marks: Marks, codec: str) -> TablesFound:
    """rows: those of the sample's head."""
    found = TablesFound(rows, tables.split(rows), sample.is_whole)
    if sample.is_whole or found.regions:
        return found
    begun, tail = rows[:_OF_THE_HEAD], sampling.rows_of_tail(sample.tail, marks)[1:]
    size = path.stat().st_size
    n_lines = positions.line_and_column(path, size, codec)[0]
    of_tail = sample.tail.count("\n") + sample.tail.count("\r") - sample.tail.count("\r\n")
    shift = n_lines - of_tail - 1
    between = far_tables.rows(path, marks, codec, start=sampling.HEAD_BYTES, stop=size - sampling.TAIL_BYTES)
    together = [*begun, *between, *(Row(row.line + shift, row.cells) for row in tail)]
    regions = tables.split(together)
    if len(regions) < 2 or regions[1].start < len(begun):
        return found
    return TablesFound(together, regions, has_end=True, is_far=True)


def of_one(
    written: Detected, sample: Sample, rows: list[Row], found: TablesFound, overrides: DetectionOverrides
) -> tuple[Detected, Sample, list[Row]]:
    """What is read where a file holds several tables: the dialect with the others, the sample and the rows of one."""
    regions = found.regions
    chosen = 0 if found.is_far else tables.largest(regions, is_whole=sample.is_whole)
    if overrides.header_line:
        chosen = tables.holding(regions, found.rows, overrides.header_line)
    others = tuple(
        OtherTable(
            first_line=found.rows[region.start].line,
            last_line=_last_line(found, region.stop),
            title=region.title(found.rows),
            n_rows=_n_rows(found, region),
            n_columns=region.n_columns,
        )
        for index, region in enumerate(regions)
        if index != chosen
    )
    region = regions[chosen]
    last_line = 0
    if chosen + 1 < len(regions):
        last_line = found.rows[region.stop].line - 1
        sample = replace(sample, slices=(), tail="")
    guess = explanations.of_tables(others, found.rows[region.start].line, last_line)
    rewriting = replace(written.dialect.rewriting or Rewriting(), last_line=last_line)
    dialect = replace(written.dialect, rewriting=rewriting if rewriting != Rewriting() else None)
    kept = rows if found.is_far and chosen == 0 else list(found.rows[region.start : region.stop])
    return replace(written, dialect=dialect, guesses=(*written.guesses, guess), others=others), sample, kept


def _n_rows(found: TablesFound, region: Region) -> int:
    """About how many rows a table has, of one that is far below by its lines."""
    last_line = _last_line(found, region.stop)
    of_lines = last_line - found.rows[region.header].line if found.is_far and last_line else 0
    return max(region.n_rows, of_lines)


def _last_line(found: TablesFound, stop: int) -> int:
    """The last line of what ends before a row; 0 where that is not known."""
    if stop < len(found.rows):
        return found.rows[stop].line - 1
    last = found.rows[-1]
    return last.line + sum(cell.count("\n") for cell in last.cells) if found.has_end else 0
