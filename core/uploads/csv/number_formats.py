"""How numbers are spelled in the world: their marks, what each spelling admits, and the plain number it stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

import pyarrow as pa
import pyarrow.compute as pc

_FOLDS = str.maketrans("\u00a0\u2007\u2009\u202f\u2019\u00b4`\u2212\u2013", "    '''--")
_PAIRS = (".", ""), (",", ""), (".", ","), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'")
_MONEY = (
    r"US\$|R\$|A\$|C\$|NT\$|HK\$|[$€£¥₹₽₩₺₴₪฿₫₱₦₡₲₵₸]|CHF|EUR|USD|GBP|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|JPY|CNY|INR|BRL"
    r"|AUD|CAD|NZD|SGD|HKD|MXN|ARS|CLP|COP|ZAR|RUB|TRY|UAH|BGN|ILS|THB|IDR|MYR|PHP|VND|KRW|TWD|TL|Rp\.?|RM|S/\.?|SFr\.?|Fr\.|kr\.?|Kč|zł|Ft|lei|руб\.?|р\.|грн\.?|元|円|원|Euro|Rs\.?"
)
_MARK = re.compile(f"{_MONEY}|%|‰")
# Blanks stand in one place of a pattern only: where two could take the same ones, a long row of them takes for ever.
_CELL = re.compile(
    rf"(?P<open>\()? *(?:[+-] *)?(?:(?P<before>{_MARK.pattern}) *)?(?:[+-] *)?"
    r"(?P<number>[0-9](?:[0-9.,' ]*[0-9.,])?|[.,][0-9]+)"
    rf"(?: *(?P<behind>{_MARK.pattern}))?(?: *(?P<shut>\)))?(?: *(?P<late>-))?"
)
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
        mark = re.escape(self.mark.translate(_FOLDS))
        before, behind = (f"(?:{mark} *)?", f"(?: *{mark})?") if mark else ("", "")
        signed = f"(?:[+-] *)?{before}(?:[+-] *)?{self._number}{behind}(?: *-)?"
        return rf"^\s*(?:{signed}|\( *{before}{self._number}{behind} *\))\s*$"

    @cached_property
    def _number(self) -> str:
        point = r"\." if self.decimal == "." else ","
        whole = "[0-9]+"
        if self.thousands:
            whole = f"(?:[0-9]+|[1-9][0-9]{{0,2}}(?:{re.escape(self.thousands)}[0-9]{{3}})+"
            whole += "|[1-9][0-9]?(?:,[0-9]{2})*,[0-9]{3})" if self.thousands == "," else ")"
        exponent = "" if self.thousands or self.mark else "(?:[eE][+-]?[0-9]+)?"
        return f"(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+){exponent}"

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def admits(self, text: str) -> bool:
        """Whether a cell is a number in this spelling."""
        return len(text) <= _LONGEST and self._compiled.match(text.translate(_FOLDS)) is not None

    def plain(self, column: pa.Array, decimal: str) -> pa.Array:
        """The column's numbers as digits with `decimal` as their mark; cells that are none stay as they are.

        column: (n,) text.  Percentages keep their size: "12 %" becomes "12". Numbers in brackets are negative.
        """
        text = folded(column)
        matched = pc.match_substring_regex(text, self.pattern)
        bare = text
        for mark in (self.mark.translate(_FOLDS), self.thousands):
            if mark:
                bare = pc.replace_substring(bare, mark, "")
        if any(pc.any(pc.match_substring(bare, sign)).as_py() for sign in "(-+"):
            negative = pc.match_substring_regex(bare, r"^[^0-9]*[(-]|-\s*$")
            bare = pc.replace_substring_regex(bare, "^[^0-9.,]+|[^0-9.,]+$", "")
            bare = pc.binary_join_element_wise(pc.if_else(negative, "-", ""), bare, "")
        bare = pc.ascii_trim_whitespace(bare)
        if self.decimal != decimal:
            bare = pc.replace_substring(bare, self.decimal, decimal)
        return pc.if_else(matched, bare, column)


def folded(column: pa.Array) -> pa.Array:
    """The column with every blank, apostrophe and minus sign that numbers are written with made the plain one."""
    if pc.all(pc.string_is_ascii(column)).as_py():
        return column
    for odd, plain in _FOLDS.items():
        if pc.any(pc.match_substring(column, chr(odd))).as_py():
            column = pc.replace_substring(column, chr(odd), chr(plain))
    return column


@dataclass(frozen=True)
class Numeral:
    """A cell that is a number in some spelling. number: its digits and the marks among them; mark: beside them.

    is_signed_oddly: its sign stands behind it, brackets do for it, or it is no hyphen.
    """

    number: str
    mark: str
    is_signed_oddly: bool
    is_negative: bool = False

    def is_plain(self, decimal: str) -> bool:
        """Whether it is digits, a sign before them, and at most this mark among them."""
        whole = self.number.replace(decimal, "", 1)
        return not self.mark and not self.is_signed_oddly and whole.isdigit()


def of(text: str) -> Numeral | None:
    """What a cell holds if it is a number as somebody might write it."""
    return _of(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=50_000)
def _of(text: str) -> Numeral | None:
    plain = text.translate(_FOLDS).strip()
    found = _CELL.fullmatch(plain)
    if found is None or bool(found["open"]) != bool(found["shut"]) or (found["before"] and found["behind"]):
        return None
    is_odd = bool(found["open"]) or found["late"] is not None or any(sign in text for sign in "\u2212\u2013")
    beside = plain[: found.start("number")] + plain[found.end("number") :]
    is_negative = bool(found["open"]) or "-" in beside
    return Numeral(found["number"], found["before"] or found["behind"] or "", is_odd, is_negative)


def decimal_of(number: str) -> str | None:
    """The mark that can only be the decimal one in the digits of a number; None where it has none or may group them."""
    marks = [mark for mark in number if mark in ".,"]
    if not marks:
        return None
    last = marks[-1]
    tail = number.rpartition(last)[2]
    if marks.count(last) > 1:
        return {",": ".", ".": ","}[last] if len(set(marks)) == 1 else None
    if len(set(marks)) > 1 or len(tail) != 3 or not re.match(r"[1-9][0-9]{0,2}[.,]", number):
        return last
    return None


@lru_cache(maxsize=200)
def spellings(decimal: str, mark: str) -> list[Spelling]:
    """Every spelling with this mark, the likeliest of a file with this decimal mark first."""
    found = [Spelling(point, group, mark) for point, group in _PAIRS]
    return sorted(found, key=lambda spelling: spelling.decimal != decimal)
