"""What a job is filled in with: a grid that is multiplied, rows as they are, or the rows of an upload."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core import db
from core.generation.errors import BadParameters, NoItems, TooManyItems
from core.storage import Storage
from core.uploads import stored, uploads
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect

MOST_ITEMS: Final = 100_000
SOURCES: Final = ("grid", "rows", "upload_id")


@dataclass(frozen=True)
class Parameters:
    """The rows of a job, before they are checked against a template. names: of what has a value in every row.

    may_have_more: whether values that the template has no variable for are left out, as other columns of a file are.
    """

    names: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]
    may_have_more: bool = False


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
    return Parameters(names, [dict(zip(names, values, strict=True)) for values in combined])


def of_rows(rows: object) -> Parameters:
    """These rows; only what all of them name can fill a required variable."""
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        raise BadParameters(problem="the rows are no list of objects")
    require_size(len(rows))
    common = set(rows[0])
    for row in rows:
        common &= set(row)
    return Parameters(tuple(name for name in rows[0] if name in common), rows)


def of_upload(user: db.User, *, files: Storage, upload_id: object) -> Parameters:
    """The rows of an upload, its columns as the variables; cells are text, as they stand there."""
    if not str(upload_id).isdecimal() or len(str(upload_id)) > 18:
        raise BadParameters(problem="upload_id is no number")
    with db.session_scope(user) as session:
        upload = uploads.own(session, upload_id=int(str(upload_id)))
        dialect: Dialect = uploads.examination_of(upload).dialect
        session.expunge(upload)
    require_size(upload.n_rows)
    with stored.open_bytes(files, upload) as source:
        table = stream.read_table(source, dialect)
    return Parameters(tuple(table.column_names), table.to_pylist(), may_have_more=True)


def require_size(n_items: int) -> None:
    """Raises NoItems, TooManyItems."""
    if n_items < 1:
        raise NoItems
    if n_items > MOST_ITEMS:
        shown = f"{n_items:,}" if n_items < 10**15 else f"more than {10**15:,}"
        raise TooManyItems(n_items=shown, limit=MOST_ITEMS)
