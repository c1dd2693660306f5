"""Where records begin and end in raw bytes: at line ends outside quotes, found without a loop over bytes.

A record is a line that holds at least one character; \\n, \\r\\n and \\r all end one. Blank lines are no records,
wherever they stand. A quote opens a cell only as its first character; anywhere else outside quotes it is text. Behind
the dialect's escape character any character is text. These are the rules of Arrow's reader and of Python's csv.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from core.uploads.csv import repairs
from core.uploads.csv.dialect import Dialect
from core.uploads.csv.units import narrow, unit_bytes

NOWHERE = -1
_LF, _CR = b"\n\r"


@dataclass(frozen=True)
class Bounds:
    """What a scan found; positions are in bytes of the block scanned.

    ends: (n,) ascending, just past each line end outside quotes.
    open_at: the quote that is still open at the end, or NOWHERE.
    n_lines: records and blank lines. n_inner_breaks: line ends inside quotes.
    torn_at: the first closing quote with text of the same cell behind it, or NOWHERE; torn_from: its opening one.
    """

    ends: np.ndarray
    open_at: int
    torn_at: int
    torn_from: int
    n_lines: int
    n_inner_breaks: int


def scan(block: bytes, dialect: Dialect, *, final: bool) -> Bounds:
    """Every record end in a block that begins at a record's start.

    final: nothing follows the block. Otherwise a \\r as its last character is no end yet, for a \\n may follow.
    """
    text = plain(block, dialect)
    units = np.frombuffer(text, np.uint8)
    breaks = _line_ends(text, units, final=final)
    n_breaks = len(breaks)
    found = [NOWHERE, NOWHERE, NOWHERE]
    if has_quotes(text, dialect):
        opening, closing = _quoted_cells(text, units, dialect)
        breaks = breaks[np.searchsorted(opening, breaks) == np.searchsorted(closing, breaks)]
        found = _quote_errors(units, opening, closing, dialect)
    width = unit_bytes(dialect.encoding)
    open_at, torn_at, torn_from = (at if at == NOWHERE else at * width for at in found)
    is_whole = len(breaks) > 0 and breaks[-1] == len(text) - 1
    return Bounds(
        ends=(breaks + 1) * width,
        open_at=open_at,
        torn_at=torn_at,
        torn_from=torn_from,
        n_lines=len(breaks) + (0 if is_whole or not text else 1),
        n_inner_breaks=n_breaks - len(breaks),
    )


def last_end(block: bytes, dialect: Dialect) -> int:
    """Just past the last line end outside quotes of an unfinished block; 0 where there is none."""
    text = plain(block, dialect)
    if has_quotes(text, dialect):
        ends = scan(block, dialect, final=False).ends
        return int(ends[-1]) if len(ends) else 0
    stop = len(text) - text.endswith(b"\r")
    return (max(text.rfind(b"\n", 0, stop), text.rfind(b"\r", 0, stop)) + 1) * unit_bytes(dialect.encoding)


def n_cells(record: bytes, dialect: Dialect) -> int:
    """How many cells one record has, counted without making them."""
    return 1 + len(marks(plain(record, dialect), dialect))


def marks(text: bytes, dialect: Dialect) -> np.ndarray:
    """(n,) ascending places of the delimiters outside quotes. text: as from `plain`."""
    units = np.frombuffer(text, np.uint8)
    found = np.flatnonzero(units == ord(dialect.delimiter))
    if not has_quotes(text, dialect):
        return found
    opening, closing = _quoted_cells(text, units, dialect)
    outside: np.ndarray = found[np.searchsorted(opening, found) == np.searchsorted(closing, found)]
    return outside


def plain(block: bytes, dialect: Dialect) -> bytes:
    """A block, `settled`, as one byte a code unit, every escaped character and its escape made a letter."""
    text = narrow(settled(block, dialect), dialect.encoding)
    if dialect.escapechar and dialect.escapechar.encode() in text:
        return re.sub(re.escape(dialect.escapechar.encode()) + rb".", b"xx", text, flags=re.DOTALL)
    return text


def settled(block: bytes, dialect: Dialect) -> bytes:
    """The block as its records are cut: as many bytes, marks that nobody sees moved from beside quotes into them."""
    if "invisible" not in dialect.repairs or not dialect.quotechar:
        return block
    return repairs.settled(
        block,
        codec=dialect.encoding,
        delimiter=dialect.delimiter,
        quotechar=dialect.quotechar,
        escapechar=dialect.escapechar,
    )


def has_quotes(text: bytes, dialect: Dialect) -> bool:
    """Whether there is a quote that means something."""
    return bool(dialect.quotechar) and dialect.quotechar.encode() in text


def spans(block: bytes, ends: np.ndarray, dialect: Dialect) -> list[tuple[int, int]]:
    """(start, end) of each record in a whole block, line end included, blank lines left out."""
    stops = ends if len(ends) and ends[-1] == len(block) else np.append(ends, len(block))
    starts = np.concatenate(([0], stops[:-1])).astype(np.int64)
    starts, stops = starts[starts < stops], stops[starts < stops]
    first = np.frombuffer(narrow(block, dialect.encoding), np.uint8)[starts // unit_bytes(dialect.encoding)]
    filled = (first != _LF) & (first != _CR)
    return list(zip(starts[filled].tolist(), stops[filled].tolist(), strict=True))


def _line_ends(text: bytes, units: np.ndarray, *, final: bool) -> np.ndarray:
    if b"\r" not in text:
        return np.flatnonzero(units == _LF)
    ends = units == _LF
    returns = np.flatnonzero(units == _CR)
    if not final and returns[-1] == len(units) - 1:
        returns = returns[:-1]
    following = units[np.minimum(returns + 1, len(units) - 1)]
    ends[returns[following != _LF]] = True
    return np.flatnonzero(ends)


def _quoted_cells(text: bytes, units: np.ndarray, dialect: Dialect) -> tuple[np.ndarray, np.ndarray]:
    """Where quotes open and where they close; one more of the first when the last is never closed.

    Quotes alternate, a doubled one counting as a close and an open, as long as every second one stands where a cell
    begins or behind another quote. Where one does not, it is text, and the cells are looked up one by one.
    """
    quotes = np.flatnonzero(units == ord(dialect.quotechar))
    opening = quotes[0::2]
    may_open = _neighbours(dialect)
    if (may_open[units[np.maximum(opening - 1, 0)]] | (opening == 0)).all():
        return opening, quotes[1::2]
    quote, mark = re.escape(dialect.quotechar.encode()), re.escape(dialect.delimiter.encode())
    body = rb"[^" + quote + rb"]*+"
    pattern = (
        rb"(?<![^\n\r" + mark + rb"])" + quote + body + rb"(?:" + quote * 2 + body + rb")*+" + quote + b"?"
    )
    opens, stops = (
        np.array([cell.span() for cell in re.finditer(pattern, text)], dtype=np.int64).reshape(-1, 2).T
    )
    closes = stops - 1
    # the last one runs to the end unclosed where an odd number of quotes is left in it
    if len(opens) and text.count(dialect.quotechar.encode(), int(opens[-1]), int(stops[-1])) % 2:
        closes = closes[:-1]
    return opens, closes


def _quote_errors(units: np.ndarray, opening: np.ndarray, closing: np.ndarray, dialect: Dialect) -> list[int]:
    """Where a quote stays open, where a closing one has text behind it, and where the latter's cell began."""
    if not len(opening):
        return [NOWHERE, NOWHERE, NOWHERE]
    began = opening[np.append(True, opening[1:] != closing[: len(opening) - 1] + 1)]  # the others are doubled
    may_follow = _neighbours(dialect)
    inner = closing[closing < len(units) - 1]
    torn = inner[~may_follow[units[inner + 1]]]
    open_at = int(began[-1]) if len(opening) > len(closing) else NOWHERE
    if not len(torn):
        return [open_at, NOWHERE, NOWHERE]
    return [open_at, int(torn[0]), int(began[np.searchsorted(began, torn[0]) - 1])]


def _neighbours(dialect: Dialect) -> np.ndarray:
    """(256,) bool: the units that a quote that means something has before or behind it."""
    found = np.zeros(256, dtype=bool)
    found[[_LF, _CR, ord(dialect.quotechar), ord(dialect.delimiter)]] = True
    return found
