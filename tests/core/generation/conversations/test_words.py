"""The words that conversations are found by: plain ASCII, whatever they are written in."""

from __future__ import annotations

import pytest

from core.generation.conversations import words
from tests import generation


def found(text: str) -> list[str]:
    return words.of_messages(generation.talk(text, "")).split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The parcel, the PARCEL's label", ["the", "parcel", "s", "label"]),
        ("Größe naïve İstanbul ﬁne", ["grosse", "naive", "istanbul", "fine"]),
        ("Brand™ ℂ Ⅳ", ["brandtm", "c", "iv"]),
        ("a_b 4.5 x-1", ["a", "b", "4", "5", "x", "1"]),
        ("Мир", ["_43c__438__440_"]),
        ("日本 語", ["_65e5_", "_672c_", "_8a9e_"]),
        ("covid症x", ["covid", "_75c7_", "x"]),
        ("\u202eabc\u202c\u200b", ["abc"]),
        ("!!! \N{PILE OF POO}", []),
    ],
)
def test_words_are_folded_and_spelt(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_the_beginning_of_a_word_is_spelt_as_the_beginning_of_its_spelling() -> None:
    for word in ("привет", "größe", "café", "한국말", "x症y"):
        (whole,) = found(word)[:1]
        for n in range(1, len(word)):
            assert whole.startswith(words.asked(word[:n])[0])


def test_endless_texts_have_an_end() -> None:
    assert found("x" * 100_000) == ["x" * words.LONGEST_WORD]
    assert found("я" * 100_000) == ["_44f_" * words.LONGEST_WORD]
    many = " ".join(f"w{n}" for n in range(100_000))
    assert len(words.of_messages(generation.talk(many, many))) <= words.LONGEST
    assert len(words.asked(many)) == words.MOST_ASKED
