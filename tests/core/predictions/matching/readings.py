"""A file's rows as a model's frame sees them, among its training's rows and in files of their own."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from core.models import readings
from core.models.fitting import columns
from core.models.schema import Schema, framed
from core.predictions.matching import reading
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from core.uploads.report.examination import Examination
from core.uploads.report.examine import examine
from core.uploads.report.overrides import ReadingOverrides

DETECTED = ReadingOverrides()


def examined(folder: Path, text: str, overrides: ReadingOverrides = DETECTED) -> tuple[bytes, Examination]:
    data = text.encode()
    path = folder / "file.csv"
    path.write_bytes(data)
    return data, examine(path, file_name="file.csv", overrides=overrides)


def table(data: bytes, dialect: Dialect) -> pa.Table:
    return stream.read_table(io.BytesIO(data), dialect)


def trained(folder: Path, text: str, *, target: str = "") -> tuple[Schema, pd.DataFrame]:
    """The schema of all columns, target apart, with their readings, and the frame of the rows they were read from."""
    data, found = examined(folder, text)
    names = [column.name for column in found.columns]
    rules = readings.rules_of(found.dialect, names)
    cells = table(data, found.dialect)
    kept = columns.examine(cells, target=target, decimal=found.dialect.decimal, keep=names, rules=rules).kept
    schema = readings.kept(Schema(kept, target, "binary"), found.dialect, names)
    return schema, framed(cells, schema, found.dialect.decimal).frame


def read(
    folder: Path, text: str, schema: Schema, overrides: ReadingOverrides = DETECTED, **choices: str
) -> tuple[pd.DataFrame, reading.ModelReading]:
    """The frame of another file's rows, and how they were read. overrides: what somebody said of that file."""
    data, found = examined(folder, text, overrides)
    as_trained = reading.of(found, schema, mapping={}, choices=choices)
    cells = table(data, as_trained.dialect)
    dated = schema.read_by([column.name for column in found.columns], as_trained.dialect.rules)
    return framed(cells, dated, as_trained.dialect.decimal).frame, as_trained


def cut(text: str, rows: Sequence[int]) -> str:
    """The header and these rows. text: without line breaks in its cells."""
    header, *lines = text.splitlines()
    return "\n".join([header, *(lines[row] for row in rows)]) + "\n"
