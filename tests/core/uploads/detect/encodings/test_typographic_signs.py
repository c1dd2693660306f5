"""Signs alone: read in the encoding that makes usual signs of them, or left to the other witnesses."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.uploads.detect.encodings import encoding
from core.uploads.detect.encodings.typographic_signs import encoding_of
from core.uploads.errors import EncodingUnclear

PLAIN = "".join(f"{i};Miller;Springfield\n" for i in range(20))


def found(tmp_path: Path, rows: str, codec: str) -> str:
    path = tmp_path / "prices.csv"
    path.write_bytes(f"id;name;note\n{PLAIN}{rows}\n".encode(codec))
    return encoding.find(path, file_name=path.name).codec


@pytest.mark.parametrize(
    "rows",
    [
        "21;Lamp;12 €", "21;Lamp;12€", "21;Rome;21 °C\n22;Oslo;-3°C", "21;A – B;2019–2020", "21;“Miller”;x",
        "21;don’t;we’ll", "21;hall;120 m²", "21;dose;5 µg", "21;Lamp;£12.50", "21;§ 5;±3", "21;„Miller“;€",
        "21;• one;x",
    ],
)  # fmt: skip
def test_signs_alone_are_read_as_signs(tmp_path: Path, rows: str) -> None:
    assert found(tmp_path, rows, "cp1252") == "cp1252"


@pytest.mark.parametrize(("rows", "codec"), [("21;Rome;21 °C", "mac_roman"), ("21;“Miller”;x", "mac_roman")])
def test_a_mac_writes_them_with_other_bytes(tmp_path: Path, rows: str, codec: str) -> None:
    assert found(tmp_path, rows, codec) == codec


@pytest.mark.parametrize(
    ("word", "codec"),
    [
        ("Łukasz", "cp1250"),  # £ukasz in Windows-1252
        ("Ŝi", "iso8859-3"),
        ("Ćwik", "iso8859-2"),  # Æwik
        ("²", "cp1252"),  # a letter of Cyrillic encodings, and it stands behind nothing
        ("Acme™", "cp1252"),  # Acmeô of a Mac
        ("Müller – Söhne", "cp1252"),  # letters speak here
    ],
)
def test_letters_are_left_to_those_who_know_letters(word: str, codec: str) -> None:
    assert encoding_of(f"1;{word};x\n".encode(codec)) is None


def test_a_letter_that_would_be_a_sign_is_never_read_as_one(tmp_path: Path) -> None:
    try:
        codec = found(tmp_path, "21;Łukasz;x", "cp1250")
    except EncodingUnclear:
        return
    assert "Ł".encode("cp1250").decode(codec) == "Ł"
