"""Text that is not read as it stands: laid out line by line, cells repaired, other lines left out."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from core.uploads.csv.rewriting import LaidOutReader, Rewriting
from core.uploads.errors import BadCsv
from core.uploads.report.examination import Examination
from core.uploads.report.examine import examine


def laid_out(data: bytes, rewriting: Rewriting) -> str:
    return LaidOutReader(io.BytesIO(data), rewriting, codec="utf-8", bom=0, delimiter="\t").read().decode()


def read(tmp_path: Path, data: bytes) -> tuple[Examination, list[tuple[str, ...]]]:
    path = tmp_path / "log.csv"
    path.write_bytes(data)
    found = examine(path, file_name="log.csv")
    with path.open("rb") as source:
        table = stream.read_table(source, found.dialect)
    return found, list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def test_cells_at_columns_in_quotes_where_they_need_them() -> None:
    text = 'ab  c "d"\n    x\tz\n\nacross the gap\n'
    columns = Rewriting(columns=((0, 3), (4, 20)))
    assert laid_out(text.encode(), columns) == 'ab\t"c ""d"""\n\t"x\tz"\n\nacross the gap\n'


def test_letters_apart_controls_and_marks_that_nobody_sees_are_mended_and_said(tmp_path: Path) -> None:
    text = "Gru\u0308n;Wert\n\u200eA\u0308hre \x96 1;2\n\x84Korn\x93;3\n\ufeffÄhre – 1;4\n"
    found, rows = read(tmp_path, text.encode())
    assert [column.name for column in found.columns] == ["Grün", "Wert"]
    assert [row[0] for row in rows] == ["Ähre – 1", "„Korn“", "Ähre – 1"]
    said = " ".join(found.notes)
    assert all(word in said for word in ("Windows-1252", "invisible", "NFC"))


def test_controls_that_no_windows_has_are_kept_and_doubted(tmp_path: Path) -> None:
    found, rows = read(tmp_path, "a,b\nx\x81,1\ny,2\n".encode())
    assert rows[0][0] == "x\x81"
    assert [guess.confidence for guess in found.guesses if guess.about == "text"] == ["guess"]


def test_plain_text_is_read_from_the_file_itself(tmp_path: Path) -> None:
    found, _ = read(tmp_path, "Straße,n\nWöhrd,1\nÖd,2\n".encode())
    assert found.dialect.rewriting is None


ALIGNED = """\
  1.5   Ada       12
 22.25  Bo         3
  0.5   Cleo     144
110.0   Di         9
  7.75  Eli        0
"""


def test_columns_aligned_by_blanks_are_read_with_and_without_names(tmp_path: Path) -> None:
    _, rows = read(tmp_path, ALIGNED.encode())
    assert rows[1] == ("22.25", "Bo", "3")
    found, rows = read(tmp_path, (" mass   name   count\n" + ALIGNED).encode())
    assert [column.name for column in found.columns] == ["mass", "name", "count"]
    assert len(rows) == 5
    assert any("aligned by spaces" in note for note in found.notes)


def test_aligned_columns_with_blanks_and_gaps_are_cut_where_all_lines_have_blanks(tmp_path: Path) -> None:
    lines = [f"{n:>4} {name:<14} {count}" for n, name, count in
             [(1, "Van der Bo", 7), (20, "Ada", 13), (3, "", 9), (44, "Cleo Paz Ruiz", ""), (5, "Di", 2)]]  # fmt: skip
    rule = "---- -------------- -----\n"
    found, rows = read(
        tmp_path,
        ("  no name           count\n" + rule + "\n".join(lines) + "\n\n5 rows selected.\n").encode(),
    )
    assert [column.name for column in found.columns] == ["no", "name", "count"]
    assert rows == [
        ("1", "Van der Bo", "7"),
        ("20", "Ada", "13"),
        ("3", "", "9"),
        ("44", "Cleo Paz Ruiz", ""),
        ("5", "Di", "2"),
    ]


def test_double_marks_part_cells_that_hold_single_ones(tmp_path: Path) -> None:
    lines = "order||items||total\n" + "".join(f"{n}||tea|cup {n}||{n}.5\n" for n in range(1, 9))
    found, rows = read(tmp_path, lines.encode())
    assert rows[0] == ("1", "tea|cup 1", "1.5")
    assert "Its cells are separated by ||." in found.notes


def test_bars_at_the_edges_make_no_column_and_rules_no_row(tmp_path: Path) -> None:
    rows_ = "".join(f"| {n} | a\\|b | - |\n|  | c | -- |\n" for n in range(1, 5))
    found, rows = read(
        tmp_path, f"Stock\n\n| id | name | qty |\n|:---|------|-----|\n{rows_}\n8 rows\n".encode()
    )
    assert [column.name for column in found.columns] == ["id", "name", "qty"]
    assert [tuple(map(str.strip, row[:2])) for row in rows[:2]] == [("1", "a|b"), ("", "c")]
    assert len(rows) == 8
    assert any("rules, were left out" in note for note in found.notes)
    assert found.dialect.of_results().rewriting is None


def test_a_file_whose_first_and_last_cells_hold_something_keeps_its_bars(tmp_path: Path) -> None:
    found, rows = read(tmp_path, ("a|b|c\n" + "|x|\n1|y|2.5\n" * 4).encode())
    assert found.dialect.rewriting is None
    assert len(rows) == 8


def test_a_line_far_below_that_has_more_words_than_aligned_columns_is_refused_by_its_line(
    tmp_path: Path,
) -> None:
    with pytest.raises(BadCsv, match="line 30,002"):
        read(tmp_path, (ALIGNED * 6_000 + "\n 1  Ada Bo  2  3\n").encode())


def test_decimals_of_three_places_beside_certain_decimal_commas_are_decimals(tmp_path: Path) -> None:
    text = "a,b\n" + "".join(f'"{n},5","{n + 3},{n}25"\n' for n in range(1, 9))
    found, rows = read(tmp_path, text.encode())
    assert rows[0] == ("1.5", "4.125")
    assert [guess.confidence for guess in found.guesses if guess.column == "b"] == ["likely"]


def test_three_places_throughout_are_a_doubt(tmp_path: Path) -> None:
    found, _ = read(tmp_path, ("a;b\n" + "".join(f"x;{n}.{n}50\n" for n in range(1, 9))).encode())
    assert [guess.confidence for guess in found.guesses if guess.column == "b"] == ["guess"]


def test_a_dialect_with_rewriting_survives_json() -> None:
    dialect = Dialect(rewriting=Rewriting(("c1", "nfc"), 2, 9, "||", ((0, 3), (4, 9)), is_aligned=True))
    assert Dialect.from_json(json.loads(json.dumps(dialect.to_json()))) == dialect
    assert dialect.of_results(7).rewriting == Rewriting(("c1", "nfc"), last_line=7)
    assert Dialect(rewriting=Rewriting(is_aligned=True)).of_results().rewriting is None
