"""A file's bytes cut into its records, for comparing them one by one."""

from __future__ import annotations

from core.uploads.csv import records
from core.uploads.csv.dialect import Dialect


def split_records(block: bytes, dialect: Dialect) -> list[bytes]:
    """The raw bytes of each record, its line end included (the last may lack one), blank lines left out.

    block: begins at a record's start, as those of `stream.open_csv` do.
    """
    bounds = records.scan(block, dialect, final=True)
    return [block[start:end] for start, end in records.spans(block, bounds.ends, dialect)]
