"""What a job is filled in with: a grid that is multiplied, rows as they are, or the rows of an upload."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from core import db
from core.db.tables.uploads import UploadRow
from core.generation.errors import BadParameters, NoItems, TooManyItems, TooMuchText
from core.storage import Storage
from core.uploads import stored, uploads
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect

MOST_ITEMS: Final = 100_000
MOST_BYTES: Final = 64_000_000  # of text from an upload, which is in memory at once, several times as large
SOURCES: Final = ("grid", "rows", "upload_id")


@dataclass(frozen=True)
class Parameters:
    """The rows of a job, before they are checked against a template. names: of what has a value in every row.

    rows(known): all of them, where the template has these variables; other columns of a file are left out. May raise
    TooMuchText, and what reading an upload raises.
    """

    names: tuple[str, ...]
    rows: Callable[[Collection[str]], Sequence[Mapping[str, Any]]]


def read(user: db.User, *, files: Storage, given: Mapping[str, Any]) -> Parameters:
    """The rows that `given` describes: one of {"grid": {name: [values]}}, {"rows": [{name: value}]}, {"upload_id": n}.

    Raises BadParameters, NoItems, TooManyItems, NotFound, and what reading an upload raises.
    """
    named = [name for name in SOURCES if given.get(name) is not None]
    if len(named) != 1 or set(given) - set(SOURCES):
        raise BadParameters(problem=f"they name {' and '.join(named) if named else 'no source of values'}")
    match named[0]:
        case "grid":
            return of_grid(given["grid"])
        case "rows":
            return of_rows(given["rows"])
        case _:
            return of_upload(user, files=files, upload_id=given["upload_id"])


def of_grid(grid: object) -> Parameters:
    """Every combination of the values, none of which is made before their number is known to be allowed."""
    if not isinstance(grid, Mapping) or not all(isinstance(values, list | tuple) for values in grid.values()):
        raise BadParameters(problem="the grid is no object of lists")
    if not grid:
        raise NoItems
    require_size(math.prod(len(values) for values in grid.values()))
    names = tuple(str(name) for name in grid)
    combined = itertools.product(*grid.values())
    rows = [dict(zip(names, values, strict=True)) for values in combined]
    return Parameters(names, lambda _known: rows)


def of_rows(rows: object) -> Parameters:
    """These rows; only what all of them name can fill a required variable."""
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        raise BadParameters(problem="the rows are no list of objects")
    require_size(len(rows))
    common = set(rows[0])
    for row in rows:
        common &= set(row)
    return Parameters(tuple(name for name in rows[0] if name in common), lambda _known: rows)


def of_upload(user: db.User, *, files: Storage, upload_id: object) -> Parameters:
    """The rows of an upload, its columns as the variables; cells are text, as they stand there."""
    if not str(upload_id).isdecimal() or len(str(upload_id)) > 18:
        raise BadParameters(problem="upload_id is no number")
    with db.session_scope(user) as session:
        upload = uploads.own(session, upload_id=int(str(upload_id)))
        examined = uploads.examination_of(upload)
        session.expunge(upload)
    require_size(upload.n_rows)
    names = tuple(column.name for column in examined.columns)
    return Parameters(names, partial(_rows_of, files, upload, examined.dialect))


def _rows_of(
    files: Storage, upload: UploadRow, dialect: Dialect, known: Collection[str]
) -> Sequence[Mapping[str, Any]]:
    """What an upload says of these variables; None where it has no such column."""
    rows: list[Mapping[str, Any]] = []
    n_bytes = 0
    with stored.open_bytes(files, upload) as source:
        for block in stream.read_blocks(source, dialect, known):
            if (n_bytes := n_bytes + block.nbytes) > MOST_BYTES:
                raise TooMuchText(file_name=upload.file_name, limit_mb=MOST_BYTES // 1_000_000)
            columns = {
                name: block[name].to_pylist() if name in block.column_names else None for name in known
            }
            rows += (
                {name: None if cells is None else cells[at] for name, cells in columns.items()}
                for at in range(block.num_rows)
            )
    return rows


def require_size(n_items: int) -> None:
    """Raises NoItems, TooManyItems."""
    if n_items < 1:
        raise NoItems
    if n_items > MOST_ITEMS:
        shown = f"{n_items:,}" if n_items < 10**15 else f"more than {10**15:,}"
        raise TooManyItems(n_items=shown, limit=MOST_ITEMS)
