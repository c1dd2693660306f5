"""How many files of the corpus a reader reads exactly."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from core.errors import AppError
from core.uploads.csv import cells, stream
from core.uploads.report.examine import examine
from tests.core.uploads.corpus.sample import Kind, Sample

FILES_A_KIND = 3


def files(kinds: Sequence[Kind]) -> Iterator[Sample]:
    """FILES_A_KIND files of each kind, the same on every machine."""
    for kind in kinds:
        for number in range(FILES_A_KIND):
            yield kind(random.Random(zlib.crc32(kind.__name__.encode()) + number))


def difference(sample: Sample, folder: Path) -> str:
    """What our reading of a file has wrong; "" where nothing."""
    path = folder / "file.csv"
    path.write_bytes(sample.data)
    try:
        found = examine(path, file_name="file.csv")
    except AppError as refused:
        return f"refused: {refused}"
    names = tuple(column.name for column in found.columns)
    if names != sample.header:
        return f"header {names} is not {sample.header}"
    with path.open("rb") as source:
        given = stream.read_table(source, found.dialect.verbatim)
        source.seek(0)
        clean = stream.read_table(source, found.dialect)
    rows = tuple(tuple(cell.strip() for cell in row) for row in zip(*given.to_pydict().values(), strict=True))
    if rows != tuple(tuple(cell.strip() for cell in row) for row in sample.rows):
        wrong = [pair for pair in zip(rows, sample.rows, strict=False) if pair[0] != pair[1]]
        return f"{len(rows)} rows for {len(sample.rows)}, the first that differs: {wrong[:1]}"
    for place, expected in sample.clean.items():
        column = clean.column(place).combine_chunks()
        values, bad = cells.numbers(column, found.dialect.decimal)
        right = [float(cell) if cell else None for cell in expected]
        read = [None if value != value else value for value in values.tolist()]  # NaN is not itself
        if bad.any() or read != right:
            differ = [
                trio
                for trio in zip(given.column(place).to_pylist(), read, right, strict=True)
                if trio[1] != trio[2]
            ]
            return f"column {names[place]!r} reads {differ[:2]}"
    return ""
