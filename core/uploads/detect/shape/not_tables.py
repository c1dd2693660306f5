"""Text that may be no table: lines of a log, records as cards of keys and values, fields of fixed widths."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from core.uploads.dates import texts
from core.uploads.detect.guesses import Guess

_JUDGED_LINES, _JUDGED_CHARACTERS = 300, 32 << 10
_FEWEST_LINES, _FEWEST_CARDS, _FEWEST_FIXED = 3, 3, 4
_NEARLY_ALL, _MOST_EVEN = 0.95, 0.6
_KEYED: Final = re.compile(r"(?:^|\s)[A-Za-z_][\w.-]*=[^\s,;]+")
_KEY: Final = re.compile(r"[ \t]*([^\W\d_][\w ./()%-]{0,40})[:=,;\t]")
_GLUED: Final = re.compile(r"[^\W_]{10,}")
_SHORTEST_LINE = 20


def doubts(text: str, *, is_parted: bool) -> list[Guess]:
    """text: the file's beginning as it stands. is_parted: a single mark, such as a comma, surely separates cells."""
    lines = text[:_JUDGED_CHARACTERS].splitlines()[: 2 * _JUDGED_LINES]
    if len(text) > _JUDGED_CHARACTERS and len(lines) > 1:
        lines.pop()
    filled = [line for line in lines if line.strip()][:_JUDGED_LINES]
    found = [_of_log(filled), _of_cards(lines)]
    if not is_parted:
        found.append(_of_fixed_widths(filled))
    return [Guess("header", "0", "guess", why) for why in found if why]


def _of_log(lines: Sequence[str]) -> str:
    """Where nearly every line holds several keys with their values, as lines of a log do."""
    if "=" not in "".join(lines[:_FEWEST_LINES]):
        return ""
    keyed = [line for line in lines if len(_KEYED.findall(line)) > 1]
    if len(keyed) < max(_FEWEST_LINES, _NEARLY_ALL * len(lines)):
        return ""
    shown = _KEYED.findall(keyed[0])[0].strip()[:40]
    return f"Nearly every line holds keys with their values, such as {shown!r}: it may be a log, not a table."


def _of_cards(lines: Sequence[str]) -> str:
    """Where blank lines part records that name the same keys, one a line."""
    if "" not in map(str.strip, lines):
        return ""
    cards: list[list[str]] = [[]]
    for line in lines:
        if not line.strip():
            cards.append([])
            continue
        found = _KEY.match(line)
        if found is None:
            return ""
        cards[-1].append(found[1].strip())
    whole = [card for card in cards[:-1] if card] or [card for card in cards if card]
    keys = whole[0] if whole else []
    alike = [card for card in whole if card[0] == keys[0] and set(card) <= set(keys)]
    if len(keys) < 2 or len(set(keys)) < len(keys) or len(alike) < max(_FEWEST_CARDS - 1, 0.8 * len(whole)):
        return ""
    return (
        f"Its lines are records of keys and their values, such as {keys[0]!r} and {keys[1]!r}, parted by blank lines: "
        "each record should be one row."
    )


def _of_fixed_widths(lines: Sequence[str]) -> str:
    """Where all lines have one length, and at their places now letters stand, now digits, with nothing between."""
    length = len(lines[-1].rstrip()) if lines else 0
    alike = [line.rstrip() for line in lines if len(line.rstrip()) == length]
    if length < _SHORTEST_LINE or len(alike) < max(_FEWEST_FIXED, _NEARLY_ALL * len(lines)):
        return ""
    if texts.meanings(alike[0]):
        return ""
    shapes = {"".join(map(_sort, line)) for line in alike}
    even = [len({shape[at] for shape in shapes}) == 1 for at in range(length)]
    glued = [found.span() for found in _GLUED.finditer(alike[0])]
    n_changes = sum(_n_changes(alike, start, stop) for start, stop in glued)
    is_glued = n_changes > 1 or (n_changes == 1 and len(glued) > 1)
    is_one = sum(even) >= _MOST_EVEN * length and not any("  " in line.strip() for line in alike)
    if not (is_glued or (is_one and any(_sort(one) == "9" for one in alike[0]))):
        return ""
    return (
        f"All lines are {length} characters long and no delimiter separates their fields, as in {alike[0][:30]!r}: "
        "they seem to have fixed widths. Export them with a delimiter."
    )


def _n_changes(lines: Sequence[str], start: int, stop: int) -> int:
    """At how many places within this span letters follow digits, or the other way, in every line."""
    shapes = ["".join(map(_sort, line[start:stop])) for line in lines]
    return sum(
        all(shape[at] != shape[after] for shape in shapes) and " " not in {shape[at] for shape in shapes}
        for at, after in pairwise(range(stop - start))
    )


def _sort(character: str) -> str:
    return "9" if character.isdigit() else "a" if character.isalpha() else " " if character.isspace() else "."
