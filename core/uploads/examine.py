"""Whether a CSV can be read with certainty, and what is in it: one pass over the whole file in flat memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.uploads import dialect as dialects
from core.uploads import encoding, faults, notes, records, stream
from core.uploads.dialect import Dialect
from core.uploads.errors import (
    ChangedSinceChecked,
    EmptyFile,
    HeaderOnly,
    RepeatedColumns,
    UnnamedColumns,
)
from core.uploads.profile import ColumnProfile, ColumnSummary, shortened
from core.uploads.units import narrow

PREVIEW_ROWS = 20
_PREVIEW_CHARACTERS = 200
_LISTED = 10


@dataclass(frozen=True)
class Examination:
    """What a file is written in and what it holds.

    columns: in the file's order. n_rows: records below the header. preview: the cells of the first PREVIEW_ROWS rows,
    long ones cut.
    notes: sentences on what had to be found out about the file, for its receipt.
    """

    dialect: Dialect
    columns: tuple[ColumnProfile, ...]
    n_rows: int
    preview: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain lists and dicts; `from_json` reads them back to an equal examination."""
        return {
            "dialect": self.dialect.to_json(),
            "columns": [column.to_json() for column in self.columns],
            "n_rows": self.n_rows,
            "preview": [list(row) for row in self.preview],
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Examination:
        """The examination that `to_json` wrote."""
        return cls(
            dialect=Dialect.from_json(data["dialect"]),
            columns=tuple(ColumnProfile.from_json(column) for column in data["columns"]),
            n_rows=data["n_rows"],
            preview=tuple(tuple(row) for row in data["preview"]),
            notes=tuple(data["notes"]),
        )


def examine(path: Path, *, file_name: str) -> Examination:
    """Reads the whole file at `path`; `file_name` is what messages call it.

    Raises NotACsv (Spreadsheet, Compressed) or a BadCsv that names the line, the column and the cure.
    """
    found = encoding.find(path, file_name=file_name)
    dialect = dialects.of_encoding(path, found)
    with path.open("rb") as source:
        try:
            opened = stream.open_csv(source, dialect, file_name=file_name)
            _check_header(path, opened, dialect, file_name)
            return _summed_up(path, opened, dialect, file_name, found)
        except stream.RecordOverLimit as fault:
            raise faults.of_long_record(path, fault, dialect, file_name) from fault


def _check_header(path: Path, opened: stream.CsvStream, dialect: Dialect, file_name: str) -> None:
    header = opened.header
    if not header:
        raise EmptyFile(file_name=file_name)
    bom_bytes = stream.bom_bytes(dialect)
    raw = opened.header_bytes[bom_bytes:]
    bounds = records.scan(raw, dialect, final=True)
    if fault := faults.of_quotes(path, bom_bytes, raw, bounds, dialect, file_name):
        raise fault
    line = _header_line(opened, dialect)
    if unnamed := [number for number, name in enumerate(header, 1) if not name.strip()]:
        raise UnnamedColumns(
            file_name=file_name, line=line, positions=_listed(unnamed), n_columns=len(header)
        )
    places: dict[str, list[int]] = defaultdict(list)
    for number, name in enumerate(header, 1):
        places[name].append(number)
    repeated = [f"'{name}' ({_listed(numbers)})" for name, numbers in places.items() if len(numbers) > 1]
    if repeated:
        raise RepeatedColumns(file_name=file_name, line=line, repeated=_listed(repeated))


def _summed_up(
    path: Path, opened: stream.CsvStream, dialect: Dialect, file_name: str, found: encoding.Encoding
) -> Examination:
    header = opened.header
    summaries = [ColumnSummary(name, decimal=dialect.decimal, n_columns=len(header)) for name in header]
    preview: list[tuple[str, ...]] = []
    n_rows = n_blank = n_inner_breaks = 0
    for offset, block in _with_offsets(opened):
        bounds = records.scan(block, dialect, final=True)
        table = _table(path, offset, block, bounds, header, dialect, file_name)
        n_rows += table.num_rows
        n_blank += bounds.n_lines - table.num_rows
        n_inner_breaks += bounds.n_inner_breaks
        for column, summary in zip(table.columns, summaries, strict=True):
            summary.add(column)
        if len(preview) < PREVIEW_ROWS:
            first = table.slice(0, PREVIEW_ROWS - len(preview))
            cells = (
                [shortened(cell, _PREVIEW_CHARACTERS) for cell in column.to_pylist()]
                for column in first.columns
            )
            preview += zip(*cells, strict=True)
    if not n_rows:
        raise HeaderOnly(file_name=file_name, line=_header_line(opened, dialect))
    columns = tuple(summary.profile() for summary in summaries)
    said = notes.of(found, dialect, columns, n_blank=n_blank, n_inner_breaks=n_inner_breaks)
    return Examination(dialect, columns, n_rows, tuple(preview), said)


def _with_offsets(opened: stream.CsvStream) -> Iterator[tuple[int, bytes]]:
    offset = len(opened.header_bytes)
    for block in opened.blocks:
        yield offset, block
        offset += len(block)


def _table(
    path: Path,
    offset: int,
    block: bytes,
    bounds: records.Bounds,
    header: tuple[str, ...],
    dialect: Dialect,
    file_name: str,
) -> pa.Table:
    try:
        table = stream.parse_block(block, header, dialect)
    except ChangedSinceChecked as error:
        raise faults.of_widths(path, offset, block, bounds, header, dialect, file_name) or error from error
    if fault := faults.of_quotes(path, offset, block, bounds, dialect, file_name):
        raise fault
    return table


def _header_line(opened: stream.CsvStream, dialect: Dialect) -> int:
    """The line the header begins in; only blank lines can be above it."""
    raw = opened.header_bytes[stream.bom_bytes(dialect) :]
    text = narrow(raw, dialect.encoding)
    above = text[: len(text) - len(text.lstrip(b"\r\n"))]
    return len(above.splitlines()) + 1


def _listed(found: Sequence[object]) -> str:
    """The first few of them, and how many more there are."""
    shown = ", ".join(str(one) for one in found[:_LISTED])
    return shown if len(found) <= _LISTED else f"{shown} and {len(found) - _LISTED:,} more"
