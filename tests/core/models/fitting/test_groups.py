"""A column that says whose row each is gets found by how alike its rows are, and others don't."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core.models.errors import SplitUnusable
from core.models.fitting import groups, related_rows, training
from core.models.fitting.related_rows import RelatedRows
from core.models.schema import Feature, Schema, frame
from core.models.validation import UNSTATED, Evaluation, Validation
from tests.core.models.tables import quietly, text_table


def _visits(n_people: int = 60, n_visits: int = 6) -> pa.Table:
    """What is known of people, again at each visit, with a measure of its own; y is chance, once a person."""
    draw, of_whom = np.random.default_rng(0), np.repeat(np.arange(n_people), n_visits)
    return text_table(
        patient_id=[f"P{whom:03d}" for whom in of_whom],
        age=draw.integers(20, 80, n_people)[of_whom],
        height=draw.normal(170, 10, n_people).round(1)[of_whom],
        city=draw.choice(list("abcdefgh"), n_people)[of_whom],
        cholesterol=draw.normal(200, 30, n_people).round(1)[of_whom],
        pressure=draw.normal(130, 10, len(of_whom)).round(0),
        visit=np.tile(np.arange(n_visits), n_people),
        y=np.where(draw.random(n_people) < 0.5, "yes", "no")[of_whom],
    )


def _found(table: pa.Table, target: str = "y", validation: Validation = UNSTATED) -> RelatedRows:
    kinds = {name: "number" for name in table.column_names if name != target}
    for name in kinds:
        if not table.column(name)[0].as_py().replace(".", "").replace("-", "").isdigit():
            kinds[name] = "category"
    schema = Schema(tuple(Feature(name, kind) for name, kind in kinds.items()), target, "binary")
    features = frame(table, schema, ".")
    return related_rows.find(table, features, validation=validation, target=target, decimal=".")


def test_the_visits_of_a_person_are_a_group() -> None:
    found = _found(_visits())
    assert found.evaluation == Evaluation("groups", column="patient_id", n_groups=60, n_related=360)
    assert "'patient_id' says whose row each is" in found.warnings[0]


def test_a_column_that_says_whose_rows_they_are_needs_no_telling_name() -> None:
    table = _visits()
    assert _found(table.rename_columns(["nr", *table.column_names[1:]])).group_column == "nr"


@pytest.mark.parametrize("name", ["store_id", "day", "product"])
def test_what_repeats_among_unlike_rows_is_no_group(name: str) -> None:
    draw, n = np.random.default_rng(0), 2000
    of_store, of_product = np.repeat(np.arange(40), 50), draw.integers(0, 60, n)
    days = pd.date_range("2024-01-01", periods=50).strftime("%Y-%m-%d").to_numpy()
    price, color = draw.normal(50, 10, 60).round(2), draw.choice(list("rgb"), 60)
    columns = {
        "store_id": {"store_id": of_store, "size": draw.integers(1, 9, 40)[of_store]},
        "day": {"day": np.tile(days, 40), "season": np.tile(np.arange(50) // 13, 40)},
        "product": {
            "product": [f"p{one}" for one in of_product],
            "price": price[of_product],
            "color": color[of_product],
        },
    }[name]
    rest = {
        "promo": draw.integers(0, 2, n),
        "sold": draw.integers(0, 300, n),
        "clerk": draw.choice(list("klmnop"), n),
        "y": draw.choice(["yes", "no"], n),
    }
    assert _found(text_table(**columns, **rest)).evaluation == Evaluation("rows")


def test_blanks_of_a_group_column_are_alone() -> None:
    assert groups.of_column(pa.array(["a", " a ", "", None, "b", "NA"])).tolist()[:2] == [0, 0]
    assert len(set(groups.of_column(pa.array(["a", " a ", "", None, "b", "NA"])).tolist())) == 5


def test_labels_by_chance_say_nothing_about_a_new_person() -> None:
    trained = training.train(_visits(), target="y", decimal=".", progress=quietly)
    assert trained.metrics["roc_auc"].mean == pytest.approx(0.5, abs=0.1)
    assert trained.evaluation.by == "groups"
    assert "patient_id" in [one.column for one in trained.dropped]
    assert trained.report()["evaluation"]["n_folds"] == 5


def test_what_is_stated_of_rows_counts() -> None:
    table = _visits()
    assert _found(table, validation=Validation(independent_rows=True)).groups is None
    by_city = _found(table, validation=Validation(group_column="city"))
    assert by_city.evaluation.column == "city" and by_city.evaluation.is_stated
    by_visit = _found(table, validation=Validation(time_column="visit")).split(
        np.array(["a", "b"] * 180), "binary"
    )
    assert (by_visit.evaluation.by, by_visit.evaluation.n_folds) == ("time", 1)


def test_a_class_of_one_group_is_divided_and_said() -> None:
    table, values = _visits(), np.array(["rare"] * 6 + ["usual"] * 354)
    split = _found(table).split(values, "binary")
    assert all("rare" in values[held_out] for _, held_out in split.folds)
    assert "All rows of 'rare' belong together" in split.warnings[0]


def test_classes_that_are_one_group_each_are_taken_as_independent() -> None:
    stated = RelatedRows(Evaluation("groups", column="who"), groups=np.repeat([0, 1], 50))
    split = stated.split(np.repeat(["a", "b"], 50), "binary")
    assert len(split.folds) == 5


@pytest.mark.parametrize(
    ("validation", "problem"),
    [
        (Validation(group_column="same"), "one group only"),
        (Validation(time_column="city"), "holds no times"),
        (Validation(time_column="same"), "the same time in every row"),
    ],
)
def test_a_column_that_parts_nothing_is_refused(validation: Validation, problem: str) -> None:
    table = _visits().append_column("same", pa.array(["7"] * 360))
    with pytest.raises(SplitUnusable) as refused:
        _found(table, validation=validation)
    assert problem in str(refused.value)


def test_a_group_column_that_differs_in_every_row_is_said() -> None:
    draw = np.random.default_rng(0)
    table = text_table(a=draw.normal(size=100), b=draw.normal(size=100), who=range(100), y=["n"] * 100)
    found = _found(table, validation=Validation(group_column="who"))
    assert found.groups is None and "different in every row" in found.warnings[0]


@pytest.mark.parametrize(
    ("filled", "said", "are_groups"),
    [
        (
            lambda row: f"v{row}" if row < 10 else "",
            "blank in 90 of 100 rows and different in the others",
            False,
        ),
        (
            lambda row: f"v{row}" if row < 90 else "NA",
            "blank in 10 of 100 rows and different in the others",
            False,
        ),
        (
            lambda row: f"v{row % 5}" if row < 20 else " ",
            "blank in 80 of 100 rows; each of these counts",
            True,
        ),
    ],
)
def test_a_group_column_that_is_mostly_blank_is_said_to_be(
    filled: Callable[[int], str], said: str, are_groups: bool
) -> None:
    draw = np.random.default_rng(0)
    who = [filled(row) for row in range(100)]
    table = text_table(a=draw.normal(size=100), b=draw.normal(size=100), who=who, y=["n"] * 100)
    found = _found(table, validation=Validation(group_column="who"))
    assert said in found.warnings[0] and "different in every row" not in found.warnings[0]
    assert (found.groups is not None) == are_groups


def test_a_class_that_came_late_is_refused_for_times() -> None:
    found = _found(_visits(), validation=Validation(time_column="visit"))
    with pytest.raises(SplitUnusable):
        found.split(np.tile(["a", "a", "a", "a", "a", "b"], 60), "binary")


def test_two_statements_contradict_each_other() -> None:
    with pytest.raises(SplitUnusable):
        Validation(group_column="a", time_column="b").require(["a", "b"], target="y")
    with pytest.raises(SplitUnusable):
        Validation(group_column="y").require(["a", "y"], target="y")
    with pytest.raises(SplitUnusable):
        Validation(time_column="lost").require(["a", "y"], target="y")
