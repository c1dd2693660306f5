"""Lines around and among the rows of a table are no rows; what may be either is kept and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.uploads.csv import stream
from core.uploads.report.examination import Examination
from core.uploads.report.examine import examine

Cells = list[tuple[str, ...]]

LEVELS = "".join(f"2024-0{n},{n + 3}.{n},{n * 7 % 5}.25\n" for n in range(1, 9))
CATCH = "".join(f"{lake},{n},{n * 2.5}\n" for n, lake in enumerate(("Upper", "Lower", "Mill", "Stone"), 3))


def read(tmp_path: Path, text: str) -> tuple[Examination, Cells]:
    path = tmp_path / "lake.csv"
    path.write_text(text, "utf-8", newline="")
    found = examine(path, file_name="lake.csv")
    with path.open("rb") as source:
        table = stream.read_table(source, found.dialect.verbatim)
    return found, list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def names(found: Examination) -> list[str]:
    return [column.name for column in found.columns]


def doubts(found: Examination) -> list[str]:
    return [
        guess.why for guess in found.guesses if guess.about in ("not_rows", "header") and guess.value == "0"
    ]


def test_attributes_of_several_series_are_no_rows_and_their_title_names_them(tmp_path: Path) -> None:
    above = "Title,Upper lake,Lower lake\nCode,U1,L1\nNote,,\nUnit,m,m\nSource,gauge,gauge\n"
    found, rows = read(tmp_path, above + LEVELS)
    assert names(found) == ["column_1", "Upper lake", "Lower lake"]
    assert len(rows) == 8
    assert "describe the table" in next(guess.why for guess in found.guesses if guess.about == "header")


def test_pairs_as_wide_as_the_table_stand_above_its_names_and_units(tmp_path: Path) -> None:
    above = "Probe,7,\nWidth,12.5,mm\nMade by,Ann,\nmonth,level,flow\n[-],[m],[l/s]\n"
    found, rows = read(tmp_path, above + LEVELS)
    assert names(found) == ["month", "level", "flow"]
    assert rows[0][0] == "2024-01"


@pytest.mark.parametrize(
    "first",
    [
        "1,2,3\n",
        "Upper,failed,1.5\nLower,failed,2.5\nMill,failed,3.5\n",
        "Upper,,\nGreat,4,1.5\nSmall,5,1.0\nLower,,\n",
    ],
)
def test_first_rows_without_numbers_or_with_a_word_for_none_stay_rows(tmp_path: Path, first: str) -> None:
    found, rows = read(tmp_path, "lake,boats,catch\n" + first + CATCH + CATCH)
    assert names(found) == ["lake", "boats", "catch"]
    assert len(rows) == first.count("\n") + 8


@pytest.mark.parametrize(
    ("below", "n_kept"),
    [
        ("Sum of all,18,45.0\n", 0),
        (",18,45.0\n", 0),
        (",19,50.0\n", 1),
        ("Mean,4.5,11.25\nSD,1.3,3.2\n", 0),
        ("Max,4,11.25\n", 1),
        ("\nAnalyst,Ann,\nMethod,rod,\n", 0),
        ("\nGreat,8,2.5\n", 1),
        ("Counted from the shore, mostly by Ann, see below\n", 0),
        ("Catch total,18,\n\n,,\nNotes,,\nBoats: those seen,,\n", 0),
    ],
)
def test_what_ends_a_table_is_no_row_unless_it_may_be_one(tmp_path: Path, below: str, n_kept: int) -> None:
    found, rows = read(tmp_path, "lake,boats,catch\n" + CATCH + below)
    assert len(rows) == 4 + n_kept
    assert names(found) == ["lake", "boats", "catch"]
    if not n_kept:
        assert found.other_tables or any(guess.about == "not_rows" for guess in found.guesses)


def test_subtotals_that_add_up_are_left_out_and_others_kept_and_said(tmp_path: Path) -> None:
    first, second = CATCH, CATCH.replace("Upper", "Great").replace("Stone", "Small")
    text = f"lake,boats,catch\n{first}North total,18,45.0\n\n{second}South total,18,45.0\nTotal,36,90.0\n"
    found, rows = read(tmp_path, text)
    assert len(rows) == 8
    found, rows = read(tmp_path, text.replace("North total,18,45.0", "North total,17,44.0"))
    assert "North total" in [row[0] for row in rows]
    assert any("to be totals of other rows" in why or "to be a total" in why for why in doubts(found))


def test_a_category_called_total_stays(tmp_path: Path) -> None:
    text = "sex,age,n\n" + "".join(f"men,{a},2\nwomen,{a},3\nTotal,{a},5\n" for a in ("young", "mid", "old"))
    _, rows = read(tmp_path, text)
    assert len(rows) == 9


def test_comments_and_page_ends_among_rows_are_left_out(tmp_path: Path) -> None:
    page = f"lake,boats,catch\n{CATCH}"
    found, rows = read(
        tmp_path, f"# Ann\n{page}# wind, from noon, strong\n{CATCH}Page 1 of 2,,\n{page}Page 2 of 2,,\n"
    )
    assert len(rows) == 12
    assert any("comment, total or end of a page" in guess.why for guess in found.guesses)
    _, rows = read(tmp_path, "tag,boats,catch\n#12,1,2.5\n" + CATCH)
    assert rows[0] == ("#12", "1", "2.5")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lake,boats,catch\nNorth,,\n" + CATCH + "South,,\n" + CATCH, "head the rows below"),
        ("lake,boats,catch\n" + CATCH + "pier,rods,fee\n" + CATCH, "as if a table began there"),
        ("of,A,B,C\nname,p,q,r\nboats,1,2,3\ncatch,1.5,2.5,0.5\nkind,u,v,w\nfee,8,9,7\n", "turned sideways"),
        ("lake,boats,catch\nTotal,18,45.0\n" + CATCH, "seems to be a total"),
        ("at=1 by=Ann n=4\nat=2 by=Bo n=5\nat=3 by=Cem n=3\nat=4 by=Di n=8\n", "may be a log"),
    ],
)
def test_what_may_be_no_row_is_kept_and_said(tmp_path: Path, text: str, said: str) -> None:
    found, rows = read(tmp_path, text)
    assert len(rows) >= text.count("\n") - 1
    assert any(said in why for why in doubts(found))


LEVELS_BY_LAKE = "A,1.5,2,3\nB,1,2,4\nC,2,3,5\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            ",price,price,n\n,min,max,sum\nlake,,,\n" + LEVELS_BY_LAKE,
            ["lake", "price / min", "price / max", "n / sum"],
        ),
        (",boats,catch\nlake,count,kg\n" + CATCH, ["lake", "boats / count", "catch / kg"]),
        ("lake,boats,catch\n(1),(2),(3)\n" + CATCH, ["lake", "boats", "catch"]),
        (
            "by,Mail,,Home,\n,at,box,street,town\nAnn,a@b,x,Elm,Lund\nBo,c@d,y,Oak,Oslo\nCem,e@f,z,Fir,Bonn\n",
            ["by", "Mail at", "Mail box", "Home street", "Home town"],
        ),
        (
            "q1,q2\nWhat do you fish?,Where do you live now?\npike,Lund\nperch,Oslo\npike,Bonn\n",
            ["q1", "q2"],
        ),
        ("lake,,catch,\nA,x,1,y\nB,z,2,y\nC,x,3,w\n", ["lake", "column_2", "catch", "column_4"]),
        (
            "key\\year,2021 ,2022 ,2023 \nA,1.5 b,2.5,: \nB,3.5,4.5 p,5\nC,1.0,2,3 e\n",
            ["key\\year", "2021", "2022", "2023"],
        ),
        ("% run\n% t x\n0.0 1.5\n0.1 1.6\n0.2 1.4\n0.3 1.9\n", ["t", "x"]),
        (
            "@relation r\n@attribute 'lake no' numeric\n@attribute kind {a,b}\n@data\n1,a\n2,b\n3,a\n",
            ["lake no", "kind"],
        ),
    ],
)
def test_names_are_read_where_a_person_sees_them(tmp_path: Path, text: str, wanted: list[str]) -> None:
    found, rows = read(tmp_path, text)
    assert names(found) == wanted
    assert len(rows) in (3, 4)
