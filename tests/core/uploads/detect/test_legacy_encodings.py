"""Older encodings: told rightly, or refused where nobody can tell; never read as another."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from core.uploads.detect import encoding
from core.uploads.errors import EncodingUnclear
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
    [(("ten rows", "sixty rows"), 0.97), (("three rows", "sentences"), 0.93), (("one row",), 0.85)],
)
def test_a_file_is_read_rightly_or_refused(
    tmp_path: Path, half: int, shapes: tuple[str, ...], least_right: float
) -> None:
    files = list(languages.files(half, shapes))
    outcomes = {file: judged(tmp_path, file) for file in files}
    assert [(file.language, file.codec, file.text) for file in files if outcomes[file] == "wrong"] == []
    assert Counter(outcomes.values())["right"] >= least_right * len(files)


@pytest.mark.parametrize("half", [FIRST, SECOND])
def test_one_word_that_is_not_ascii_is_hardly_ever_misread(tmp_path: Path, half: int) -> None:
    files = list(languages.files(half, ("one word among many",)))
    assert Counter(judged(tmp_path, file) for file in files)["wrong"] <= 0.02 * len(files)


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
        ("Город,n\nМосква,1\nТюмень,2\n", "mac_cyrillic"),
        ("measure,n\n5 °C,1\n12 m²,2\n£100,3\n50 €,4\n", "cp1252"),
        ("name;größe\r\nÅse;1,5\r\nBo;2,5\r\n", "cp1252"),  # a Norwegian in a German file
        ("id;car\n1;\u00a0Mercedes-Benz\n2;\u00a0Volvo\n3;\u00a0Audi\n", "cp1252"),
        ("name,n\nZoë,1\ncafé,2\nnaïve,3\n“quoted”,4\n", "cp1252"),
    ],
)
def test_short_files_are_told_by_their_letters(tmp_path: Path, text: str, codec: str) -> None:
    data = text.encode(codec)
    assert data.decode(found(tmp_path, data)) == text


def test_a_doubt_is_named_with_its_line_and_column_and_both_readings(tmp_path: Path) -> None:
    refused = refusal(tmp_path, "id,city\n1,Alma\n2,in Győr\n", "cp1250")
    assert (refused.line, refused.column) == (3, 8)
    assert "'Győr' in Windows-1250" in refused.readings
    assert "'Gyõr' in Windows-1252" in refused.readings
    assert set(refused.codecs.split(" or ")) == {"cp1250", "cp1252"}
    assert "give its encoding" in refused.hint


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
    assert len(set(encoding.CODECS)) == len(encoding.CODECS)
    assert len(set(encoding.LABELS.values())) == len(encoding.CODECS)
