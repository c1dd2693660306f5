"""The rows of an upload as the app reads them, written plainly: so that whoever reads them guesses nothing anew.

UTF-8, commas, decimal points, texts in quotes, `\\n` at the end of a line, and nothing at all where a value is missing.
Each row of the upload is a row, in its order. A date is the days since 1970-01-01, and its parts are columns behind all
others. Of the column to predict a row holds the app's own spelling of the label,
or the number, or nothing where it has no outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.csv

from core.models import date_parts
from core.models import schema as schemas
from core.models.schema import Feature, PartOfDate, order_of
from core.storage import Storage
from core.training.package.subject import Subject
from core.uploads import stored
from core.uploads.csv import cells, stream
from core.uploads.dates import columns as dates
from core.uploads.hashed import blaming_changes


def write(files: Storage, subject: Subject) -> Iterator[bytes]:
    """The file, block by block; the first is its header. Raises UploadGone, ChangedSinceChecked."""
    features = {feature.name: feature for feature in subject.schema.features}
    parts = [one for one in subject.schema.inputs if isinstance(one, PartOfDate)]
    taken = {part.name for part in parts}
    with stored.open_bytes(files, subject.asked.upload) as source, blaming_changes(source):
        opened = stream.open_csv(source, subject.dialect)
        n_rows, has_begun = 0, False
        for block in opened.blocks:
            table = stream.parse_block(block, opened.header, subject.dialect)
            table = table.select([name for name in table.column_names if name not in taken])
            columns = [_column(table, name, n_rows, features, subject) for name in table.column_names]
            names = table.column_names
            for part in parts:
                found = dict(zip(names, columns, strict=True))
                columns.append(_part(part, found[part.source]))
                names = [*names, part.name]
            plain = pa.Table.from_arrays(columns, names=names)
            yield _csv(plain, has_header=not has_begun)
            n_rows, has_begun = n_rows + table.num_rows, True


def _column(
    table: pa.Table, name: str, first: int, features: Mapping[str, Feature], subject: Subject
) -> pa.Array:
    """A column of a block whose first row is the file's row `first`."""
    if name == subject.schema.target:
        return _outcomes(first, table.num_rows, subject)
    column = table.column(name)
    feature = features.get(name)
    if feature is not None and feature.kind == "date":
        return pa.array(dates.days(column.combine_chunks(), order_of(feature))[0], from_pandas=True)
    if feature is not None and feature.kind == "number":
        values, _ = cells.numbers(column, subject.dialect.decimal)
        return pa.array(values, from_pandas=True)
    known = feature.categories if feature is not None else ()
    texts = schemas.categories(column.combine_chunks(), known=known)
    return pa.array(texts, pa.string(), from_pandas=True)


def _part(part: PartOfDate, days: pa.Array) -> pa.Array:
    values = date_parts.of(days.to_numpy(zero_copy_only=False))
    return pa.array(values[part.part], from_pandas=True)


def _outcomes(first: int, n_rows: int, subject: Subject) -> pa.Array:
    outcome = subject.outcome
    begin, end = np.searchsorted(outcome.rows, (first, first + n_rows))
    places, values = outcome.rows[begin:end] - first, outcome.values[begin:end]
    if not outcome.labels:
        numbers = np.full(n_rows, np.nan)
        numbers[places] = values
        return pa.array(numbers, from_pandas=True)
    codes = np.full(n_rows, len(outcome.labels), np.int32)
    codes[places] = values
    return pa.array([*outcome.labels, None], pa.string()).take(pa.array(codes))


def _csv(table: pa.Table, *, has_header: bool) -> bytes:
    sink = pa.BufferOutputStream()
    pa.csv.write_csv(table, sink, pa.csv.WriteOptions(include_header=has_header))
    return bytes(sink.getvalue())
