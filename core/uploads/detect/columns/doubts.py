"""What a column may be besides what it is read as: said, so that nobody takes a guess for certain."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from core.errors import counted
from core.uploads.csv import number_formats
from core.uploads.dates import month_names, texts
from core.uploads.detect.columns import date_columns, units
from core.uploads.detect.guesses import Guess

_MOSTLY, _FEW = 0.5, 0.3
_FEWEST, _FEWEST_CUT = 3, 2
_LENGTHS_OF_PROGRAMS: Final = frozenset(
    (50, 100, 128, 200, 250, 254, 255, 256, 500, 512, 1000, 1024, 2000, 4000, 32759, 32767)
)
_SPREADSHEET_DATE: Final = re.compile(
    r"(?P<day>[0-9]{1,2})(?:[-/]|\. ?| )(?P<after>[^\W\d_]{3,4})\.?"
    r"|(?P<before>[^\W\d_]{3,4})\.?[- ](?P<number>[0-9]{2})"
)
_SERIAL: Final = re.compile(r"[2-5][0-9]{4}(?:[.,][0-9]{1,10})?")
_DURATION: Final = re.compile(r"-?[0-9]{1,5}:[0-9]{2}(?::[0-9]{2})?(?:[.,][0-9]{1,9})?")
_OF_PARTS: Final = re.compile(
    r"[-+NSEWO]? ?[0-9]{1,3} ?(?:[°º'′]|ft\.?|lbs?\.?|st\.?) ?[0-9]{1,2}(?:[.,][0-9]{1,6})?(?:[^0-9].{0,20})?"
)
_NAMES_DATE: Final = re.compile(
    r"(^|[^a-z])(date|datum|fecha|data|dato|day|tag|pvm|dátum)([^a-z]|$)|[a-z]Date$|datum$|dato$"
)
_NAMES_CODE: Final = re.compile(
    r"(^|[^a-z])(zip|zipcode|postcode|postal|postalcode|plz|postleitzahl|cep|cap|postnummer|postnr|psč|irsz|fips|ean|gtin"
    r"|upc|isbn|issn|iban|blz|siren|siret)([^a-z]|$)"
)
_NAMES_UNIT: Final = re.compile(
    r"(^|[^a-z])(units?|uom|einheit(en)?|unité|unidade?|unità|eenheid|enhed|enhet|yksikkö|jednostka|jednotka|единица"
    r"|mértékegység|currency|währung|devise|moneda|moeda|valuta|waluta|měna)([^a-z]|$)"
)


def of_texts(name: str, filled: Mapping[str, int]) -> Iterator[Guess]:
    """filled: the cells of a column of texts that hold something, with counts."""
    cells = list(filled)
    if not cells:
        return
    dated = (
        [cell for cell in cells if cell[0].isdigit() and texts.plausible(cell)]
        if _may_be_dated(cells)
        else []
    )
    n, n_dated = sum(filled.values()), sum(filled[cell] for cell in dated)
    if _MOSTLY * n <= n_dated < n and n_dated >= _FEWEST:
        other = next(cell for cell in cells if not texts.plausible(cell))
        why = f"{n_dated:,} of {counted(n, 'cell')} in a sample are dates, such as {dated[0]!r}; others are not, such"
        yield _said(name, f"{why} as {other!r}. It is read as text.")
    elif not dated and (made := _made_by_spreadsheet(cells)):
        are = (
            f"{made[0]!r} looks like a date"
            if len(made) == 1
            else f"{made[0]!r} and {made[1]!r} look like dates"
        )
        yield _said(
            name, f"{are} that a spreadsheet made of something else, as of a name, a score or a fraction."
        )
    if _MOSTLY * len(cells) <= sum(_DURATION.fullmatch(cell) is not None for cell in cells) and not dated:
        yield _said(name, f"Cells such as {cells[0]!r} may be durations. They are read as text.")
    if _MOSTLY * len(cells) <= sum(_OF_PARTS.fullmatch(cell) is not None for cell in cells):
        yield _said(
            name,
            f"Cells such as {cells[0]!r} are numbers in parts, as of degrees or feet. They are read as text.",
        )
    fractions = [
        cell for cell in cells if "/" in cell and cell.replace("/", "", 1).replace(" ", "").isdigit()
    ]
    if _MOSTLY * len(cells) <= len(fractions) and len(fractions) >= _FEWEST and not dated:
        yield _said(
            name, f"Cells such as {fractions[0]!r} may be fractions, scores or dates. They are read as text."
        )
    lengths = Counter(len(cell) for cell in cells if " " in cell)
    longest = max(lengths, default=0)
    if longest in _LENGTHS_OF_PROGRAMS and lengths[longest] >= _FEWEST_CUT and len(lengths) > 1:
        why = f"{lengths[longest]:,} cells are {longest:,} characters long and none is longer, so they may be cut off."
        yield _said(name, why)


def of_numbers(name: str, filled: Mapping[str, int]) -> Iterator[Guess]:
    """filled: the cells of a column of numbers, with counts."""
    folded = name.casefold()
    digits = [cell for cell in filled if cell.isascii() and cell.isdigit()]
    if _NAMES_CODE.search(folded) and len(digits) == len(filled):
        lengths = Counter(map(len, digits))
        usual = max(lengths)
        if len(lengths) == 2 and min(lengths) == usual - 1 and lengths[usual] > 0 and usual > _FEWEST:
            short = min(digits, key=len)
            why = f"Its codes have {usual} digits; those with fewer, such as {short!r}, may have lost a leading 0."
            yield _said(name, f"{why} They are read as numbers.")
    is_dated = _NAMES_DATE.search(folded) is not None
    if is_dated and filled and all(map(_SERIAL.fullmatch, filled)):
        first = next(iter(filled))
        day = texts.read(first.replace(",", "."), texts.SERIAL)
        if day is not None:
            shown = date_columns.day_text(day)
            why = f"Its numbers may be days as spreadsheets count them: {first!r} would be {shown}."
            yield _said(name, f"{why} They are read as numbers.")


def of_units_beside(
    names: Sequence[str], columns: Sequence[Sequence[str]], are_numbers: Sequence[bool]
) -> Iterator[Guess]:
    """Columns of numbers whose units another column gives, row by row. columns: cells of each."""
    for place, name in enumerate(names):
        if are_numbers[place] or not _NAMES_UNIT.search(name.casefold()):
            continue
        shown = dict.fromkeys(cell.strip() for cell in columns[place] if cell.strip())
        n_known = sum(units.is_unit(one) or number_formats.of(f"1 {one}") is not None for one in shown)
        near = [other for other in (place - 1, place + 1) if 0 <= other < len(names) and are_numbers[other]]
        if len(shown) < 2 or not near or n_known < _MOSTLY * len(shown):
            continue
        listed = ", ".join(map(repr, list(shown)[:_FEWEST]))
        why = (
            f"Its numbers have different units, which '{name}' gives ({listed}). They are read as they stand."
        )
        yield _said(names[near[0]], why)


def _said(name: str, why: str) -> Guess:
    return Guess("doubt", "", "guess", why, name)


def _may_be_dated(cells: Sequence[str]) -> bool:
    return any(cell[:1].isdigit() and len(cell) <= texts.LONGEST for cell in cells[:20])


def _made_by_spreadsheet(cells: Sequence[str]) -> list[str]:
    """Of words or numbers those few that are a day and a month alone."""
    found = []
    for cell in cells:
        match = _SPREADSHEET_DATE.fullmatch(cell)
        if match is None:
            continue
        month = (match["after"] or match["before"]).casefold()
        if month in month_names.MONTHS and 0 < int(match["day"] or match["number"]) <= 31:
            found.append(cell)
    return found if len(found) <= _FEW * len(cells) else []


def of_some_numbers(name: str, numbers: Mapping[str, int], others: Mapping[str, int]) -> Guess:
    """That a column holds numbers and words of which nobody knows whether they stand for numbers.

    numbers, others: its cells of either sort, with counts.
    """
    n, total = sum(numbers.values()), sum(numbers.values()) + sum(others.values())
    number, other = next(iter(numbers)), next(iter(others))
    why = f"{n:,} of {counted(total, 'cell')} in a sample are numbers, such as {number!r}; others are not, such as"
    return Guess("numbers", "", "guess", f"{why} {other!r}. It is read as text.", name)
