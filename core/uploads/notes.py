"""What a receipt says about how a file was read: plain sentences, only about what was not plain."""

from __future__ import annotations

from collections.abc import Sequence

from core.uploads.dialect import Dialect
from core.uploads.encoding import Encoding
from core.uploads.profile import ColumnProfile

_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_LINE_ENDS = {"\r": "Its lines end in a carriage return alone, as on old Macintosh computers."}


def of(
    encoding: Encoding,
    dialect: Dialect,
    columns: Sequence[ColumnProfile],
    *,
    n_blank: int,
    n_inner_breaks: int,
) -> tuple[str, ...]:
    """n_blank: blank lines that are no rows. n_inner_breaks: line breaks inside quoted cells."""
    said = [
        _of_encoding(encoding),
        f"Its cells are separated by {_DELIMITERS[dialect.delimiter]}." if dialect.delimiter != "," else "",
        "Its numbers are written with a decimal comma." if dialect.decimal == "," else "",
        _LINE_ENDS.get(dialect.line_end, ""),
        "It has one column only: no comma, semicolon, tab or bar separates cells."
        if len(columns) == 1
        else "",
        f"{_counted(n_blank, 'blank line')} left out." if n_blank else "",
        f"{_counted(n_inner_breaks, 'line break')} inside quoted cells kept." if n_inner_breaks else "",
        _of_padded_names(columns),
        *(_of_odd_cells(column) for column in columns if column.n_odd),
    ]
    return tuple(sentence for sentence in said if sentence)


def _of_encoding(encoding: Encoding) -> str:
    if encoding.guessed:
        return f"It is not UTF-8; its bytes look most like {encoding.name}, so it was read as that."
    if encoding.codec != "utf-8":
        return f"It was read as {encoding.name}."
    return "It begins with a byte order mark, which is no part of the first name." if encoding.has_bom else ""


def _of_padded_names(columns: Sequence[ColumnProfile]) -> str:
    padded = [f"'{column.name}'" for column in columns if column.name != column.name.strip()]
    return f"Blanks around column names are kept: {', '.join(padded)}." if padded else ""


def _of_odd_cells(column: ColumnProfile) -> str:
    return (
        f"Column '{column.name}' holds numbers but for {_counted(column.n_odd, 'cell')},"
        f" the first of which is '{column.first_odd}'."
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
