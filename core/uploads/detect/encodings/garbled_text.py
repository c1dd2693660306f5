"""Letters that were lost or written otherwise before a file came to us: they stay as they are, and it is said."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from core.errors import counted
from core.uploads.detect.guesses import Guess

_LOST: Final = "\ufffd"
_ENDS: Final = " \t\r\n,;|\"'"
_BEYOND: Final = re.compile(rf"[^{_ENDS}\x00-\x7f][^{_ENDS}]{{0,60}}")
_TWICE: Final = re.compile(
    "[\u00c2-\u00f4\u0412-\u0444][\u0080-\u00bf\u0152-\u0192\u02c6-\u02dc\u0402-\u0491\u2013-\u2122]"
)
_QUESTION: Final = re.compile(r"[^\W\d_]\?[^\W\d_]")
_ADDRESS: Final = re.compile(r"[/=&#%:@.]")
_ENTITY: Final = re.compile(
    r"&(?:[a-zA-Z]{2,8}|#[0-9]{2,5}|#x[0-9a-fA-F]{2,5});"
    r"|</?(?:br|p|b|i|em|strong|div|span|a|ul|ol|li|sup|sub|font|u)(?: [^<>]{0,200})?/?>",
    re.IGNORECASE,
)
_ESCAPE: Final = re.compile(
    r"\\u[0-9a-fA-F]{4}|(?:\\x[c-fC-F][0-9a-fA-F]\\x[89abAB][0-9a-fA-F])|=[C-F][0-9A-F]=[89AB][0-9A-F]"
)
_READ_AS: Final = ("cp1252", "cp1251")
_FEWEST, _MOST_WORDS, _AROUND = 2, 2_000, 30


def doubts(text: str) -> list[Guess]:
    """text: the file's beginning."""
    found = (
        _lost(text),
        _twice(text),
        _questions(text),
        _coded(text, _ENTITY, "HTML"),
        _coded(text, _ESCAPE, "escapes"),
    )
    return [Guess("text", "", "guess", why) for why in found if why]


def _lost(text: str) -> str:
    n = text.count(_LOST)
    if not n:
        return ""
    were = counted(n, "character was|characters were")
    return f"{were} lost before the file was saved: '{_LOST}' stands there, as in {_word(text, text.index(_LOST))!r}."


def _twice(text: str) -> str:
    """Of letters that a program read in an older encoding and wrote in UTF-8 once more."""
    if text.isascii() or _TWICE.search(text) is None:
        return ""
    words = dict.fromkeys(
        _word(text, found.start()) for found in _words_beyond(text) if _TWICE.search(found[0])
    )
    meant = {word: right for word in words if (right := _meant(word))}
    n_signs = sum(len(_TWICE.findall(word)) for word in meant)
    if n_signs < _FEWEST:
        return ""
    word, right = next(iter(meant.items()))
    return (
        f"Its letters seem to have been encoded twice, in UTF-8 and once more: {word!r} was probably {right!r}. "
        "They are kept as they are."
    )


def _words_beyond(text: str) -> Iterator[re.Match[str]]:
    for n, found in enumerate(_BEYOND.finditer(text)):
        if n >= _MOST_WORDS:
            return
        yield found


def _meant(word: str) -> str:
    """What a word was before it was encoded a second time; "" where it was not."""
    for codec in _READ_AS:
        try:
            right = b"".join(_bytes_of(word, codec)).decode("utf-8")
        except UnicodeError:
            continue
        is_text = right != word and all(unicodedata.category(one)[0] != "C" for one in right)
        if is_text and (codec == "cp1252" or right.isalpha()):
            return right
    return ""


def _bytes_of(word: str, codec: str) -> Iterable[bytes]:
    """Bytes that an older encoding does not know stand for themselves."""
    for letter in word:
        yield letter.encode("latin-1") if "\x7f" < letter < "\xa0" else letter.encode(codec)


def _questions(text: str) -> str:
    """Of letters for which a program wrote a question mark."""
    if "?" not in text:
        return ""
    words = dict.fromkeys(
        _word(text, found.start())
        for found in _QUESTION.finditer(text)
        if found[0].lower() != found[0].upper()  # of a script that parts words by blanks
    )
    lost = [word for word in words if not _ADDRESS.search(word)]
    if len(lost) < _FEWEST:
        return ""
    return f"Letters seem to have been lost before the file was saved: a '?' stands within words, as in {lost[0]!r}."


def _coded(text: str, pattern: re.Pattern[str], what: str) -> str:
    found = dict.fromkeys(match[0] for match in pattern.finditer(text))
    if not found:
        return ""
    shown = " and ".join(repr(one) for one in list(found)[:2])
    return f"Cells hold {what}, such as {shown}, in place of characters. They are kept as they are."


def _word(text: str, at: int) -> str:
    """The word around a place, no more than a few characters of it."""
    start, stop = at, at
    while start > max(0, at - _AROUND) and text[start - 1] not in _ENDS:
        start -= 1
    while stop < min(len(text), at + _AROUND) and text[stop] not in _ENDS:
        stop += 1
    return text[start:stop]
