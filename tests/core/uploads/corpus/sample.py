"""A messy file with its truth, and the pieces that kinds of mess are made of."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta


@dataclass(frozen=True)
class Sample:
    """A file and what a person reads in it.

    header: names as they should be used. rows: cells as spelt, without quotes, blanks around them and what escapes
    mean. clean: by column, the cells that are rewritten: numbers as plain digits with a point, missing cells "".
    """

    kind: str
    data: bytes
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    clean: dict[int, tuple[str, ...]] = field(default_factory=dict)


Kind = Callable[[random.Random], Sample]


@dataclass(frozen=True)
class Column:
    """A name, its cells as spelt, and as they should be read where that differs."""

    name: str
    cells: tuple[str, ...]
    clean: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Marks:
    """How a country writes: thousands "" for none; money: with {} where the number stands."""

    delimiter: str = ","
    decimal: str = "."
    thousands: str = ""
    money: str = "{}"
    line_end: str = "\n"
    quote: str = '"'


def sample(
    kind: str,
    columns: Sequence[Column],
    text: str,
    *,
    codec: str = "utf-8",
    bom: bytes = b"",
) -> Sample:
    """The sample of these columns, written as `text`."""
    return Sample(
        kind,
        bom + text.encode(codec),
        tuple(column.name for column in columns),
        tuple(zip(*(column.cells for column in columns), strict=True)),
        {place: column.clean for place, column in enumerate(columns) if column.clean is not None},
    )


def lines(columns: Sequence[Column], marks: Marks, *, always: bool = False) -> list[str]:
    """The header and a line a row, cells in quotes where they must be, or always."""
    rows = [[column.name for column in columns], *zip(*(column.cells for column in columns), strict=True)]
    return [marks.delimiter.join(quoted(cell, marks, always=always) for cell in row) for row in rows]


def quoted(cell: str, marks: Marks, *, always: bool = False) -> str:
    """A cell in quotes where its marks need them."""
    special = (marks.delimiter, marks.quote, "\n", "\r")
    if not always and not any(mark in cell for mark in special):
        return cell
    return marks.quote + cell.replace(marks.quote, marks.quote * 2) + marks.quote


def joined(written: Sequence[str], marks: Marks) -> str:
    """The lines as a text."""
    return marks.line_end.join(written) + marks.line_end


def words(seed: random.Random, name: str, n: int, choices: Sequence[str]) -> Column:
    """A column of words."""
    return Column(name, tuple(seed.choice(choices) for _ in range(n)))


def ids(name: str, n: int, first: int = 1) -> Column:
    """Numbers that count up."""
    return Column(name, tuple(str(first + place) for place in range(n)))


def spelt(value: float, places: int, marks: Marks) -> tuple[str, str]:
    """(a number as the country writes it, as plain digits)."""
    plain = f"{value:.{places}f}"
    whole, _, fraction = plain.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = f"{int(digits):,}".replace(",", marks.thousands) if marks.thousands else digits
    return sign + grouped + (marks.decimal + fraction if fraction else ""), plain


def numbers(
    seed: random.Random, name: str, n: int, marks: Marks, *, top: float = 100, places: int = 2, low: float = 0
) -> Column:
    """A column of numbers as the country writes them, without money signs."""
    pairs = [spelt(seed.uniform(low, top), places, marks) for _ in range(n)]
    return Column(name, tuple(shown for shown, _ in pairs), tuple(plain for _, plain in pairs))


def amounts(
    seed: random.Random, name: str, n: int, marks: Marks, *, top: float = 9000, places: int = 2
) -> Column:
    """A column of money."""
    pairs = [spelt(seed.uniform(0.5, top), places, marks) for _ in range(n)]
    return Column(
        name, tuple(marks.money.format(shown) for shown, _ in pairs), tuple(plain for _, plain in pairs)
    )


def dates(seed: random.Random, name: str, n: int, style: str = "%Y-%m-%d") -> Column:
    """A column of dates."""
    first = date(2019, 1, 1)
    return Column(name, tuple((first + timedelta(seed.randrange(1500))).strftime(style) for _ in range(n)))
