"""One value of a variable: read as text, number or choice, and what is said of one that does not fit."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

Value = str | int | float | None

LONGEST_VALUE: Final = 20_000
LARGEST_NUMBER: Final = 10**15  # up to there whole numbers are the same in JSON and in floats
LONGEST_SHOWN: Final = 40  # characters of what somebody sent
MOST_NAMED: Final = 12  # names in a sentence
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Kind(StrEnum):
    """What a variable holds."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"


class Unfit(ValueError):
    """What is wrong with one value or variable, as the end of a sentence that begins with its name."""


def read(given: object, *, kind: Kind, options: Sequence[str] = ()) -> Value:
    """What was given, in the type of its kind. Raises Unfit."""
    match kind:
        case Kind.NUMBER:
            return _number(given)
        case Kind.CHOICE:
            chosen = as_text(given).strip()
            if chosen not in options:
                raise Unfit(f"must be one of {listed(options)}, not '{shown(chosen)}'")
            return chosen
        case Kind.TEXT:
            return as_text(given)


def as_text(given: object) -> str:
    """Text as it is, a number as people write it. Raises Unfit."""
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise Unfit(f"must be text, not {_type_name(given)}")
    if not isinstance(given, str):
        return format_number(_number(given))
    if len(given) > LONGEST_VALUE:
        raise Unfit(f"has {len(given):,} characters; at most {LONGEST_VALUE:,} are taken")
    if not is_storable(given):
        raise Unfit("holds a NUL character or half of a surrogate pair, which can't be stored")
    return given


def _number(given: object) -> int | float:
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise Unfit(f"must be a number, not {_type_name(given)}")
    if isinstance(given, str):
        written = given.strip()
        if not _NUMBER.fullmatch(written):
            raise Unfit(f"must be a number, such as 12 or 3.5, not '{shown(written)}'")
        given = float(written) if any(sign in written for sign in ".eE") else int(written)
    if (isinstance(given, float) and not math.isfinite(given)) or abs(given) > LARGEST_NUMBER:
        raise Unfit(f"must be a number between -{LARGEST_NUMBER:,} and {LARGEST_NUMBER:,}")
    return int(given) if given == int(given) else given


def format_number(number: float) -> str:
    """A number as people write it: 12, not 12.0."""
    return str(int(number)) if number == int(number) else repr(number)


def listed(names: Sequence[str], *, most: int = MOST_NAMED) -> str:
    """Names in a sentence, the first of many."""
    first = ", ".join(f"'{shown(name)}'" for name in names[:most])
    return first if len(names) <= most else f"{first} and {len(names) - most:,} more"


def is_storable(text: str) -> bool:
    """Whether both databases keep it: no NUL, no half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None


def shown(text: str) -> str:
    """What somebody sent, short enough for a sentence and safe to store."""
    text = _UNSTORABLE.sub("�", text[: LONGEST_SHOWN + 1])
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _type_name(given: object) -> str:
    match given:
        case bool():
            return "true or false"
        case str():
            return "text"
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
        case _:
            return type(given).__name__
