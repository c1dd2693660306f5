"""The header is found wherever a person sees it: none at all, below titles, in several lines, with units below."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from core.uploads.csv import stream
from core.uploads.errors import HeaderOnly
from core.uploads.report.examination import Examination
from core.uploads.report.examine import examine

Cells = list[tuple[str, ...]]


def read(tmp_path: Path, text: str) -> tuple[Examination, Cells]:
    path = tmp_path / "lake.csv"
    path.write_text(text, "utf-8", newline="")
    found = examine(path, file_name="lake.csv")
    with path.open("rb") as source:
        table = stream.read_table(source, found.dialect.verbatim)
    return found, list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def names(found: Examination) -> list[str]:
    return [column.name for column in found.columns]


NUMBERED = "".join(f"{n},{n * 7 % 11 / 4},pike\n{n + 30},{n * 5 % 13 / 4},perch\n" for n in range(1, 12))


@pytest.mark.parametrize("first", ["0,NaN,pike", "?,1.5,perch", "NA,NULL,pike", "1e5,2.5E-3,perch", ",,pike"])
def test_a_first_row_with_missing_cells_or_powers_is_a_row(tmp_path: Path, first: str) -> None:
    found, rows = read(tmp_path, f"{first}\n{NUMBERED}")
    assert names(found) == ["column_1", "column_2", "column_3"]
    assert rows[0] == tuple(first.split(","))
    assert len(rows) == 23


@pytest.mark.parametrize(("header", "labels"), [("x,g,y", "yn"), ("nr,m,f", "fm")])
def test_names_that_may_stand_for_nothing_or_for_a_label_are_names(
    tmp_path: Path, header: str, labels: str
) -> None:
    """ "x" and "nr" stand for missing numbers elsewhere, and the last name is a value of its column."""
    rows = "".join(f"{n * 7 % 11 / 4},{'ab'[n % 2]},{labels[n % 2]}\n" for n in range(20))
    found, cells = read(tmp_path, f"{header}\n{rows}")
    assert (names(found), len(cells)) == (header.split(","), 20)


def test_a_first_row_with_a_mark_for_no_number_that_comes_again_is_a_row(tmp_path: Path) -> None:
    rows = "".join(f"{n * 7 % 11 / 4},{'ab'[n % 2]},{'yn'[n % 2]}\n" for n in range(20))
    found, cells = read(tmp_path, f"x,a,y\n1.5,b,n\nx,b,y\n{rows}")
    assert (found.dialect.has_header, len(cells)) == (False, 23)


@pytest.mark.parametrize("line", ["5.1,3.5,1.4", "Ada,36,2024-02-29,yes", "7;-1,5;x", "1,0"])
def test_a_file_of_one_row_without_a_header_is_a_row(tmp_path: Path, line: str) -> None:
    found, rows = read(tmp_path, f"{line}\n")
    assert (found.n_rows, found.dialect.has_header) == (1, False)
    assert ",".join(rows[0]) == line.replace(";", ",").replace("-1,5", "-1,5")
    assert "Its only line has values" in " ".join(guess.why for guess in found.guesses)


@pytest.mark.parametrize(
    "line", ["name,amount", "country,2019,2020,2021", "2019,2020,2021", "q1", "a,b,1", "x"]
)
def test_names_alone_are_still_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(HeaderOnly):
        read(tmp_path, f"{line}\n")


def test_only_powers_of_ten_are_rows_too(tmp_path: Path) -> None:
    text = "".join(f"{n}.5e-0{n % 7},1.{n}E+02,{n}e{n % 3}\n" for n in range(1, 9))
    assert len(read(tmp_path, text)[1]) == 8


def test_words_above_numbers_stay_the_header_whatever_comes_again(tmp_path: Path) -> None:
    found, rows = read(tmp_path, "id,Mail,Post\n1,Mail,\n2,,Post\n3,Mail,Post\n")
    assert names(found) == ["id", "Mail", "Post"]
    assert len(rows) == 3


def test_words_that_come_again_below_are_a_row_under_notes(tmp_path: Path) -> None:
    text = "Checks of the weirs,,\n,,\nKey,,\nWeir 1,sound,not seen\nWeir 2,not seen,sound\nWeir 3,sound,not seen\n"
    found, rows = read(tmp_path, text)
    assert names(found) == ["column_1", "column_2", "column_3"]
    assert rows[0] == ("Weir 1", "sound", "not seen")
    assert "Skipped 3 lines above the header." in found.notes


def test_a_title_with_more_cells_than_the_table_names_nothing(tmp_path: Path) -> None:
    title = "Log of probe 4,kept by Mo,on Friday,in ink"
    found, rows = read(tmp_path, title + "\ndepth,oxygen\n" + "".join(f"{n},{9 - n / 8}\n" for n in range(9)))
    assert names(found) == ["depth", "oxygen"]
    assert len(rows) == 9


def test_names_of_three_lines_are_joined_from_the_top_and_filled_to_the_right(tmp_path: Path) -> None:
    text = "Lake,Fish,,,,Boats,\n,North,,South,,Hire,Own\n,Pike,Eel,Pike,Eel,,\n"
    found, rows = read(tmp_path, text + "".join(f"L{n},{n},2,3,4.5,{n * n},6\n" for n in range(6)))
    assert names(found) == [
        "Lake",
        "Fish / North / Pike",
        "Fish / North / Eel",
        "Fish / South / Pike",
        "Fish / South / Eel",
        "Boats / Hire",
        "Boats / Own",
    ]
    assert len(rows) == 6
    assert any("all 3 were joined" in note for note in found.notes)


def test_years_repeated_above_items_are_part_of_their_names(tmp_path: Path) -> None:
    text = "Lake;2019;2019;2020;2020\nLake;Pike (n);Eel (n);Pike (n);Eel (n)\n"
    found, _ = read(tmp_path, text + "".join(f"L{n};{n};{n + 4};7;{n * 3}\n" for n in range(8)))
    assert names(found) == ["Lake", "2019 Pike (n)", "2019 Eel (n)", "2020 Pike (n)", "2020 Eel (n)"]


def test_a_line_below_the_header_that_adds_to_some_names_is_no_row(tmp_path: Path) -> None:
    text = "Lake,Area,Depth,Visits 2020,Visits 2021\n,,,,estimated\n"
    found, rows = read(tmp_path, text + "".join(f"L{n},{n * 9},{n}.5,{n},{n + 1}\n" for n in range(8)))
    assert names(found)[-1] == "Visits 2021 / estimated"
    assert found.columns[-1].kind == "number"
    assert rows[0][0] == "L0"


def test_a_line_of_units_for_all_names_is_left_out_and_said(tmp_path: Path) -> None:
    text = "Lake,Area,Depth\n,km²,m\n" + "".join(f"L{n},{n * 9},{n}.5\n" for n in range(8))
    found, rows = read(tmp_path, text)
    assert names(found) == ["Lake", "Area", "Depth"]
    assert len(rows) == 8
    assert any(guess.about == "not_rows" and "Line 2" in guess.why for guess in found.guesses)


def test_the_index_of_a_table_from_r_has_no_name_with_one_row_too(tmp_path: Path) -> None:
    found, rows = read(tmp_path, '"lake";"depth"\n"1";"Upper tarn";14\n')
    assert names(found) == ["column_1", "lake", "depth"]
    assert rows == [("1", "Upper tarn", "14")]


def test_delimiters_at_the_end_of_every_line_make_no_column(tmp_path: Path) -> None:
    found, rows = read(tmp_path, "lake,depth,,\n" + "".join(f"L{n},{n},,\n" for n in range(9)))
    assert names(found) == ["lake", "depth"]
    assert len(rows) == 9


def test_a_last_column_that_holds_something_far_below_is_kept(tmp_path: Path) -> None:
    text = "lake,depth,\n" + "".join(f"L{n},{n},\n" for n in range(900)) + "L900,900,dry\n"
    found, rows = read(tmp_path, text)
    assert names(found) == ["lake", "depth", "column_3"]
    assert rows[-1] == ("L900", "900", "dry")


def test_lines_above_the_header_that_look_like_rows_are_a_doubt(tmp_path: Path) -> None:
    above = "".join(f"gauge,{n},0.{n},,\n" for n in range(1, 5))
    below = "lake,depth,area,visits,boats\n" + "".join(f"L{n},{n},4,5,6\n" for n in range(9))
    found, _ = read(tmp_path, above + below)
    doubt = [guess for guess in found.guesses if guess.about == "preamble"]
    assert [guess.confidence for guess in doubt] == ["guess"]
    assert "Lines 1 to 4" in doubt[0].why


SERIES = (
    "Title,Boats on the lake\nSource,Harbour\nUnit,Number of boats\nRelease,01-02-2020\nNext,later\nNotes,\n"
)


def test_attributes_directly_above_a_series_are_no_rows(tmp_path: Path) -> None:
    found, rows = read(tmp_path, SERIES + "".join(f"{2000 + n},{n}.5\n" for n in range(12)))
    assert names(found) == ["column_1", "Boats on the lake"]
    assert rows[0] == ("2000", "0.5")
    assert any(guess.about == "header" and "Lines 1 to 6" in guess.why for guess in found.guesses)


def test_a_table_of_words_and_numbers_has_no_attributes(tmp_path: Path) -> None:
    text = "name,fee\nkayak,free\ncanoe,on request\nraft,by the hour\n" + "".join(
        f"b{n},{n}\n" for n in range(9)
    )
    found, rows = read(tmp_path, text.replace("b3,3", "b3,none yet"))
    assert names(found) == ["name", "fee"]
    assert len(rows) == 12


def test_a_rule_below_the_rows_and_what_follows_it_are_no_rows(tmp_path: Path) -> None:
    text = "lake;depth;area\n" + "".join(f"L{n};{n};4\n" for n in range(9)) + "________;;\nWithout ponds.;;\n"
    assert len(read(tmp_path, text)[1]) == 9


def test_groups_above_names_that_repeat_are_joined_though_the_first_row_counts_up(tmp_path: Path) -> None:
    found, rows = read(tmp_path, "Pier;2020;;2021;\n;in;out;in;out\nA;1;2;3;4\nB;5;6;7;8\nC;9;1;2;3\n")
    assert names(found) == ["Pier", "2020 in", "2020 out", "2021 in", "2021 out"]
    assert len(rows) == 3


def test_a_line_of_labels_above_the_only_numbers_is_left_out_and_said(tmp_path: Path) -> None:
    found, rows = read(tmp_path, "lake,len\nName of it,Length in km\nA,1.5\nB,2.5\nC,3.5\nD,4.5\n")
    assert (found.columns[1].kind, len(rows)) == ("number", 4)
    assert any(guess.about == "not_rows" and "Line 2" in guess.why for guess in found.guesses)


def test_lines_of_delimiters_alone_are_no_rows(tmp_path: Path) -> None:
    found, rows = read(tmp_path, "a,b,c\n1,2,3\n,,\n4,5,6\n,,\n7,8,9\n")
    assert [row[0] for row in rows] == ["1", "4", "7"]
    assert found.treatment.n_not_rows == 2


def test_keys_and_values_above_a_blank_line_are_not_the_header(tmp_path: Path) -> None:
    found, rows = read(tmp_path, "Probe,P4\nBy,Mo\nOn,2024-01-01\n\ndepth,oxygen\n0,9\n1,8.5\n2,8\n")
    assert names(found) == ["depth", "oxygen"]
    assert len(rows) == 3


def test_names_in_a_comment_behind_a_word_of_its_own(tmp_path: Path) -> None:
    text = "#path\tboats\n#fields\tts\tboat\tfee\n#types\ttime\tstring\tcount\n"
    found, rows = read(tmp_path, text + "".join(f"{n}.5\tb{n}\t{n}\n" for n in range(9)) + "#close\t2024\n")
    assert names(found) == ["ts", "boat", "fee"]
    assert len(rows) == 9
    assert "Line 2 names the columns, behind '#fields'." in found.notes


@pytest.mark.parametrize("days", [("31.12.2021", "31.12.2022", "31.12.2023"), ("Aal", "Hecht", "Zander")])
def test_a_unit_below_the_only_name_is_neither_a_row_nor_a_name(tmp_path: Path, days: Sequence[str]) -> None:
    rows_said = "".join(f"{day};{1_204 * n}\n" for n, day in enumerate(days, 3))
    found, rows = read(tmp_path, f"Bestand im See\nStichtag und Art\n;Fischbestand\n;Anzahl\n{rows_said}")
    assert names(found) == ["column_1", "Fischbestand"]
    assert rows == [(day, str(1_204 * n)) for n, day in enumerate(days, 3)]
    assert found.columns[1].kind == "number"
    assert any("Line 4 has words" in guess.why for guess in found.guesses if guess.about == "not_rows")
