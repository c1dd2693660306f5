"""Older encodings by lists that others wrote: CLDR's names of countries and languages, as each language writes them."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from babel import Locale

from core.errors import AppError
from core.uploads.detect.encodings import encoding

CODECS = {
    "cp1252": "de fr es pt it nl sv da nb fi is ca",
    "cp1250": "cs sk pl hu hr sl ro",
    "cp1251": "ru uk bg sr mk be",
    "cp1253": "el",
    "cp1254": "tr",
    "cp1255": "he",
    "cp1256": "ar fa",
    "cp1257": "lt lv",
    "cp874": "th",
    "cp932": "ja",
    "euc_kr": "ko",
    "gbk": "zh_Hans",
    "big5": "zh_Hant",
    "koi8-r": "ru",
    "cp850": "de fr da",
    "cp852": "cs hu",
    "mac_roman": "fr sv",
}
PAIRS = [(codec, language) for codec, languages in CODECS.items() for language in languages.split()]


def names(language: str, codec: str) -> list[str]:
    """Those that the encoding can write, some of them beyond ASCII."""
    locale = Locale.parse(language)
    found = {*locale.territories.values(), *locale.languages.values()}
    return sorted(
        name for name in found if "," not in name and name == name.encode(codec, "replace").decode(codec)
    )


def outcome(tmp_path: Path, text: str, codec: str) -> str:
    path = tmp_path / "staged"
    path.write_bytes(text.encode(codec))
    try:
        found = encoding.find(path, file_name="names.csv")
    except AppError:
        return "refused"
    return "right" if path.read_bytes().decode(found.codec) == text else "wrong"


@pytest.mark.parametrize(("n_rows", "most_wrong", "least_right"), [(20, 1, 0.65), (80, 0, 0.8)])
def test_names_in_a_languages_usual_encoding_are_read_rightly_or_refused(
    tmp_path: Path, n_rows: int, most_wrong: int, least_right: float
) -> None:
    outcomes = {}
    for codec, language in PAIRS:
        rows = random.Random(f"{codec} {language}").choices(names(language, codec), k=n_rows)
        text = "id,name\n" + "".join(f"{n},{name}\n" for n, name in enumerate(rows))
        outcomes[codec, language] = outcome(tmp_path, text, codec)
    wrong = [pair for pair, found in outcomes.items() if found == "wrong"]
    assert len(wrong) <= most_wrong, wrong
    assert Counter(outcomes.values())["right"] >= least_right * len(PAIRS)
