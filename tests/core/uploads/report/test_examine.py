"""What an examination says of files that can be read with certainty."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from core.uploads.report.examination import Examination
from core.uploads.report.examine import examine
from core.uploads.report.profile import ColumnProfile


def examined(tmp_path: Path, data: bytes) -> Examination:
    path = tmp_path / "staged"
    path.write_bytes(data)
    return examine(path, file_name="sales.csv")


def column(tmp_path: Path, *cells: str) -> ColumnProfile:
    rows = "".join(f'{number};"{cell}"\n' for number, cell in enumerate(cells))
    return examined(tmp_path, f"row;value\n{rows}".encode()).columns[1]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("tail", ["", "{}", "{}{}{}"])
def test_the_same_table_is_read_from_every_encoding_line_end_and_tail(
    tmp_path: Path, codec: str, line_end: str, tail: str
) -> None:
    text = line_end.join(
        ['name;" n "', '"Müller ""M""";1,5', f'"zwei{line_end}Zeilen Straße";2']
    ) + tail.format(*[line_end] * 3)
    found = examined(tmp_path, text.encode(codec))
    assert [profile.name for profile in found.columns] == ["name", "n"]
    assert found.preview == (('Müller "M"', "1,5"), (f"zwei{line_end}Zeilen Straße", "2"))
    assert (found.n_rows, found.dialect.decimal, found.columns[1].maximum) == (2, ",", "2")


def test_rows_are_counted_over_many_blocks_and_only_the_first_are_shown(tmp_path: Path) -> None:
    found = examined(tmp_path, b"id,note\n" + b"".join(b'%d,"a\nb"\n' % number for number in range(700_000)))
    assert found.n_rows == 700_000
    assert [row[0] for row in found.preview] == [str(number) for number in range(20)]
    ids = found.columns[0]
    assert (ids.kind, ids.minimum, ids.maximum, ids.n_distinct, ids.distinct_capped) == (
        "number",
        "0",
        "699999",
        10_000,
        True,
    )
    assert found.columns[1].n_distinct == 1


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (("1", "2.5", ""), "number"),
        (("0", "1"), "number"),
        (("Yes", "no", "NA"), "boolean"),
        (("TRUE", "false"), "boolean"),
        (("red", "blue", "red"), "category"),
        (("2024-01-31", "2024-02-01 10:30:00", ""), "date"),
        (("6/16/14", "12/1/2014"), "date"),
        (("31.12.2024", "1.1.2025"), "date"),
        (("18.00.00", "9.30.15"), "category"),  # as a model takes it
        (("2024-13-01", "2024-02-31"), "category"),
        (("2024-01-31", "later"), "category"),
        (tuple(f"name {number}" for number in range(50)), "text"),
        (("", "NA", "-"), "empty"),
        (("$84,835.00 ", "$57,091.00 "), "number"),
        (("1 234,50 €", "12,5 €"), "number"),
        (("12 %", "7,5 %"), "number"),
        (("(1,250)", "900-"), "number"),
        (("Ja", "Nein", "k.A."), "boolean"),
        (("3. März 2021", "14. Mai 2021"), "date"),
    ],
)
def test_a_columns_kind_is_told_by_all_its_cells(tmp_path: Path, cells: tuple[str, ...], kind: str) -> None:
    assert column(tmp_path, *cells).kind == kind


def test_a_profile_counts_missing_and_distinct_and_gives_the_range_by_value(tmp_path: Path) -> None:
    found = column(tmp_path, "10", "9", " 9 ", "", "NA", "100", "-0.5")
    assert found == ColumnProfile(
        name="value",
        kind="number",
        n_missing=2,
        n_distinct=4,
        distinct_capped=False,
        minimum="-0.5",
        maximum="100",
        examples=("10", "9", "100", "-0.5"),
        missing={"NA": 1},
    )


def test_missing_and_odd_cells_are_counted_as_often_as_they_occur(tmp_path: Path) -> None:
    numbers = [str(number) for number in range(40_000)]
    found = column(tmp_path, *numbers, *["NA"] * 30, *["est."] * 3, *numbers)
    assert (found.n_missing, found.n_odd, found.first_odd, found.n_distinct) == (30, 3, "est.", 10_000)


def test_text_is_ranged_by_spelling_and_long_cells_are_cut(tmp_path: Path) -> None:
    found = column(tmp_path, "pear", "apple", "z" * 200)
    assert (found.minimum, found.maximum) == ("apple", "z" * 79 + "…")


def test_an_empty_column_has_no_range_and_no_examples(tmp_path: Path) -> None:
    found = column(tmp_path, "", "NA")
    assert (found.n_missing, found.n_distinct, found.minimum, found.maximum, found.examples) == (
        2,
        0,
        None,
        None,
        (),
    )


def test_a_number_column_with_a_few_odd_cells_says_so(tmp_path: Path) -> None:
    cells = [str(number) for number in range(40_000)]
    cells[20_007] = "see below"
    path = tmp_path / "staged"
    path.write_text("amount\n" + "\n".join(cells) + "\n")
    found = examine(path, file_name="sales.csv")
    assert (found.columns[0].kind, found.columns[0].n_odd) == ("number", 1)
    assert (
        "Column 'amount' holds numbers, except in 1 cell, the first of which is 'see below'." in found.notes
    )


def test_words_among_numbers_are_read_as_missing_by_a_guess_and_notes_beside_them_left_out(
    tmp_path: Path,
) -> None:
    found = column(tmp_path, *map(str, range(300)), "12 (est.)", *["see below"] * 3)
    assert (found.kind, found.n_odd, found.n_missing, found.n_about) == ("number", 0, 3, 1)


def test_a_plain_file_gets_no_notes(tmp_path: Path) -> None:
    assert examined(tmp_path, b"a,b\n1,2\n").notes == ()


def test_notes_say_what_had_to_be_found_out(tmp_path: Path) -> None:
    data = codecs.BOM_UTF8 + b' a ;b\n\n1,5;"x\ny"\n2,5;z\n\n'
    assert examined(tmp_path, data).notes == (
        "It starts with a byte order mark, which is not part of the first column's name.",
        "Its cells are separated by semicolons.",
        "Its numbers are written with a decimal comma.",
        "2 blank lines left out.",
        "1 line break inside quoted cells kept.",
        "Spaces, line breaks or invisible characters were removed from names: 'a'.",
    )


def test_a_guessed_encoding_is_admitted(tmp_path: Path) -> None:
    found = examined(tmp_path, "ort,n\nKöln,1\nMünchen,2\n".encode("cp1252"))
    assert found.notes == (
        "Read as Windows-1252, our best guess. Check the special characters in the preview.",
    )
    assert found.guesses[0].why == "It is not UTF-8; its letters best match Windows-1252."


def test_an_encoding_that_signs_alone_told_is_not_said_to_be_told_by_letters(tmp_path: Path) -> None:
    found = examined(tmp_path, "id,price\n1,12 €\n2,7 €\n".encode("cp1252"))
    assert found.guesses[0].why == "It is not UTF-8; its signs best match Windows-1252."


def test_names_that_differ_only_in_blanks_are_told_apart(tmp_path: Path) -> None:
    assert [found.name for found in examined(tmp_path, b"a, a\n1,2\n").columns] == ["a", "a_2"]


def test_a_cell_may_be_large_and_hold_every_line_end(tmp_path: Path) -> None:
    cell = "x\r\ny\rz\n" * 200_000
    found = examined(tmp_path, f'id,note\n1,"{cell}"\n2,b\n'.encode())
    assert found.n_rows == 2
    assert found.preview == (("1", cell[:199] + "…"), ("2", "b"))


def test_a_stray_quote_inside_a_plain_cell_is_text(tmp_path: Path) -> None:
    assert examined(tmp_path, b'a,b\n5" pipe,1\n6" pipe,2\n').preview == (('5" pipe', "1"), ('6" pipe', "2"))


def test_a_file_of_the_most_columns_is_read(tmp_path: Path) -> None:
    header = ",".join(f"c{number}" for number in range(4096))
    found = examined(tmp_path, f"{header}\n{','.join(['1'] * 4096)}\n".encode())
    assert (len(found.columns), found.n_rows) == (4096, 1)


def test_an_examination_survives_json(tmp_path: Path) -> None:
    found = examined(tmp_path, b"a;b\n1,5;x\n;y\n")
    assert Examination.from_json(found.to_json()) == found


def guessed(found: Examination, about: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (guess.value, guess.confidence, guess.alternatives) for guess in found.guesses if guess.about == about
    ]


def test_a_number_that_may_mean_missing_is_pointed_out_and_left_alone(tmp_path: Path) -> None:
    cells = ["-200" if number % 9 == 0 else str(number) for number in range(300)]
    found = examined(tmp_path, ("level\n" + "\n".join(cells) + "\n").encode())
    assert guessed(found, "missing") == [("", "guess", ("-200",))]
    assert (found.columns[0].n_missing, found.columns[0].n_coerced) == (0, 0)


def test_spellings_that_only_later_rows_have_are_found_by_a_second_look(tmp_path: Path) -> None:
    rows = [f'{number},"9"' for number in range(200_000)] + [
        f'{number},"1,{number:03d}"' for number in range(200)
    ] * 20
    found = examined(
        tmp_path, ("id,amount\n" + "\n".join(rows) + '\n5,"7"\n' * 1 + "9,3\n" * 60_000).encode()
    )
    amount = found.columns[1]
    assert (amount.kind, amount.n_odd, amount.n_coerced, amount.maximum) == ("number", 0, 4000, "1199")


def test_what_was_done_to_lines_is_counted_with_the_first_of_them(tmp_path: Path) -> None:
    data = b"Report\n\na;b;c\n1;2;3\n4;5\n6;7;8;;\n9;9;9\n\na;b;c\n1;1\nTotal;30;40\nSource: us\n"
    found = examined(tmp_path, data)
    done = found.treatment
    assert (done.n_short, done.first_short, done.n_long, done.first_long) == (2, 5, 1, 6)
    assert (done.n_not_rows, done.n_blank, found.n_rows) == (3, 1, 5)
    assert "Skipped 2 lines above the header." in found.notes
    assert "2 rows with fewer cells than columns, the first in line 5; empty cells were added." in found.notes


def test_names_are_made_fit_for_use_and_the_receipt_says_how(tmp_path: Path) -> None:
    found = examined(tmp_path, b'id, pay ,,pay,"two\nlines"\n1,2,3,4,5\n')
    assert [column.name for column in found.columns] == ["id", "pay", "column_3", "pay_2", "two lines"]
    assert [value for value, _, _ in guessed(found, "names")] == [
        "'pay', 'two lines'",
        "'column_3'",
        "'pay_2'",
    ]


def test_a_receipt_that_was_kept_before_there_were_guesses_is_still_read(tmp_path: Path) -> None:
    kept = examined(tmp_path, b"a;b\n1,5;x\n").to_json()
    for later in ("guesses", "changes", "treatment", "reading"):
        del kept[later]
    for column in kept["columns"]:
        del column["n_coerced"], column["n_declared_missing"]
    assert Examination.from_json(kept).n_rows == 1


def test_quotes_that_turn_out_to_be_loose_far_into_a_file_with_tabs_are_text(tmp_path: Path) -> None:
    rows = "".join(f"{number}\tplain\n" for number in range(50_000))
    found = examined(tmp_path, f'id\tnote\n{rows}7\t"x" y\n8\t"z\n'.encode())
    assert (found.n_rows, found.dialect.quotechar) == (50_002, "")
    assert guessed(found, "quotes") == [("", "likely", ('"',))]
    assert "Quotes are read as part of its cells." in found.notes
