"""Whether a CSV can be read with certainty, and what is in it: one pass over the whole file in flat memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from core.uploads.csv import cleaning, error_locations, layout, parsing, raw_blocks, records, stream
from core.uploads.csv import header as headers
from core.uploads.csv.dialect import ColumnRule, Dialect
from core.uploads.csv.parsing import ParsedBlock
from core.uploads.detect import detection
from core.uploads.detect.columns import column_formats
from core.uploads.detect.detected import Detected
from core.uploads.detect.encodings import encoding
from core.uploads.errors import (
    BadCsv,
    ChangedSinceChecked,
    EmptyFile,
    EscapeAtEnd,
    HeaderOnly,
    QuoteNeverClosed,
    TextAfterQuote,
    UnequalRow,
)
from core.uploads.report import notes, overruling, receipt
from core.uploads.report.date_orders import DateOrders
from core.uploads.report.examination import Examination
from core.uploads.report.overrides import ReadingOverrides
from core.uploads.report.profile import ColumnSummary, shortened
from core.uploads.report.receipt import CellChange, LineTreatment, SourceArchive

PREVIEW_ROWS = 20
_PREVIEW_CHARACTERS = 200
_BLOCK_BYTES_A_COLUMN = 4096  # a column of a block costs time however few rows the block has


def examine(
    path: Path,
    *,
    file_name: str,
    overrides: ReadingOverrides | None = None,
    packed: SourceArchive | None = None,
) -> Examination:
    """Reads the whole file at `path`; `file_name` is what messages call it.

    overrides: what a user said of it, instead of what would be found. A column whose numbers turn out to be spelled in
    a way that the first look did not see costs a second pass. packed: what the file came in.
    Raises NotACsv (Spreadsheet, Compressed), a BadCsv that names line and column, or ColumnUnknown.
    """
    overrides = overrides or ReadingOverrides()
    found = encoding.find(path, file_name=file_name, codec=overrides.encoding)
    detected = overruling.applied(overrides, detection.of_encoding(path, found, overrides.for_detection))
    run = _FilePass(path, file_name, detected.dialect)
    try:
        run.read()
    except (QuoteNeverClosed, TextAfterQuote):
        loose = detection.with_loose_quotes(path, found, overrides.for_detection, detected)
        if loose is None:
            raise
        detected = overruling.applied(overrides, loose)
        run = _FilePass(path, file_name, detected.dialect)
        if not run.reads_evenly():
            raise
    except UnequalRow:
        if not detected.is_edged:
            raise
        asked = replace(overrides.for_detection, keeps_edges=True)
        detected = overruling.applied(overrides, detection.of_encoding(path, found, asked))
        run = _FilePass(path, file_name, detected.dialect)
        run.read()
    if late := run.late_rules(overrides):
        detected = overruling.applied(overrides, detected.with_formats(late))
        run = _FilePass(path, file_name, detected.dialect)
        run.read()
    return run.summed_up(found, run.with_dates(detected, overrides), overrides, packed)


class _FilePass:
    """One pass over a file in a dialect."""

    def __init__(self, path: Path, file_name: str, dialect: Dialect) -> None:
        self._path = path
        self._file_name = file_name
        self._dialect = dialect
        self._header: tuple[str, ...] = ()
        self._summaries: list[ColumnSummary] = []
        self._preview: list[tuple[str, ...]] = []
        self._changes: list[CellChange] = []
        self._treatment = LineTreatment()
        self._n_rows = 0
        self._given_names: tuple[str, ...] = ()
        self._date_orders = DateOrders(dialect)

    def read(self) -> None:
        """Raises BadCsv."""
        dialect, file_name = self._dialect, self._file_name
        with self._path.open("rb") as source:
            try:
                wide = len(dialect.names) * _BLOCK_BYTES_A_COLUMN
                block_bytes = min(max(stream.BLOCK_BYTES, wide), raw_blocks.RECORD_BYTES)
                opened = stream.open_csv(source, dialect, block_bytes=block_bytes, file_name=file_name)
                self._check_header(opened)
                self._header = opened.header
                self._given_names = self._cells_of_header(opened)
                rules = {rule.column: rule for rule in dialect.rules}
                self._summaries = [
                    ColumnSummary(
                        name,
                        decimal=dialect.decimal,
                        n_columns=len(opened.header),
                        rule=rules.get(column, ColumnRule(column)),
                    )
                    for column, name in enumerate(opened.header)
                ]
                offset, block = 0, b""
                for offset, block in _with_offsets(opened):
                    self._add(offset, block)
                if dialect.escapechar and records.plain(block, dialect).endswith(dialect.escapechar.encode()):
                    line, _ = stream.line_and_column(self._path, offset + len(block), dialect)
                    raise EscapeAtEnd(file_name=file_name, line=line)
            except raw_blocks.RecordOverLimit as too_long:
                raise error_locations.of_long_record(self._path, too_long, dialect, file_name) from too_long
        if not self._n_rows and not any(map(headers.tidied, self._given_names)):
            raise EmptyFile(file_name=file_name)
        if not self._n_rows:
            raise HeaderOnly(file_name=file_name, line=self._header_line(opened))

    def reads_evenly(self) -> bool:
        """Whether the file reads to its end, and every row has one width."""
        try:
            self.read()
        except BadCsv:
            return False
        return not self._treatment.n_short and not self._treatment.n_long

    def late_rules(self, overrides: ReadingOverrides) -> list[column_formats.FoundFormat]:
        """Rules for columns whose cells the first look did not show."""
        ruled = {rule.column for rule in self._dialect.rules}
        usual = "," if any(rule.decimal == "," for rule in self._dialect.rules) else ""
        found = []
        for column, summary in enumerate(self._summaries):
            if column in ruled or not summary.odd or overrides.mentions(self._header[column]):
                continue
            one = column_formats.find(
                column, self._header[column], summary.odd, self._dialect.decimal, usual=usual
            )
            if one.rule is not None:
                found.append(one)
        return found

    def with_dates(self, detected: Detected, overrides: ReadingOverrides) -> Detected:
        """What was detected, with the order of day and month where whole columns tell what a sample did not."""
        if not (found := self._date_orders.told(detected.guesses, self._dialect, self._header)):
            return detected
        detected = overruling.applied(overrides, detected.with_formats(found))
        self._dialect = replace(self._dialect, rules=detected.dialect.rules)  # no cell is rewritten otherwise
        return detected

    def summed_up(
        self,
        found: encoding.Encoding,
        detected: Detected,
        overrides: ReadingOverrides,
        packed: SourceArchive | None,
    ) -> Examination:
        """All that was found."""
        treatment, guesses = self._treatment, detected.guesses
        is_ragged = bool(treatment.n_short or treatment.n_long) or self._dialect.index_column
        dialect = replace(self._dialect, is_ragged=is_ragged)
        if dialect.is_regular and dialect.has_header and dialect.names == self._given_names:
            dialect = replace(dialect, names=())  # the header says so itself
        columns = tuple(summary.profile() for summary in self._summaries)
        if all(column.kind == "empty" for column in columns) and not any(
            map(headers.tidied, self._given_names)
        ):
            raise EmptyFile(file_name=self._file_name)
        sentences = notes.of(packed, found, dialect, columns, treatment, guesses, self._n_rows)
        return Examination(
            dialect,
            columns,
            self._n_rows,
            tuple(self._preview),
            sentences,
            guesses,
            tuple(self._changes),
            treatment,
            overrides,
            packed,
            detected.samples,
            detected.others,
        )

    def _check_header(self, opened: stream.CsvStream) -> None:
        if not opened.header:
            raise EmptyFile(file_name=self._file_name)
        start = self._header_start(opened)
        raw = opened.header_bytes[start:]
        bounds = records.scan(raw, self._dialect, final=True)
        if quote_error := error_locations.of_quotes(
            self._path, start, raw, bounds, self._dialect, self._file_name
        ):
            raise quote_error

    def _cells_of_header(self, opened: stream.CsvStream) -> tuple[str, ...]:
        raw = opened.header_bytes[self._header_start(opened) :]
        starts, stops = layout.spans(raw, self._dialect)
        if not self._dialect.has_header or not len(starts):
            return ()
        return parsing.cells_of(raw[int(starts[0]) : int(stops[0])], self._dialect)

    def _header_start(self, opened: stream.CsvStream) -> int:
        """Where in the file the lines to skip end."""
        bom = raw_blocks.bom_bytes(self._dialect)
        skipped = raw_blocks.line_start(
            opened.header_bytes[bom:], self._dialect.skip_lines, self._dialect.encoding
        )
        return bom + max(0, skipped)

    def _header_line(self, opened: stream.CsvStream) -> int:
        start = self._header_start(opened)
        raw = opened.header_bytes[start:]
        starts, _ = layout.spans(raw, self._dialect)
        return stream.line_and_column(
            self._path, start + (int(starts[0]) if len(starts) else 0), self._dialect
        )[0]

    def _add(self, offset: int, block: bytes) -> None:
        bounds = records.scan(block, self._dialect, final=True)
        read = self._read(offset, block, bounds)
        given, clean = read.table, cleaning.clean(read.table, self._dialect)
        self._date_orders.add(given)
        first_row = self._n_rows
        self._n_rows += given.num_rows
        self._treat(offset, block, bounds, read)
        for before, after, summary in zip(given.columns, clean.columns, self._summaries, strict=True):
            summary.add(after)
            if before is not after:
                summary.add_coerced(*receipt.coerced(before, after))
        if first_row < PREVIEW_ROWS:
            self._show(given, clean, first_row)

    def _show(self, given: pa.Table, clean: pa.Table, first_row: int) -> None:
        first, after = (table.slice(0, PREVIEW_ROWS - first_row) for table in (given, clean))
        cells = (
            [shortened(cell, _PREVIEW_CHARACTERS) for cell in column.to_pylist()] for column in first.columns
        )
        self._preview += zip(*cells, strict=True)
        changes = receipt.changes(first, after, n_kept=receipt.CHANGES_KEPT - len(self._changes))
        self._changes += [replace(change, row=change.row + first_row) for change in changes]

    def _read(self, offset: int, block: bytes, bounds: records.Bounds) -> ParsedBlock:
        where = (self._path, offset, block, bounds)
        dialect, header, file_name = self._dialect, self._header, self._file_name
        quote_error = error_locations.of_quotes(*where, dialect, file_name)
        try:
            read = stream.read_block(block, header, dialect)
        except ChangedSinceChecked as error:
            raise (
                error_locations.of_widths(*where, header, dialect, file_name) or quote_error or error
            ) from error
        if quote_error:
            raise quote_error
        return read

    def _treat(self, offset: int, block: bytes, bounds: records.Bounds, read: ParsedBlock) -> None:
        """Count what was done to the block's lines."""
        past, width, found = self._treatment, len(self._header), read.layout
        n_records, counted = read.table.num_rows, {}
        if found is not None:
            n_records = len(found.starts)
            is_short, is_long = found.is_row & (found.n_cells < width), found.is_row & (found.n_cells > width)
            counted = {
                "n_not_rows": past.n_not_rows + int((~found.is_row).sum()),
                "n_short": past.n_short + int(is_short.sum()),
                "n_long": past.n_long + int(is_long.sum()),
            }
            for name, is_so in (("first_short", is_short), ("first_long", is_long)):
                if is_so.any() and getattr(past, name) is None:
                    start = int(layout.spans(block, self._dialect)[0][int(is_so.argmax())])
                    counted[name] = stream.line_and_column(self._path, offset + start, self._dialect)[0]
        self._treatment = replace(
            past,
            n_blank=past.n_blank + bounds.n_lines - n_records,
            n_inner_breaks=past.n_inner_breaks + bounds.n_inner_breaks,
            **counted,
        )


def _with_offsets(opened: stream.CsvStream) -> Iterator[tuple[int, bytes]]:
    offset = len(opened.header_bytes)
    for block in opened.blocks:
        yield offset, block
        offset += len(block)
