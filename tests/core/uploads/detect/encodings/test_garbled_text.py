"""Letters that were lost or encoded twice are told; sound text is left alone."""

from __future__ import annotations

import pytest

from core.uploads.detect.encodings import garbled_text


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Stad\nGÃ¶teborg\nMalmÃ¶\n", "'Göteborg'"),
        ("РњРѕСЃРєРІР°\nРћРјСЃРє\n", "'Москва'"),
        ("J?rgen,M?nchen\nK?the,K?ln\n", "'J?rgen'"),
        ("K\ufffdln\n", "lost"),
        ("Black &amp; White<br>\n", "HTML"),
        ("caf\\u00e9\n", "escapes"),
    ],
)
def test_it_is_told(text: str, word: str) -> None:
    assert word in " ".join(guess.why for guess in garbled_text.doubts(text))


@pytest.mark.parametrize(
    "text",
    [
        "Göteborg,Malmö,naïve,Ångström,São Tomé\n",
        "Київ,Москва,Їжак\n",
        "http://a.example/x?y=1,why? because,Ja?\n",
        "大目降?楊逵?生於\n",
        "R&D,AT&T,a < b > c,50 % & more;\n",
    ],
)
def test_sound_text_is_left_alone(text: str) -> None:
    assert garbled_text.doubts(text) == []
