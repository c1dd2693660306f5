"""Which language a text is in, and a turn in another one than was asked for.

whatlang tells by letter triples; only what it calls reliable is believed, so short turns are not judged.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import whatlang

from core.generation.quality.findings import Code, Finding
from core.generation.quality.function_words import FUNCTION_WORDS

if TYPE_CHECKING:
    from core.generation.quality.talk import Talk

ANY: Final = "any"
LOOKED_AT: Final = 2_000  # characters of a turn
LEAST_LETTERS: Final = 40
LEAST_LETTERS_OF_DENSE_SCRIPTS: Final = 12
LATIN_TO: Final = "\u0370"
DENSE_FROM: Final = "\u2e80"  # where scripts begin of which a few letters say much
LEAST_WORDS, LEAST_FUNCTION_WORDS, LEAST_SHARE, TIMES_AS_MANY = 5, 2, 0.2, 2
_FUNCTION_WORD: Final = re.compile(r"[^\W\d_]+")
VARIABLES: Final = ("language", "lang", "locale", "sprache", "langue", "idioma", "lingua", "taal")
# ISO 639-1, whatlang's ISO 639-3, and how people call it.
_LANGUAGES: Final = (
    *(("en", "eng", "english"), ("de", "deu", "german deutsch"), ("fr", "fra", "french français")),
    *(("es", "spa", "spanish español castellano"), ("it", "ita", "italian italiano")),
    *(("pt", "por", "portuguese português"), ("nl", "nld", "dutch nederlands")),
    *(("sv", "swe", "swedish svenska"), ("da", "dan", "danish dansk"), ("nb", "nob", "norwegian norsk")),
    *(("fi", "fin", "finnish suomi"), ("pl", "pol", "polish polski"), ("cs", "ces", "czech čeština")),
    *(("sk", "slk", "slovak slovenčina"), ("hu", "hun", "hungarian magyar"), ("ro", "ron", "romanian română")),
    *(("bg", "bul", "bulgarian български"), ("el", "ell", "greek ελληνικά"), ("tr", "tur", "turkish türkçe")),
    *(("ru", "rus", "russian русский"), ("uk", "ukr", "ukrainian українська"), ("he", "heb", "hebrew עברית")),
    *(("ar", "ara", "arabic العربية"), ("fa", "pes", "persian farsi فارسی"), ("hi", "hin", "hindi हिन्दी")),
    *(("th", "tha", "thai ไทย"), ("vi", "vie", "vietnamese"), ("id", "ind", "indonesian")),
    *(("ja", "jpn", "japanese 日本語"), ("ko", "kor", "korean 한국어"), ("zh", "cmn", "chinese mandarin 中文")),
)  # fmt: skip
BY_CODE: Final[Mapping[str, str]] = {iso: found for iso, found, _ in _LANGUAGES}
_BY_NAME: Final = {name: iso for iso, _, names in _LANGUAGES for name in names.split()} | {"no": "nb"}
_CODES: Final = {found: iso for iso, found in BY_CODE.items()}
_NAMES: Final = {iso: names.split()[0].capitalize() for iso, _, names in _LANGUAGES}
# What is taken for one another where turns are short or close.
_KIN: Final = (
    frozenset({"dan", "nob", "swe"}),
    frozenset({"ces", "slk"}),
    frozenset({"rus", "ukr", "bul", "bel", "mkd", "srp"}),
    frozenset({"spa", "por", "cat"}),
    frozenset({"nld", "afr"}),
    frozenset({"ara", "pes", "urd"}),
    frozenset({"hin", "mar", "nep"}),
    frozenset({"ind", "jav"}),
    frozenset({"cmn", "jpn"}),
)
_LATIN: Final = re.compile(r"[A-Za-z]+")
_NO_WORD: Final = re.compile(r"[\d_/@\\<>={}\[\]|]")  # a token with one of them is a name, a number or code


def detected(text: str) -> str | None:
    """The language as whatlang calls it ("eng"); None where the text is too short or it is not sure."""
    told = _words(text)
    least = LEAST_LETTERS
    if not told.isascii() and 3 * sum(one > DENSE_FROM for one in told) >= sum(map(str.isascii, told)):
        told = _LATIN.sub(" ", told)  # names and commands between letters that say more
        least = LEAST_LETTERS_OF_DENSE_SCRIPTS
    if sum(map(str.isalpha, told)) < least:
        return None
    try:
        found: Any = whatlang.detect(told)  # its stubs say nothing of what it holds
    except ValueError:  # what it says of a text without letters that it knows
        return None
    return found.lang if found.is_reliable else None


def other_than(text: str, asked: str, sure: str | None) -> str | None:
    """The language of a text that is surely not the one asked for; None where it is, or nobody knows.

    sure: what `detected` says of it. A text that is too short for its letters to tell is told by its function words:
    some of another language, and next to none of this one.
    """
    if sure is not None:
        return None if _is_alike(sure, asked) else sure
    if asked in FUNCTION_WORDS and (lang := _of_other_letters(text)) is not None:
        return lang
    words = _FUNCTION_WORD.findall(_words(text).casefold())
    if len(words) < LEAST_WORDS:
        return None
    counted = {lang: sum(word in known for word in words) for lang, known in FUNCTION_WORDS.items()}
    best = max(counted, key=lambda lang: counted[lang])
    n, n_asked = counted[best], max((n for lang, n in counted.items() if _is_alike(lang, asked)), default=0)
    share = (
        LEAST_SHARE if asked in FUNCTION_WORDS else 2 * LEAST_SHARE
    )  # names stand in Latin letters anywhere
    is_other = n >= max(LEAST_FUNCTION_WORDS, share * len(words)) and n_asked * TIMES_AS_MANY < n
    return best if is_other and not _is_alike(best, asked) else None


def _of_other_letters(text: str) -> str | None:
    """What whatlang takes a text for that has next to no Latin letter."""
    letters = [one for one in text[:LOOKED_AT] if one.isalpha()]
    n_latin = sum(one < LATIN_TO for one in letters)
    if len(letters) < LEAST_LETTERS_OF_DENSE_SCRIPTS or 4 * n_latin > len(letters):
        return None
    try:
        found: Any = whatlang.detect(text[:LOOKED_AT])
    except ValueError:
        return None
    return str(found.lang)


def _words(text: str) -> str:
    """What of a text is words of a language."""
    return " ".join(word for word in text[:LOOKED_AT].split() if not _NO_WORD.search(word))


def wanted(talk: Talk) -> str | None:
    """What was asked for, as whatlang calls it; "" where it was nothing known, None where any will do."""
    said = talk.thresholds.language
    if said == ANY:
        return None
    if said:
        return BY_CODE[said]
    for name, value in talk.params.items():
        if name.casefold() in VARIABLES:
            return _named(str(value))
    return ""


def _named(said: str) -> str | None:
    """ "German", "Deutsch", "de", "de-AT", "Swiss German"; None for one that is not known."""
    words = re.findall(r"[^\W\d_]+", said[:100].casefold())
    isos = [_BY_NAME.get(word) or (word if word in BY_CODE else None) for word in words]
    known = [iso for iso in isos if iso]
    if not known or len(set(known)) > 1:
        return None
    return BY_CODE[known[-1]]


def other_languages(talk: Talk) -> Iterator[Finding]:
    """Each turn that is surely in another language than the one asked for, else than most are in."""
    asked = wanted(talk)
    if asked is None:
        return
    sure = [detected(turn.told) for turn in talk.turns]
    if not (asked := asked or _spoken(talk, sure)):
        return
    others = [other_than(turn.told, asked, lang) for turn, lang in zip(talk.turns, sure, strict=True)]
    for turn, other in zip(talk.turns, others, strict=True):
        if other is not None:
            yield Finding(Code.OTHER_LANGUAGE, turn.idx, detail=_told(other, asked))
    if not any(others) and not any(sure):
        whole = detected("\n".join(turn.told for turn in talk.turns))
        if whole is not None and not _is_alike(whole, asked):
            yield Finding(Code.OTHER_LANGUAGE, detail=_told(whole, asked))


def _spoken(talk: Talk, sure: Sequence[str | None]) -> str:
    """The language that most turns are in, the unsure ones told together; "" where nobody knows."""
    unsure = [turn.told for turn, lang in zip(talk.turns, sure, strict=True) if lang is None]
    together = detected("\n".join(unsure)) if unsure else None
    return _most([lang for lang in (one or together for one in sure) if lang])


def _most(langs: Sequence[str]) -> str:
    """Of those that occur most the first."""
    counted = Counter(langs)
    return max(counted, key=lambda lang: counted[lang], default="")


def _is_alike(lang: str, asked: str) -> bool:
    return lang == asked or any({lang, asked} <= kin for kin in _KIN)


def name(iso: str) -> str:
    """How people call the language with this ISO 639-1 code."""
    return _NAMES[iso]


def _told(lang: str, asked: str) -> str:
    found, wanted_one = (_NAMES[_CODES[one]] if one in _CODES else one for one in (lang, asked))
    return f"{found} instead of {wanted_one}"
