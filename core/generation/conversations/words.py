"""The words by which a conversation is found: what its row keeps of its messages, and what a search asks for.

Both databases index the same plain ASCII, so that neither's idea of letters, cases and languages counts: a word is
folded and loses its accents, and what is not ASCII then is spelt by its code points. Of scripts that put no space
between words each character is a word of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

LONGEST_WORD: Final = 40  # characters
LONGEST: Final = 200_000  # characters of all words of one conversation: Postgres takes a megabyte
MOST_ASKED: Final = 20  # words of a search
_WORD = re.compile(r"[^\W_]+")
_UNSPACED: Final = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF)),
    *((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),
)


def of_messages(messages: Sequence[Mapping[str, Any]]) -> str:
    """The words of these messages, each once, in the order in which they come, a space between them."""
    found: dict[str, None] = {}
    n_characters = 0
    for message in messages:
        for word in _words(str(message["content"])):
            if word in found:
                continue
            n_characters += len(word) + 1
            if n_characters > LONGEST:
                return " ".join(found)
            found[word] = None
    return " ".join(found)


def asked(text: str) -> tuple[str, ...]:
    """The words that a search asks for, each the beginning of one; none where it has no letter or digit."""
    return tuple(dict.fromkeys(_words(text)))[:MOST_ASKED]


def _words(text: str) -> Iterator[str]:
    plain = text.casefold()
    if not plain.isascii():
        apart = unicodedata.normalize("NFKD", plain)  # of some signs capitals come: of the trademark's, "TM"
        plain = "".join(one for one in apart if not unicodedata.combining(one)).casefold()
    for found in _WORD.finditer(plain):
        word = found[0]
        if word.isascii():
            yield word[:LONGEST_WORD]
        else:
            yield from _spelt(word)


def _spelt(word: str) -> Iterator[str]:
    """A word that is not ASCII: the beginning of a word is spelt as the beginning of its spelling."""
    letters: list[str] = []
    for one in word:
        if any(first <= ord(one) <= last for first, last in _UNSPACED):
            if letters:
                yield "".join(letters)
                letters = []
            yield f"_{ord(one):x}_"
        elif len(letters) < LONGEST_WORD:
            letters.append(one if one.isascii() else f"_{ord(one):x}_")
    if letters:
        yield "".join(letters)
