"""A cell means what it meant in training, in a file of one row as in one of many, or it is asked what it means."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Invalid
from core.models.schema import Feature, Schema
from core.uploads.csv.dialect import ColumnRule
from core.uploads.report.overrides import ColumnOverrides, ReadingOverrides
from tests.core.predictions.matching import readings

N_ROWS = 200


def _comma(number: float, n_places: int) -> str:
    """As a German writes it: 1.234,5."""
    return f"{number:,.{n_places}f}".translate(str.maketrans(",.", ".,"))


Draw = random.Random
KINDS: dict[str, Callable[[Draw], str]] = {
    "points group, commas are decimal": lambda draw: draw.choice(
        [_comma(draw.uniform(1, 9_000), 2), _comma(draw.randrange(1_000, 90_000), 0)]
    ),
    "decimal commas of three places": lambda draw: _comma(draw.uniform(0, 40), 3),
    "percent": lambda draw: f"{draw.uniform(0, 100):.1f}%",
    "percent or a part of one": lambda draw: (
        f"{draw.uniform(2, 99):.1f}%" if draw.random() < 0.6 else f"{draw.uniform(0, 1):.3f}"
    ),
    "percent with a comma": lambda draw: f"{_comma(draw.uniform(0, 100), 1)} %",
    "euros behind": lambda draw: f"{_comma(draw.uniform(1, 5_000), 2)} €",
    "losses in brackets": lambda draw: draw.choice(
        [f"({draw.randrange(1, 900)}.5)", f"{draw.randrange(900)}.25"]
    ),
    "-999 for nothing": lambda draw: "-999" if draw.random() < 0.1 else f"{draw.uniform(40, 90):.1f}",
    "k.A. for nothing": lambda draw: "k.A." if draw.random() < 0.1 else _comma(draw.uniform(1, 9), 2),
    "limits of detection": lambda draw: "<0,5" if draw.random() < 0.2 else _comma(draw.uniform(0.5, 9), 2),
    "thousands and millions": lambda draw: draw.choice(
        [f"€{draw.uniform(1, 9):.1f}M", f"€{draw.randrange(100, 900)}K"]
    ),
    "stray words": lambda draw: "not yet" if draw.random() < 0.05 else f"{draw.uniform(1, 9):.2f}",
    "infinite now and then": lambda draw: "Infinity" if draw.random() < 0.05 else f"{draw.uniform(1, 9):.3f}",
    "kilograms": lambda draw: f"{draw.randrange(1, 90)}.5 kg",
    "another mark now and then": lambda draw: "1,5" if draw.random() < 0.03 else f"{draw.uniform(1, 9):.2f}",
    "flags behind": lambda draw: f"{draw.uniform(1, 9):.2f}{draw.choice(['', '', '', ' p', ' e'])}",
    "credit or debit": lambda draw: f"{draw.uniform(1, 900):,.2f} {draw.choice(['CR', 'DR'])}",
    "mostly kilograms": lambda draw: "500 g" if draw.random() < 0.04 else f"{draw.uniform(1, 9):.2f} kg",
    "T for a trace": lambda draw: "T" if draw.random() < 0.1 else f"{draw.uniform(0, 9):.2f}",
    "deviations in brackets": lambda draw: f"{draw.uniform(1, 9):.2f} (0.{draw.randrange(10)})",
    "NA is North America": lambda draw: draw.choice(["NA", "EMEA", "APAC", ""]),
    "NA is Namibia": lambda draw: draw.choice(["NA", "ZA", "BW", "AO", "MZ"]),
    "signs": lambda draw: draw.choice(["+", "-", "++"]),
    "an answer that is none": lambda draw: draw.choice(["ja", "nein", "unbekannt"]),
    "codes with a leading zero": lambda draw: f"{draw.randrange(40):04}",
    "days first": lambda draw: (
        f"{draw.randrange(1, 29):02}/{draw.randrange(1, 13):02}/{draw.randrange(2019, 2025)}"
    ),
    "months first": lambda draw: f"{draw.randrange(1, 13)}/{draw.randrange(1, 29)}/{draw.randrange(19, 25)}",
    "dates in every form": lambda draw: draw.choice(
        [
            "2024-07-12",
            "12.07.2024",
            "12 Jul 2024",
            "20240712",
            "31.02.2024",
            "2024-07-12 14:30",
            "",
            "Q3 2024",
        ]
    ),
    "days in digits": lambda draw: (
        f"{draw.randrange(2019, 2025)}{draw.randrange(1, 13):02}{draw.randrange(1, 29):02}"
    ),
    "times of day": lambda draw: f"{draw.randrange(24)}:{draw.randrange(60):02}",
    "a total is a value": lambda draw: draw.choice(["Total", "Partial", "Summe"]),
    "most are blank": lambda draw: draw.choice(["", "", "", "", "1,5", "2,25"]),
    "letters apart": lambda draw: draw.choice(["Ulm", "Ko\u0308ln", "\x84Bonn\x93", "\u200eBonn"]),
    "a minus that is none": lambda draw: f"\u2212{_comma(draw.uniform(1, 9), 1)}",
    "points where nothing tells": lambda draw: f"{draw.randrange(1, 9)}.{draw.randrange(100, 999)}",
}


@lru_cache
def _training(kind: str) -> tuple[str, Schema, pd.DataFrame]:
    draw = random.Random(kind)
    lines = [
        f"{KINDS[kind](draw)};{draw.choice('abc')};{_comma(draw.uniform(0, 9), 1)}" for _ in range(N_ROWS)
    ]
    text = "\n".join(["value;plan;weight", *lines]) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        schema, frame = readings.trained(Path(folder), text)
    return text, schema, frame


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_of_the_property_is_learnt_from(kind: str) -> None:
    _, schema, _ = _training(kind)
    assert [feature.name for feature in schema.features] == ["value", "plan", "weight"]


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    rows=st.one_of(
        st.lists(st.integers(0, N_ROWS - 1), min_size=1, max_size=8, unique=True),
        st.lists(st.integers(0, N_ROWS - 1), min_size=30, max_size=50, unique=True),
    ),
)
def test_a_row_reads_the_same_in_a_file_of_any_rows_of_its_training(kind: str, rows: list[int]) -> None:
    text, schema, frame = _training(kind)
    with tempfile.TemporaryDirectory() as folder:
        found, as_trained = readings.read(Path(folder), readings.cut(text, rows), schema)
    assert not as_trained.questions
    pd.testing.assert_frame_equal(found, frame.iloc[rows].reset_index(drop=True), check_dtype=False)


def _value(
    folder: Path, kind: str, cells: list[str], said: ReadingOverrides = readings.DETECTED, **choices: str
) -> tuple[list[float], frozenset[str]]:
    _, schema, _ = _training(kind)
    text = "value;plan\n" + "".join(f"{cell};a\n" for cell in cells)
    schema = Schema(schema.features[:2], "", "binary")
    frame, as_trained = readings.read(folder, text, schema, said, **choices)
    return frame["value"].tolist(), as_trained.unsure


def test_a_file_that_shows_another_decimal_mark_is_read_with_it(tmp_path: Path) -> None:
    values, unsure = _value(tmp_path, "points group, commas are decimal", ["1,234.50", "0.25", "12,000"])
    assert (values, unsure) == ([1234.5, 0.25, 12000.0], frozenset())


def test_a_file_without_percent_signs_is_asked_about_and_read_by_a_guess_until_then(tmp_path: Path) -> None:
    assert _value(tmp_path, "percent", ["0.905", "0.2"]) == ([90.5, 20.0], {"value"})
    assert _value(tmp_path, "percent", ["0.905", "0.2"], value="percent") == ([0.905, 0.2], frozenset())
    assert _value(tmp_path, "percent", ["90.5", "0.2"]) == ([90.5, 0.2], frozenset())


def test_a_file_where_some_percent_signs_are_lacking_is_asked_about(tmp_path: Path) -> None:
    """Its own receipt guesses that "0.282" beside "47.2%" is a part of one; training had a sign in every cell."""
    mixed = ["47.2%", "0.282", "3.1%", "0.614"]
    assert _value(tmp_path, "percent", mixed) == ([47.2, 28.2, 3.1, 61.4], {"value"})
    assert _value(tmp_path, "percent", mixed, value="percent") == ([47.2, 0.282, 3.1, 0.614], frozenset())


def test_a_question_shows_the_first_cells_in_both_readings(tmp_path: Path) -> None:
    _, schema, _ = _training("percent")
    _, as_trained = readings.read(
        tmp_path, "value;plan;weight\n0.905;a;1,5\n;b;2,5\n0.2;a;3,5\n1;a;3,5\n", schema
    )
    (question,) = as_trained.questions
    assert question.cells == ("0.905", "0.2", "1")
    shown = {option.key: option.values for option in question.options}
    assert shown["fractions"] == ("90,5", "20", "100")
    assert shown["percent"] == ("0,905", "0,2", "1")


def test_percent_signs_on_parts_of_one_are_asked_about(tmp_path: Path) -> None:
    schema, _ = readings.trained(
        tmp_path, "share,plan\n" + "".join(f"{part / 211:.3f},{'ab'[part % 2]}\n" for part in range(1, 211))
    )
    frame, as_trained = readings.read(tmp_path, "share,plan\n90.5%,a\n3%,b\n", schema)
    assert (frame["share"].tolist(), as_trained.unsure) == ([0.905, 0.03], {"share"})


def test_a_mark_that_nothing_shows_is_asked_about_where_the_rest_of_the_file_has_changed(
    tmp_path: Path,
) -> None:
    _, schema, _ = _training("points group, commas are decimal")
    frame, as_trained = readings.read(tmp_path, "value;plan;weight\n1.500;a;0.25\n2.250;b;1.5\n", schema)
    (question,) = as_trained.questions
    assert (question.name, frame["value"].tolist()) == ("value", [1.5, 2.25])
    assert [option.key for option in question.options] == [".", ","]
    frame, _ = readings.read(tmp_path, "value;plan;weight\n1.500;a;0.25\n2.250;b;1.5\n", schema, value=",")
    assert frame["value"].tolist() == [1500.0, 2250.0]


def test_marks_in_a_column_that_was_of_whole_numbers_are_asked_about(tmp_path: Path) -> None:
    """A column of whole numbers shows no mark in training, so nothing tells that "2.822" is not 2822."""
    feature = Feature("n", "number", minimum=23.0, maximum=9000.0, median=900.0, reading=ColumnRule(0, "."))
    schema = Schema((feature,), "", "binary")
    text = "n;plan\n2.822;a\n991;b\n1.760;a\n"
    for choices, numbers in (({}, [2822.0, 991.0, 1760.0]), ({"n": "."}, [2.822, 991.0, 1.76])):
        frame, as_trained = readings.read(tmp_path, text, schema, **choices)
        assert (frame["n"].tolist(), bool(as_trained.unsure)) == (numbers, not choices)
    for plain in ("64.000", "2.82", "2,822"):  # whole either way, no groups, or groups alone
        frame, as_trained = readings.read(tmp_path, f"n;plan\n{plain};a\n991;b\n", schema)
        assert not as_trained.questions, plain


def test_a_way_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="'value' can't be read as 'sideways'"):
        _value(tmp_path, "percent", ["0.905"], value="sideways")


def test_a_choice_for_a_column_of_which_nothing_is_asked_changes_nothing(tmp_path: Path) -> None:
    assert _value(tmp_path, "percent", ["90.5%"], value="percent") == ([90.5], frozenset())


@pytest.mark.parametrize(
    "said",
    [
        ReadingOverrides(missing=("offen",)),
        ReadingOverrides(columns={"value": ColumnOverrides(missing=("offen",))}),
    ],
)
def test_what_is_said_of_missing_cells_leaves_numbers_as_in_training(
    tmp_path: Path, said: ReadingOverrides
) -> None:
    """ "1.500" is 1500 to the model; a file of such cells alone would have it 1.5."""
    kind = "points group, commas are decimal"
    values, unsure = _value(tmp_path, kind, ["1.500", "offen", "2.250"], said)
    assert (str(values), unsure) == ("[1500.0, nan, 2250.0]", frozenset())


def test_of_missing_cells_that_are_said_those_of_training_go_only_where_these_are_all(tmp_path: Path) -> None:
    def said(*words: str) -> str:
        overrides = ReadingOverrides(columns={"value": ColumnOverrides(missing=words)})
        return str(_value(tmp_path, "-999 for nothing", ["-999", "50.5", "-1", "60.5"], overrides)[0])

    assert said("-1") == "[nan, 50.5, nan, 60.5]"
    assert said() == "[-999.0, 50.5, -1.0, 60.5]"


@pytest.mark.parametrize(
    "cells", [["-999.0", "50.5"], ["-999.00", "50.50"], ["-999,0", "50,5"], ["-999", "50,5"]]
)
def test_a_number_for_nothing_stands_for_nothing_however_it_is_spelled(
    tmp_path: Path, cells: list[str]
) -> None:
    assert str(_value(tmp_path, "-999 for nothing", cells)[0]) == "[nan, 50.5]"


def test_a_decimal_mark_that_is_said_of_the_file_counts_where_cells_do_not_tell(tmp_path: Path) -> None:
    comma = ReadingOverrides(decimal=",")
    assert _value(tmp_path, "-999 for nothing", ["1,500", "2,250"], comma) == ([1.5, 2.25], frozenset())
    assert _value(tmp_path, "-999 for nothing", ["1,500", "2,250"])[0] == [1500.0, 2250.0]
    of_column = ReadingOverrides(columns={"value": ColumnOverrides(decimal=",", thousands="")})
    assert str(_value(tmp_path, "-999 for nothing", ["1,500", "-999"], of_column)[0]) == "[1.5, nan]"
