"""Names of columns that stand above a table behind a sign or a word of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.uploads.detect.delimiters import Row

_MOST_ABOVE = 100
_COMMENT = ("#", "//", "%", "--")
_WORD = re.compile(r"#\s?(fields|columns|names|header)\W*", re.IGNORECASE)
_SIGN = re.compile(r"#|%|//|--|!")
_ATTRIBUTE = re.compile(r"@attribute\s+('[^']*'|\"[^\"]*\"|\S+)", re.IGNORECASE)


def find(rows: Sequence[Row], width: int) -> tuple[int, Sequence[str], str] | None:
    """(the index of the first row, the names, why), where a comment gives them behind a word ("#fields") or, as the
    last one, behind its sign; or a line each ("@attribute length numeric").
    """
    listed = [_ATTRIBUTE.match(row.cells[0].strip()) for row in rows[:_MOST_ABOVE]]
    stated = [found[1].strip("'\"") for found in listed if found]
    data = next(
        (index for index, row in enumerate(rows) if row.cells[0].strip().lower() == "@data"), len(rows)
    )
    if len(stated) == width and data + 1 < len(rows):
        return (
            data + 1,
            stated,
            f"{width} lines begin with @attribute and name the columns of the rows below @data.",
        )
    first = next((index for index, row in enumerate(rows) if not is_comment(row)), 0)
    for row in reversed(rows[:first]):
        sign = row.cells[0].strip()
        is_wider = len(row.cells) == width + 1 == len(rows[first].cells) + 1
        if is_wider and (_WORD.fullmatch(sign) or (row is rows[first - 1] and _SIGN.fullmatch(sign))):
            return first, row.cells[1:], f"Line {row.line} names the columns, behind {sign!r}."
    return None


def is_comment(row: Row) -> bool:
    """Whether a line begins as comments do."""
    return row.cells[0].lstrip().startswith(_COMMENT)
