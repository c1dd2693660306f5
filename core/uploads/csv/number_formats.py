"""How numbers are spelled in the world: their marks, what each spelling admits, and the plain number it stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from core.uploads.csv import plain_signs

_PAIRS = (".", ""), (",", ""), (".", ","), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'")
_CODES = (
    "CHF|EUR|USD|GBP|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|JPY|CNY|RMB|INR|BRL|AUD|CAD|NZD|SGD|HKD|MXN|ARS|CLP|COP|ZAR|RUB"
    "|TRY|UAH|BGN|ILS|THB|IDR|MYR|PHP|VND|KRW|TWD|RSD|BAM|MKD|ALL|GEL|AMD|AZN|KZT|AED|SAR|QAR|KWD|EGP|MAD|TND|NGN|KES"
    "|GHS|PKR|BDT|LKR|NPR|PEN|UYU|BOB|PYG|DOP|CRC|GTQ|XOF|XAF|DEM|FRF|ITL|ATS"
)
_MONEY = (
    r"[A-Z]{1,3}\$|[$¢£¥\u20a0-\u20cf\u0e3f\u09f2\u09f3\u17db\ufdfc]"
    rf"|{_CODES}|TL|Rp\.?|RM|S/\.?|SFr\.?|Fr\.|kr\.?|Kr\.?|Kč|zł|Ft|lei|B/\.|Bs\.?|Dhs?\.?|SR|Gs\.|₱|Lei|din\.?|ден\.?|сум|тг\.?|руб\.?|р\.|грн\.?|лв\.?|元|円|원|Euro|Rs\.?"
)
_MARK = re.compile(f"{_MONEY}|%|‰")
# Blanks stand in one place of a pattern only: where two could take the same ones, a long row of them takes for ever.
_CELL = re.compile(
    rf"(?P<open>\()? *(?:[+-] *)?(?:(?P<before>{_MARK.pattern}) *)?(?P<inner>\( *)?(?:[+-] *)?"
    r"(?P<number>[0-9](?:[0-9.,' ]*[0-9.,])?|[.,][0-9]+)(?P<exponent>[eE][+-]?[0-9]{1,3})?(?P<colon>:-)?"
    rf"(?P<late> *--?)?(?: *(?P<behind>{_MARK.pattern}))?(?: *(?P<shut>\)))?(?: *(?P<after>{_MARK.pattern}))?"
    r"(?P<last> *-)?"
)
_GROUPED = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}")
_BEHIND = ("%", "‰")
_LONGEST = 100
"""No number has more characters."""


@dataclass(frozen=True)
class Spelling:
    """Marks of a number: decimal "." or ","; thousands "", ",", ".", " " or "'"; mark "" or a money or percent sign."""

    decimal: str
    thousands: str = ""
    mark: str = ""

    @property
    def example(self) -> str:
        """A number so written: "$1,234.5", "1.234,5%"."""
        is_unit = bool(self.mark) and _MARK.fullmatch(self.mark) is None
        before, behind = ("", self.mark) if self.mark in _BEHIND else (self.mark, "")
        if is_unit:
            before, behind = "", f" {self.mark}"
        return f"{before}1{self.thousands}234{self.decimal}5{behind}"

    @cached_property
    def pattern(self) -> str:
        """A regular expression, for Arrow and Python alike, that exactly such numbers match once they are `folded`."""
        mark = re.escape(plain_signs.plain(self.mark))
        before, behind = (f"(?:{mark} *)?", f"(?: *{mark})?") if mark else ("", "")
        point = r"\." if self.decimal == "." else ","
        number = f"(?:{self._whole}(?:{point}[0-9]+)?|{point}[0-9]+)(?:[eE][+-]?[0-9]{{1,3}})?"
        tail = f"(?:{number}{behind}(?: *-)?|{number} *-{behind}|{self._whole}{point}{behind}"
        tail += f"|{self._whole}[.,:]--?{behind})"
        bracketed = f"(?:[+-] *)?{number}{behind} *\\){behind}"
        return rf"^\s*(?:(?:[+-] *)?{before}(?:[+-] *)?{tail}|\( *{before}{bracketed}|{before}\( *{bracketed})\s*$"

    @cached_property
    def _whole(self) -> str:
        if not self.thousands:
            return "[0-9]+"
        whole = f"(?:[0-9]+|[1-9][0-9]{{0,2}}(?:{re.escape(self.thousands)}[0-9]{{3}})+"
        return whole + ("|[1-9][0-9]?(?:,[0-9]{2})*,[0-9]{3})" if self.thousands == "," else ")")

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def admits(self, text: str) -> bool:
        """Whether a cell is a number in this spelling."""
        return len(text) <= _LONGEST and self._compiled.match(plain_signs.plain(text)) is not None

    def plain(self, column: pa.Array, decimal: str) -> pa.Array:
        """The column's numbers as digits with `decimal` as their mark; cells that are none stay as they are.

        column: (n,) text.  Percentages keep their size: "12 %" becomes "12". Numbers in brackets are negative.
        """
        text = plain_signs.folded(column)
        matched = pc.match_substring_regex(text, self.pattern)
        bare = text
        if mark := plain_signs.plain(self.mark):
            bare = pc.replace_substring(bare, mark, "")
        if pc.any(pc.match_substring(bare, "-")).as_py():
            bare = pc.replace_substring_regex(bare, r"[.,:]--?\s*$", "")
        if self.thousands:
            bare = pc.replace_substring(bare, self.thousands, "")
        if any(pc.any(pc.match_substring(bare, sign)).as_py() for sign in "(-+"):
            negative = pc.match_substring_regex(bare, r"^[^0-9]*[(-]|-\s*$")
            bare = pc.replace_substring_regex(bare, "^[^0-9.,]+|[^0-9.,]+$", "")
            bare = pc.binary_join_element_wise(pc.if_else(negative, "-", ""), bare, "")
        bare = pc.ascii_trim_whitespace(bare)
        if self.decimal != decimal:
            bare = pc.replace_substring(bare, self.decimal, decimal)
        return pc.if_else(matched, bare, column)


@dataclass(frozen=True)
class Numeral:
    """A cell that is a number in some spelling. number: its digits and the marks among them; mark: beside them.

    is_signed_oddly: its sign stands behind it, brackets do for it, or its signs or digits are not the plain ones.
    exponent: "E+03", "" for most.
    """

    number: str
    mark: str
    is_signed_oddly: bool
    is_negative: bool = False
    exponent: str = ""

    @property
    def decimal(self) -> str | None:
        """The mark that can only be the decimal one, as `decimal_of` has it; before an exponent no other stands."""
        marks = set(self.number) & set(".,")
        return marks.pop() if self.exponent and len(marks) == 1 else decimal_of(self.number)

    def is_plain(self, decimal: str) -> bool:
        """Whether it is digits, a sign before them, and at most this mark among them."""
        whole = self.number.replace(decimal, "", 1)
        return not self.mark and not self.is_signed_oddly and whole.isdigit()


def of(text: str) -> Numeral | None:
    """What a cell holds if it is a number as somebody might write it."""
    return _of(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=50_000)
def _of(text: str) -> Numeral | None:
    given = text.strip()
    plain = plain_signs.plain(given)
    found = _CELL.fullmatch(plain)
    if found is None or _is_unpaired(found):
        return None
    number, late = found["number"], (found["late"] or found["last"] or "").strip()
    is_round = (bool(late) and number[-1] in ".,") or found["colon"] is not None  # "350.-", without cents
    if len(late) > 1 and not is_round:
        return None
    is_odd = bool(found["shut"]) or bool(late) or is_round or plain != given
    before = plain[: found.start("number")]
    is_negative = bool(found["shut"]) or "-" in before or (bool(late) and not is_round)
    mark = found["before"] or found["behind"] or found["after"] or ""
    number = number.rstrip(".,") if is_round else number
    return Numeral(number, mark, is_odd, is_negative, found["exponent"] or "")


def _is_unpaired(found: re.Match[str]) -> bool:
    n_open = (found["open"] is not None) + (found["inner"] is not None)
    n_marks = sum(found[name] is not None for name in ("before", "behind", "after"))
    n_late = (found["late"] is not None) + (found["last"] is not None)
    return n_open != (found["shut"] is not None) or n_marks > 1 or n_late + (found["colon"] is not None) > 1


def decimal_of(number: str) -> str | None:
    """The mark that can only be the decimal one in the digits of a number; None where it has none or may group them."""
    marks = [mark for mark in number if mark in ".,"]
    if not marks:
        return None
    last = marks[-1]
    tail = number.rpartition(last)[2]
    if marks.count(last) > 1:
        is_grouped = len(set(marks)) == 1 and _GROUPED.fullmatch(number) is not None  # no date, no version
        return {",": ".", ".": ","}[last] if is_grouped else None
    if len(set(marks)) > 1 or len(tail) != 3 or not re.match(r"[1-9][0-9]{0,2}[.,]", number):
        return last
    return None


@lru_cache(maxsize=200)
def spellings(decimal: str, mark: str) -> list[Spelling]:
    """Every spelling with this mark, the likeliest of a file with this decimal mark first."""
    found = [Spelling(point, group, mark) for point, group in _PAIRS]
    return sorted(found, key=lambda spelling: spelling.decimal != decimal)
