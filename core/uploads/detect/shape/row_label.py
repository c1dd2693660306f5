"""Names of which the first is labelled in a line of its own, as Eurostat's sheets have them."""

from __future__ import annotations

from collections.abc import Sequence

from core.uploads.detect.delimiters import Row
from core.uploads.detect.shape import headings
from core.uploads.detect.shape.headings import HeaderLines


def below_years(rows: Sequence[Row], at: int) -> HeaderLines | None:
    """Two lines directly above the first row: a word before years or the like, which may have gaps between them, and
    below it the label of the first column alone.
    """
    if at < 2 or rows[at].line != rows[at - 2].line + 2:
        return None
    counted = [cell.strip() for cell in rows[at - 2].cells[1:] if cell.strip()]
    is_label = rows[at - 1].n_filled == 1 and headings.is_word(rows[at - 1].cells[0].strip() or "0")
    if (
        not is_label
        or len(counted) < 2
        or not headings.count_up(counted)
        or not rows[at - 2].cells[0].strip()
    ):
        return None
    (label, *_), (word, *years) = rows[at - 1].cells, rows[at - 2].cells
    return HeaderLines((at - 2, at - 1), (f"{word.strip()} {label.strip()}", *years), ())
