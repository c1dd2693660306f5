"""Which older encoding some bytes are in, by witnesses that know nothing of each other.

One is chardet: how often pairs of bytes follow each other in the languages that are written in an encoding. It is
asked for the whole text and for each word alone, as a list of names is in many languages at once. The other looks at
each letter that an encoding would give: whether a language has it, and whether it can stand where it stands.

Two encodings are told apart by the words that they read differently; the others only tell the language, and count
for less. An encoding is the answer where it is ahead of each other one in sum and none of the witnesses speaks for
the other; otherwise nobody can say, and the file is refused.
"""

from __future__ import annotations

import codecs
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import chardet

from core.uploads.detect.encodings import letters
from core.uploads.detect.encodings.charsets import LEGACY

_LEAST_CONFIDENCE = 0.003  # of chardet; below, one number says no more than another
_MISFIT_NATS = 3.0
_MOST_MISFIT = 0.44  # a character
_WORST_WORD = 2.0
_SAME_WORD = 0.3  # what a word counts for that both read alike
_AHEAD, _AHEAD_OF_ONE_WORD = 0.5, 1.9  # nats
_TOLERATED_WHOLE, _TOLERATED_MISFIT = 0.1, 0.3

_WORD = re.compile(rb"[^\x00-\x2f:;<=>?]+")
_MOST_WORDS = 60
_WORDS_OF_EACH_BYTE = 2
_MOST_CANDIDATES = 18
_ALIKE = str.maketrans("șțȘȚ", "şţŞŢ")  # Romanian before Unicode told them apart


@dataclass(frozen=True)
class EncodingCandidate:
    """An encoding that reads the bytes. words: what it makes of those beyond ASCII, each once.

    By word: what chardet says of it, the logarithm of its confidence, and how badly its letters suit it. whole: what
    chardet says of all the text. n_characters: beyond ASCII.
    """

    codec: str
    words: tuple[str, ...]
    by_chardet: tuple[float, ...]
    misfits: tuple[float, ...]
    whole: float
    n_characters: int

    @property
    def is_plausible(self) -> bool:
        """Whether some language is written with such letters so placed."""
        return sum(self.misfits) <= _MOST_MISFIT * self.n_characters

    def leads(self, other: EncodingCandidate) -> float:
        """By how many nats all witnesses together prefer it."""
        chardets, misfit = self._differences(other)
        rarer = LEGACY[other.codec].rarity - LEGACY[self.codec].rarity
        return chardets + _MISFIT_NATS * misfit + self.whole - other.whole + rarer

    def is_ahead_of(self, other: EncodingCandidate) -> bool:
        """Whether there is no doubt between the two: enough in sum, and with no witness against it."""
        if self.leads(other) < _AHEAD + _AHEAD_OF_ONE_WORD / len(self.words):
            return False
        if not other.is_plausible:
            return True
        chardets, misfit = self._differences(other)
        return (
            other.whole <= self.whole + _TOLERATED_WHOLE
            and chardets >= 0
            and (misfit >= -_TOLERATED_MISFIT or other.whole < self.whole - 1)
        )

    def _differences(self, other: EncodingCandidate) -> tuple[float, float]:
        """How much better it is than the other by chardet and by the letters, word for word."""
        chardets = misfit = 0.0
        for index, (ours, theirs) in enumerate(zip(self.words, other.words, strict=True)):
            weight = _SAME_WORD if ours == theirs else 1.0
            chardets += weight * (self.by_chardet[index] - other.by_chardet[index])
            ours_worst, theirs_worst = (min(_WORST_WORD, one.misfits[index]) for one in (self, other))
            misfit += weight * (theirs_worst - ours_worst)
        return chardets, misfit


def candidates(text: bytes) -> list[EncodingCandidate]:
    """The encodings that read the bytes, each reading once, the likeliest first. text: with bytes beyond ASCII."""
    words = _words(text)
    readings = dict[str, tuple[str, tuple[str, ...]]]()
    for codec in sorted(LEGACY, key=lambda one: LEGACY[one].rarity):
        if (decoded := _decoded(text, words, codec)) is not None:
            reading, *of_words = decoded
            readings.setdefault(reading.translate(_ALIKE), (codec, tuple(of_words)))
    whole = _confidence(text, [codec for codec, _ in readings.values()])
    likeliest = sorted(readings.values(), key=lambda one: LEGACY[one[0]].rarity - whole[one[0]])
    likeliest = likeliest[:_MOST_CANDIDATES]
    by_word = [_confidence(b" " + word + b" ", [codec for codec, _ in likeliest]) for word in words]
    found = [
        EncodingCandidate(
            codec=codec,
            words=decoded,
            by_chardet=tuple(one[codec] for one in by_word),
            misfits=tuple(letters.misfits(decoded, codec)),
            whole=whole[codec],
            n_characters=sum(len(letters.contexts(one)) for one in decoded),
        )
        for codec, decoded in likeliest
    ]
    return _ranked(found)


def _ranked(found: Sequence[EncodingCandidate]) -> list[EncodingCandidate]:
    """By all witnesses in sum; the first is one that no other leads, where there is one."""

    def score(one: EncodingCandidate) -> float:
        misfit = _MISFIT_NATS * sum(one.misfits)
        return sum(one.by_chardet) - misfit + one.whole - LEGACY[one.codec].rarity

    ranked = sorted(found, key=score, reverse=True)
    best = ranked[0] if ranked else None
    for one in ranked:
        if best is not None and one.leads(best) > 0:
            best = one
    return sorted(ranked, key=lambda one: one is not best)


def _words(text: bytes) -> list[bytes]:
    """Those beyond ASCII, each once; of many, some from everywhere, and some with each byte that occurs."""
    found = list(dict.fromkeys(word for word in _WORD.findall(text) if not word.isascii()))
    if len(found) <= _MOST_WORDS:
        return found
    n_seen, telling = Counter[int](), list[bytes]()
    for word in found:
        unusual = [byte for byte in set(word) if byte > 0x7F and n_seen[byte] < _WORDS_OF_EACH_BYTE]
        if unusual and len(telling) < _MOST_WORDS // 2:
            telling.append(word)
            n_seen.update(unusual)
    step = -(-len(found) // (_MOST_WORDS - len(telling)))
    return list(dict.fromkeys([*telling, *found[::step]]))


def _decoded(text: bytes, words: Sequence[bytes], codec: str) -> list[str] | None:
    """The text and the words; None where an encoding can't read them, or makes of them what no text holds."""
    decoder = codecs.getincrementaldecoder(codec)
    try:  # what is cut may end within a character
        decoded = [decoder().decode(one) for one in (text, *words)]
    except UnicodeDecodeError:
        return None
    return decoded if letters.is_text(decoded[0]) else None


def _confidence(text: bytes, readable: Sequence[str]) -> dict[str, float]:
    """What chardet makes of the bytes: codec → the logarithm of its confidence."""
    names = {_chardets_name(codec): codec for codec in readable}
    if not names:
        return {}
    results = chardet.detect_all(
        text,
        ignore_threshold=True,
        compat_names=False,
        include_encodings=list(names),
        no_match_encoding=next(iter(names)),
        empty_input_encoding=next(iter(names)),
    )
    found = dict.fromkeys(readable, 0.0)
    for result in results:
        codec = names.get(result["encoding"] or "")
        if codec is not None:
            found[codec] = max(found[codec], result["confidence"])
    return {codec: math.log(confidence + _LEAST_CONFIDENCE) for codec, confidence in found.items()}


@lru_cache(maxsize=len(LEGACY))
def _chardets_name(codec: str) -> str:
    return {"euc_jp": "euc_jis_2004", "big5": "big5hkscs"}.get(codec, codec.replace("mac_", "mac-"))
