"""Copies are found where chance does not make them, and nowhere else."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from core.models.fitting import copies


def _measured(n: int, p: int, seed: int = 0) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(size=(n, p)).round(3)
    return pd.DataFrame(values, columns=[f"c{place}" for place in range(p)])


def _survey(n: int, seed: int) -> pd.DataFrame:
    """Answers in few whole numbers that hang together, as of a household survey: some rows are equal by chance."""
    draw = np.random.default_rng(seed)
    age, school = draw.integers(16, 50, n), np.clip(np.round(draw.normal(3, 1, n)), 1, 4)
    answers = {
        "age": age,
        "school": school,
        "his_school": np.clip(school + draw.integers(-1, 2, n), 1, 4),
        "children": np.clip(np.round((age - 16) / 6 + draw.normal(0, 1.5, n)), 0, 12),
        "works": draw.random(n) < 0.75,
        "job": draw.integers(1, 5, n),
        "living": np.clip(school + draw.integers(-1, 2, n), 1, 4),
        "media": draw.random(n) < 0.07,
    }
    return pd.DataFrame(answers).astype(float)


def test_exact_copies_are_one_group_each() -> None:
    rows = _measured(100, 4)
    found = copies.find(pd.concat([rows] * 6, ignore_index=True))
    assert found is not None and found.but_for == ()
    assert (found.n_rows, found.groups.max() + 1) == (600, 100)
    assert np.array_equal(found.groups[:100], found.groups[500:])


def test_copies_but_for_a_column_are_found_and_the_column_is_named() -> None:
    visits = pd.concat([_measured(200, 5)] * 6, ignore_index=True)
    visits["visit"] = np.repeat(np.arange(6.0), 200)
    found = copies.find(visits)
    assert found is not None and found.but_for == (("visit",),)
    assert found.groups.max() + 1 == 200


def test_copies_that_differ_in_any_one_cell_are_found() -> None:
    rows, draw = pd.concat([_measured(150, 12)] * 5, ignore_index=True), np.random.default_rng(1)
    for row in range(150, len(rows)):
        rows.iat[row, draw.integers(0, 12)] = draw.normal()
    found = copies.find(rows)
    assert found is not None and found.groups.max() + 1 == 150


def test_copied_texts_and_blanks_are_copies() -> None:
    city = pd.Series([None, *(f"city {n}" for n in range(99))], dtype=object)
    rows = _measured(100, 2).assign(city=city)
    rows.loc[5, "c1"] = np.nan
    found = copies.find(pd.concat([rows] * 3, ignore_index=True))
    assert found is not None and found.n_rows == 300


def test_some_rows_that_were_copied_again_and_again_are_found_among_others() -> None:
    rows = _measured(1000, 6)
    found = copies.find(pd.concat([rows, *[rows.head(20)] * 9], ignore_index=True))
    assert found is not None and found.n_rows == 200


@pytest.mark.parametrize("seed", range(3))
def test_equal_answers_of_a_survey_are_chance(seed: int) -> None:
    rows = _survey(1500, seed)
    assert rows.duplicated().sum() > 15
    assert copies.find(rows) is None


def test_a_survey_that_was_copied_is_found() -> None:
    found = copies.find(pd.concat([_survey(300, 7)] * 5, ignore_index=True))
    assert found is not None and found.n_rows == 1500


def test_a_table_of_few_different_rows_has_no_copies() -> None:
    draw = np.random.default_rng(0)
    passengers = pd.DataFrame(
        {
            "class": draw.choice(["1", "2", "3", "crew"], 2200),
            "sex": draw.choice(["m", "f"], 2200, p=[0.8, 0.2]),
            "age": draw.choice(["adult", "child"], 2200, p=[0.95, 0.05]),
        },
        dtype=object,
    )
    assert copies.find(passengers) is None


def test_a_column_beside_what_follows_from_it_makes_no_copies() -> None:
    age = np.random.default_rng(0).integers(20, 70, 1000).astype(float)
    told_twice = pd.DataFrame({"age": age, "months": 12 * age, "group": age // 10})
    told_twice["group"] = told_twice["group"].map("{:.0f}0s".format).astype(object)
    assert copies.find(told_twice) is None


def test_rows_of_zeros_are_chance() -> None:
    draw = np.random.default_rng(0)
    words = (draw.random((2000, 40)) < 0.03) * draw.integers(1, 3, (2000, 40))
    assert copies.find(pd.DataFrame(words.astype(float))) is None


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes", "digits"])
def test_tables_that_everybody_knows_have_no_copies(name: str) -> None:
    assert copies.find(getattr(datasets, f"load_{name}")(as_frame=True).data.astype(float)) is None


def test_copies_but_for_two_columns_are_found_and_both_are_named() -> None:
    draw = np.random.default_rng(7)
    visits = pd.concat([_measured(200, 5)] * 6, ignore_index=True)
    visits["visit"], visits["weight"] = np.repeat(np.arange(6.0), 200), draw.normal(70, 9, 1200).round(2)
    found = copies.find(visits)
    assert found is not None and found.but_for == (("visit", "weight"),)
    assert found.groups.max() + 1 == 200


@pytest.mark.parametrize("levels", [(4, 4, 4, 3, 3, 3), (3, 5, 4, 4, 3, 2, 3), (2,) * 10])
def test_rows_that_are_all_combinations_of_values_are_no_copies_but_for_two(levels: tuple[int, ...]) -> None:
    rows = pd.DataFrame(itertools.product(*map(range, levels))).astype(float)
    rows.columns = [f"c{n}" for n in range(len(levels))]
    assert copies.find(rows) is None


@pytest.mark.parametrize("seed", range(4))
def test_answers_that_chance_repeats_are_no_copies_but_for_two(seed: int) -> None:
    draw = np.random.default_rng(seed)
    rows = pd.DataFrame({f"q{n}": draw.integers(0, 2 + n % 4, 3000).astype(float) for n in range(5 + seed)})
    rows["amount"], rows["day"] = draw.normal(size=3000), draw.integers(0, 900, 3000).astype(float)
    assert copies.find(rows) is None
