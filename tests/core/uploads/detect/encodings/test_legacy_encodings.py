"""Older encodings: told rightly, or refused where nobody can tell; never read as another."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from core.uploads.detect.encodings import charsets, encoding
from core.uploads.errors import EncodingUnclear, MixedEncodings, UnsupportedEncoding
from tests.core.uploads.corpus import languages
from tests.core.uploads.corpus.languages import FIRST, SECOND, LegacyFile


def found(tmp_path: Path, data: bytes) -> str:
    path = tmp_path / "staged"
    path.write_bytes(data)
    return encoding.find(path, file_name="cities.csv").codec


def refusal(tmp_path: Path, text: str, codec: str) -> EncodingUnclear:
    with pytest.raises(EncodingUnclear) as caught:
        found(tmp_path, text.encode(codec))
    return caught.value


def judged(tmp_path: Path, file: LegacyFile) -> str:
    try:
        codec = found(tmp_path, file.data)
    except EncodingUnclear:
        return "refused"
    return "right" if file.data.decode(codec) == file.text else "wrong"


@pytest.mark.parametrize("half", [FIRST, SECOND])
@pytest.mark.parametrize(
    ("shapes", "least_right"),
    [
        (("ten rows", "sixty rows"), 0.9),
        (("three rows", "sentences"), 0.83),
        (("one row",), 0.72),
        (("one word among many",), 0.25),
    ],
)
def test_a_file_is_read_rightly_or_refused(
    tmp_path: Path, half: int, shapes: tuple[str, ...], least_right: float
) -> None:
    files = list(languages.files(half, shapes))
    outcomes = {file: judged(tmp_path, file) for file in files}
    wrong = [(file.language, file.codec) for file in files if outcomes[file] == "wrong"]
    assert wrong == [one for one in wrong if shapes == ("one word among many",)]
    assert len(wrong) <= 0.02 * len(files)
    assert Counter(outcomes.values())["right"] >= least_right * len(files)


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("város;összeg\nGyőr;1\nPécs;2\nErdős Pál;3\nSzékesfehérvár;4\nKiss Győző;5\n", "cp1250"),  # no ű
        ("都市,数量\n東京都,1\n大阪府,2\n北海道,3\n", "cp932"),
        ("名前,年齢\nさくら,1\n", "cp932"),
        ("Şehir;n\nİstanbul;1\nIğdır;2\nEskişehir;3\n", "cp1254"),  # Icelandic has all of these bytes
        ("עיר,כמות\nחיפה,1\nאילת,2\n", "cp1255"),
        ("المدينة,العدد\nالقاهرة,1\nبغداد,2\n", "cp1256"),
        ("จังหวัด,จำนวน\nเชียงใหม่,1\n", "cp874"),
        ("день,n\nпонеділок,1\nп'ятниця,2\nвівторок,3\n", "koi8-u"),
        ("Город,n\nМосква,1\nТюмень,2\nКазань,3\nЕкатеринбург,4\n", "mac_cyrillic"),
        ("measure,n\n5 °C,1\n12 m²,2\n£100,3\n50 €,4\n", "cp1252"),
        ("name;größe\r\nÅse;1,5\r\nBjörn;2,5\r\nSørensen;3\r\n", "cp1252"),  # Norwegians in a German file
        ("id;car\n1;\u00a0Mercedes-Benz\n2;\u00a0Volvo\n3;\u00a0Audi\n", "cp1252"),
        ("name,n\nZoë,1\ncafé,2\nnaïve,3\n“quoted”,4\n", "cp1252"),
    ],
)
def test_short_files_are_told_by_their_letters(tmp_path: Path, text: str, codec: str) -> None:
    data = text.encode(codec)
    assert data.decode(found(tmp_path, data)) == text


@pytest.mark.parametrize(
    "word",
    [
        "Größe",
        "Verkäufe",
        "Menge_Stück",
        "Zürich",
        "Müller",
        "Région",
        "Données",
        "Trésorerie",
        "Código",
        "País",
        "Preço",
        "Endereço",
        "Città",
    ],
)
def test_one_western_word_is_enough(tmp_path: Path, word: str) -> None:
    assert found(tmp_path, f"id,{word},n\n1,2,3\n4,5,6\n".encode("cp1252")) == "cp1252"


def test_a_doubt_is_named_with_its_line_and_column_and_both_readings(tmp_path: Path) -> None:
    refused = refusal(tmp_path, "id,city\n1,Alma\n2,in Győr\n", "cp1250")
    assert (refused.line, refused.column) == (3, 8)
    assert "'Győr' in Windows-1250" in refused.readings
    assert "'Gyõr' in Windows-1252" in refused.readings
    assert re.fullmatch(
        "Choose its encoding, such as Windows-125[02] or Windows-125[02], or save the file as CSV UTF-8.",
        refused.hint,
    )


def test_a_doubt_far_into_a_file_is_found_where_it_stands(tmp_path: Path) -> None:
    refused = refusal(tmp_path, "id,city\n" + "1,Bonn\n" * 300_000 + "2,Győr\n", "cp1250")
    assert (refused.line, refused.column) == (300_002, 5)


def test_text_that_no_language_is_written_in_is_refused(tmp_path: Path) -> None:
    refused = refusal(tmp_path, "a,b\n1,¤x¤\n2,q¶q\n3,¬¦¬\n", "cp1252")
    assert refused.line == 2


def test_what_only_some_lines_show_decides_for_all_of_them(tmp_path: Path) -> None:
    text = "id;city\n" + "1;Bonn\n" * 200_000 + "2;Łódź\n3;Gdańsk\n4;Świnoujście\n5;Częstochowa\n"
    assert found(tmp_path, text.encode("cp1250")) == "cp1250"


def test_a_line_longer_than_what_is_looked_at_is_judged_by_its_beginning(tmp_path: Path) -> None:
    text = "都市,数量\n" + "東京都とさくらの町は" * 4_000 + ",1\n"
    assert found(tmp_path, text.encode("cp932")) == "cp932"


def test_every_encoding_is_named_once() -> None:
    labels = {charsets.label(codec) for codec in charsets.CODECS}
    assert len(labels) == len(set(charsets.CODECS)) == len(charsets.CODECS)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("都市,数量\n東京,1\n".encode("iso2022_jp"), "ISO-2022-JP"),
        ("도시,수\n서울,1\n".encode("iso2022_kr"), "ISO-2022-KR"),
        ("城市,数量\n北京,1\n".encode("hz"), "HZ"),
        ("id,city\n1,Zürich\n2,Köln\n".encode("utf-7"), "UTF-7"),
        ("id,city\n1,Zürich\n".encode("utf-32"), "UTF-32"),
        ("id,city\n1,Berlin\n".encode("utf-32-be"), "UTF-32"),
        ("id,city,n\n1,Zuerich,3\n2,Koeln,4\n".encode("cp037"), "EBCDIC"),
    ],
)
def test_an_encoding_that_is_not_read_is_refused_by_its_name(tmp_path: Path, data: bytes, name: str) -> None:
    with pytest.raises(UnsupportedEncoding) as caught:
        found(tmp_path, data)
    assert caught.value.encoding == name


def test_a_file_of_one_ascii_letter_is_of_no_mainframe(tmp_path: Path) -> None:
    """Its byte is a slash in EBCDIC."""
    assert found(tmp_path, b"a") == "utf-8"


@pytest.mark.parametrize("cell", ["+49 170 1234", "+491701234567", "a+b-c", "=A1+B2", "~{x}", "C++", "+-5"])
def test_plus_signs_and_tildes_are_no_escapes(tmp_path: Path, cell: str) -> None:
    assert found(tmp_path, f"a,b\n1,{cell}\n2,x\n".encode()) == "utf-8"


@pytest.mark.parametrize(
    ("ours", "codec"), [("München,Köln größer", "cp1252"), ("Łódź,Świnoujście", "cp1250")]
)
@pytest.mark.parametrize("n_rows", [1, 40])
def test_files_that_were_joined_are_refused_with_the_line_where_the_encoding_changes(
    tmp_path: Path, ours: str, codec: str, n_rows: int
) -> None:
    first = ("a,b\n" + f"{ours}\n" * 1_200).encode(codec)
    with pytest.raises(MixedEncodings) as caught:
        found(tmp_path, first + "Győr,Čačak Łódź Ñandú\n".encode() * n_rows + first)
    assert caught.value.line == 1_202


def test_what_only_the_end_of_a_long_file_shows_decides_too(tmp_path: Path) -> None:
    data = ("a,b\n" + "1,Köln München\n" * 20_000).encode("cp1252") + "2,Łódź Świnoujście Gdańsk\n".encode(
        "cp1250"
    ) * 9_000
    with pytest.raises(EncodingUnclear) as caught:
        found(tmp_path, data)
    assert caught.value.line > 20_001


def test_an_encoding_that_makes_no_sense_is_not_recommended(tmp_path: Path) -> None:
    refused = refusal(tmp_path, "a,b\n1,¤x¤\n2,q¶q\n3,¬¦¬\n", "cp1252")
    assert refused.hint == "Choose its encoding, or save the file as CSV UTF-8."


@pytest.mark.parametrize(
    "names",
    [
        "Müller Köln|São Paulo|Åke Malmö|Sørensen Århus|François Orléans|Jürgen Würzburg|Piñera Málaga|Nîmes|Groß",
        "Jürgen Weiß|Käthe Schröder|Björn Krüger|Göttingen|Fürth|Große Bleichen|Süßwaren|Hélène|André",
        "Łukasz|Győző|Dvořák|Košice|Şerban|Škoda|Čačak|Świętokrzyski|Erdős|Brăila|Plzeň",
    ],
)
def test_a_list_of_customers_from_several_countries_is_read(tmp_path: Path, names: str) -> None:
    codec = "cp1250" if "Ł" in names else "cp1252"
    text = "id,name\n" + "".join(f"{n},{one}\n" for n, one in enumerate(names.split("|") * 3))
    assert found(tmp_path, text.encode(codec)) == codec


@pytest.mark.parametrize("codec", charsets.CODECS)
def test_an_encoding_can_be_chosen_by_each_of_its_names(codec: str) -> None:
    assert charsets.codec_of(codec.upper()) == codec
    if charset := charsets.charset(codec):
        assert charsets.codec_of(charset) == codec
