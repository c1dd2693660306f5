"""Of several tables in one file the larger is read, and the others are named with their lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.uploads.csv import stream
from core.uploads.report.examination import Examination
from core.uploads.report.examine import examine
from core.uploads.report.overrides import ReadingOverrides

BOATS = "Boats let\n\nkind,days,income\n" + "".join(f"kayak {n},{n},{n * 20.5}\n" for n in range(1, 8))
MOORINGS = "Moorings let\n\nkind,days,income\n" + "".join(f"buoy {n},{n},{n * 8.5}\n" for n in range(1, 4))
TEXTS = "crew,shift,boat,duty\n" + "".join(f"Crew {n},early,kayak,rescue\n" for n in range(12))


def found(tmp_path: Path, text: str, overrides: ReadingOverrides | None = None) -> Examination:
    path = tmp_path / "harbour.csv"
    path.write_text(text, "utf-8", newline="")
    return examine(path, file_name="harbour.csv", overrides=overrides)


@pytest.mark.parametrize("between", ["\n", ",,\n", "\n\n,,\n"])
def test_the_larger_is_read_and_the_other_named(tmp_path: Path, between: str) -> None:
    one = found(tmp_path, BOATS + between + MOORINGS)
    assert (one.n_rows, [(table.title, table.n_rows) for table in one.other_tables]) == (
        7,
        [("Moorings let", 3)],
    )
    other = found(tmp_path, MOORINGS + between + BOATS)
    assert other.n_rows == 7
    table = other.other_tables[0]
    assert (table.first_line, table.title, table.n_columns) == (1, "Moorings let", 3)
    assert any("2 tables" in note and "'Moorings let'" in note for note in other.notes)


def test_a_wider_second_table_takes_nothing_from_the_first(tmp_path: Path) -> None:
    wide = (
        "name,day,port,goal,by,crew,cost\nAda,1 May,Wick,fair,sail,2,310.5\nBo,9 May,Oban,fair,oar,1,825.8\n"
    )
    one = found(tmp_path, TEXTS + "\nTrips\n" + wide)
    assert one.n_rows == 12
    assert [(table.first_line, table.last_line) for table in one.other_tables] == [(15, 18)]


def test_the_same_names_under_another_title_begin_another_table(tmp_path: Path) -> None:
    block = "berth;metres;fee\n" + "".join(f"B{n};{n};{n * 4}\n" for n in range(1, 6))
    one = found(tmp_path, f"2021\n{block}\n2022\n{block}\n2023\n{block}")
    assert one.n_rows == 5
    assert [table.title for table in one.other_tables] == ["2022", "2023"]


def test_the_same_names_on_each_page_are_one_table(tmp_path: Path) -> None:
    page = "Berths\nberth;metres;fee\n" + "".join(f"B{n};{n};{n * 4}\n" for n in range(1, 6))
    names_alone = page.removeprefix("Berths\n")
    assert found(tmp_path, f"{page}\n{page}").n_rows >= 10
    assert found(tmp_path, f"{names_alone}\n{names_alone}").n_rows == 10


def test_blank_lines_and_titles_within_a_table_part_nothing(tmp_path: Path) -> None:
    rows = [f"B{n},{n},{n * 4}\n" for n in range(1, 13)]
    text = "berth,metres,fee\n" + "".join(rows[:6]) + "\n\n" + "".join(rows[6:])
    one = found(tmp_path, text)
    assert (one.n_rows, one.other_tables) == (12, ())


def test_the_line_of_a_header_chooses_its_table(tmp_path: Path) -> None:
    one = found(tmp_path, BOATS + "\n" + MOORINGS, ReadingOverrides(header_line=14))
    assert (one.n_rows, one.columns[0].examples[0]) == (3, "buoy 1")
    assert one.other_tables[0].title == "Boats let"


def test_lines_that_are_kept_make_one_table_of_all(tmp_path: Path) -> None:
    one = found(tmp_path, BOATS + "\n" + MOORINGS, ReadingOverrides(keep_lines=True))
    assert one.other_tables == ()
    assert one.n_rows > 10


def test_what_is_left_out_is_not_read_by_the_stream_either(tmp_path: Path) -> None:
    one = found(tmp_path, BOATS + "\n" + MOORINGS)
    with (tmp_path / "harbour.csv").open("rb") as source:
        table = stream.read_table(source, one.dialect)
        assert source.read() == b""
    assert table.column("kind").to_pylist()[-1] == "kayak 7"


def test_many_small_tables_are_told_apart_in_one_pass(tmp_path: Path) -> None:
    text = "".join(f"Pier {n}\nberth,fee\nA,{n}\nB,{n + 1}\n\n" for n in range(300))
    one = found(tmp_path, text)
    assert one.n_rows == 2
    assert 100 < len(one.other_tables) < 300


def test_a_legend_of_the_same_width_below_a_blank_line_is_no_part_of_the_table(tmp_path: Path) -> None:
    one = found(tmp_path, "kind,n\nK,1\nB,2\nR,3\n\nKind,Meaning\nK,Kayak\nB,Barge\n")
    assert (one.n_rows, one.columns[1].kind) == (3, "number")
    assert [table.title for table in one.other_tables] == ["Kind Meaning"]


def test_a_table_at_the_end_of_a_long_file_is_found_with_its_lines(tmp_path: Path) -> None:
    rows = "".join(f"kayak {n},{n},{n * 20.5}\n" for n in range(20_000))
    one = found(tmp_path, "kind,days,income\n" + rows + "\n" + MOORINGS)
    assert (one.n_rows, one.columns[1].kind) == (20_000, "number")
    table = one.other_tables[0]
    assert (table.first_line, table.last_line, table.n_rows) == (20_003, 20_008, 3)
    kept = found(tmp_path, "kind,days,income\n" + rows + "\nkayak 1,1,20.5\n")
    assert (kept.n_rows, kept.other_tables) == (20_001, ())


def test_a_small_table_above_a_long_one_is_named(tmp_path: Path) -> None:
    rows = "".join(f"kayak {n},{n},{n * 20.5}\n" for n in range(20_000))
    one = found(tmp_path, MOORINGS + "\nBoats let\nkind,days,income\n" + rows)
    assert (one.n_rows, one.other_tables[0].last_line) == (20_000, 7)


def test_tables_in_the_middle_of_a_long_file_are_found_with_their_lines(tmp_path: Path) -> None:
    long = "kind,days,income\n" + "".join(f"kayak {n},{n % 9},{n % 97}.5\n" for n in range(12_000))
    piers = "Piers\npier,metres,fee,owner\n" + "".join(f"P{n},{n},{n}.25,Ann\n" for n in range(5))
    one = found(tmp_path, f"{long}\n\n{piers}\n\nSecond year\n{long}")
    assert one.n_rows == 12_000
    assert [(table.first_line, table.title) for table in one.other_tables] == [
        (12_004, "Piers"),
        (12_013, "Second year"),
    ]
    assert one.other_tables[1].n_rows == 12_000


def test_names_that_stand_again_far_below_are_no_row(tmp_path: Path) -> None:
    long = "kind,days,income\n" + "".join(f"kayak {n},{n % 9},{n % 97}.5\n" for n in range(9_000))
    one = found(tmp_path, long * 3)
    assert one.n_rows == 27_000
    assert [column.kind for column in one.columns][1:] == ["number", "number"]


def test_gaps_within_quotes_or_between_all_rows_part_nothing(tmp_path: Path) -> None:
    quoted = "".join(f'{n},"a\n\nName,Value\n1,2\n3,4\n5,6",{n}.5\n' for n in range(6_000))
    assert found(tmp_path, "id,text,level\n" + quoted).other_tables == ()
    spaced = "id,level\n" + "".join(f"{n},{n}.5\n\n" for n in range(20_000))
    one = found(tmp_path, spaced)
    assert (one.n_rows, one.other_tables) == (20_000, ())


def test_a_table_below_pairs_and_a_blank_line_begins_at_its_names(tmp_path: Path) -> None:
    one = found(
        tmp_path, "Harbour;Wick\nDay;2024-05-01\n\nkind;days;income\nkayak;1;2,5\noar;2;3,5\nsail;3;4,5\n"
    )
    assert [column.name for column in one.columns] == ["kind", "days", "income"]
    assert (one.n_rows, one.other_tables) == (3, ())
