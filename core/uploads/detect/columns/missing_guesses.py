"""What is said of cells that are missing, may be, or are values though they spell "no value"."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from core.errors import counted
from core.uploads.detect.guesses import Guess

_MOST_NAMED = 5


def of_answers(name: str, words: Collection[str], present: Mapping[str, int]) -> list[Guess]:
    found = []
    for word in sorted(words):
        n = sum(count for cell, count in present.items() if cell.lower() == word)
        why = f"{word!r} appears in {counted(n, 'cell')} of a sample beside yes and no. It is read as a third value."
        found.append(Guess("missing", "", "guess", f"{why} It may stand for a missing value.", name, (word,)))
    return found


def of_value(name: str, word: str, why: str, words: Mapping[str, int]) -> Guess:
    n = sum(count for cell, count in words.items() if cell.lower() == word)
    spelled = next(cell for cell in words if cell.lower() == word)
    said = f"{spelled!r} is read as a value in {counted(n, 'cell')} of a sample, because {why}."
    return Guess("missing", "", "likely", said, name, (word,))


def of_strays(name: str, strays: Collection[str], present: Mapping[str, int]) -> Guess:
    """Words of which nobody knows what they mean among numbers."""
    n = sum(count for cell, count in present.items() if cell.lower() in strays)
    spelled = sorted({cell for cell in present if cell.lower() in strays})
    words = ", ".join(repr(cell) for cell in spelled[:_MOST_NAMED])
    more = f" and {len(spelled) - _MOST_NAMED} more" if len(spelled) > _MOST_NAMED else ""
    why = f"{words}{more}: {counted(n, 'cell')} in a sample; nearly all other cells are numbers, so read as missing."
    return Guess("missing", ", ".join(sorted(strays)[:_MOST_NAMED]), "guess", why, name)


def of_missing(name: str, missing: Collection[str], present: Mapping[str, int], *, is_number: bool) -> Guess:
    n = sum(count for cell, count in present.items() if cell.lower() in missing)
    words = ", ".join(repr(text) for text in sorted(missing))
    what = (
        "the other cells are numbers"
        if is_number
        else "next to the other cells, it can only stand for a missing value"
    )
    return Guess(
        "missing",
        ", ".join(sorted(missing)),
        "likely",
        f"{words}: {counted(n, 'cell')} in a sample; {what}.",
        name,
    )
