"""What the code is given: held-out rows without their outcome, drawn before anything else is decided."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.models.errors import SplitUnusable
from core.models.fitting import targets
from core.models.validation import UNSTATED, Validation
from core.training.bargain import inputs, scoring
from core.training.bargain.inputs import Inputs

TABLE = pa.table(
    {
        "age": [str(n % 60) if n % 7 else "" for n in range(500)],
        "plan": [("basic", "pro", "gold")[n % 3] for n in range(500)],
        "left": ["yes" if n % 5 == 0 else "no" for n in range(500)],
        "price": [str(n * 1.25) for n in range(500)],
    }
)


def prepared(
    target: str = "left", *, table: pa.Table = TABLE, validation: Validation = UNSTATED, **more: Any
) -> Inputs:
    outcome = targets.find(table, target=target, decimal=".")
    return inputs.prepare(
        lambda rows: table.take(pa.array(rows)), outcome, decimal=".", validation=validation, **more
    )


def report_of(found: Inputs) -> dict[str, Any]:
    perfect = np.eye(max(2, len(found.schema.labels)))[found.truth]
    return scoring.report(found, scoring.score(found, perfect), chosen="", seconds=0, keep=[])


def parquet(content: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(content))


@pytest.mark.parametrize("target", ["left", "price"])
def test_a_fifth_is_held_out_without_its_outcome(target: str) -> None:
    found = prepared(target)
    files = found.files(goal="Who leaves?")
    train, holdout = parquet(files["train.parquet"]), parquet(files["holdout.parquet"])
    assert (train.num_rows, holdout.num_rows) == (400, 100)
    assert target in train.column_names
    assert target not in holdout.column_names
    assert set(found.prepared.rows) | set(found.held_out_rows) == set(range(500))
    assert not set(found.prepared.rows) & set(found.held_out_rows)
    job = json.loads(files["job.json"])
    assert (job["target"], job["goal"]) == (target, "Who leaves?")
    assert [feature["name"] for feature in job["features"]] == holdout.column_names
    assert b"truth" not in files["job.json"]


def test_each_class_is_held_out_in_its_share_and_the_same_rows_every_time() -> None:
    found = prepared()
    assert np.bincount(found.truth).tolist() == [80, 20]
    assert prepared().files(goal="") == found.files(goal="")


def test_copies_and_the_rows_of_one_person_are_on_one_side() -> None:
    draw = np.random.default_rng(0)
    once = {
        "a": draw.normal(size=80).round(3),
        "b": draw.normal(size=80).round(3),
        "c": draw.normal(size=80).round(3),
        "left": np.where(draw.random(80) < 0.5, "yes", "no"),
    }
    table = pa.table({name: [str(cell) for cell in np.tile(cells, 6)] for name, cells in once.items()})
    found = prepared(table=table)
    assert not set(found.prepared.rows % 80) & set(found.held_out_rows % 80)
    assert 0.15 < len(found.held_out_rows) / 480 < 0.25
    groups = parquet(found.files(goal="")["groups.parquet"])["group"].to_numpy()
    assert len(groups) == len(found.prepared.rows) == 6 * len(np.unique(groups))
    report = report_of(found)
    assert report["evaluation"]["by"] == "copies"
    assert "copies of each other" in report["warnings"][0]


def test_rows_that_have_nothing_to_do_with_each_other_come_without_groups() -> None:
    assert set(prepared().files(goal="")) == {"train.parquet", "holdout.parquet", "job.json"}

    assert report_of(prepared())["evaluation"]["is_stated"] is False


def visits(of: np.ndarray, target: np.ndarray, **more: np.ndarray) -> pa.Table:
    """Rows of somebody, with a number that says little."""
    dose = np.random.default_rng(3).normal(size=len(of)).round(4)
    columns = {"person": of, "dose": dose, "left": np.where(target, "yes", "no"), **more}
    return pa.table({name: [str(cell) for cell in cells] for name, cells in columns.items()})


def test_a_stated_group_is_on_one_side_and_its_column_is_left_out_unless_it_is_kept() -> None:
    of = np.arange(400) // 2 % 90
    table = visits(of, np.arange(400) % 3 == 0)
    by_person = Validation(group_column="person")
    found = prepared(table=table, validation=by_person)
    assert not set(of[found.prepared.rows]) & set(of[found.held_out_rows])
    assert [feature.name for feature in found.schema.features] == ["dose"]
    told = report_of(found)["evaluation"]
    assert (told["by"], told["column"], told["is_stated"], told["n_folds"]) == ("groups", "person", True, 1)
    kept = prepared(table=table, validation=by_person, keep=["person"])
    assert "person" in [feature.name for feature in kept.schema.features]


def test_the_latest_fifth_by_a_stated_time_is_held_out_and_the_code_is_told_when_the_others_were() -> None:
    days = np.random.default_rng(4).permutation(500)
    when = np.datetime64("2024-02-27") + days.astype("timedelta64[D]")  # over 29 February
    table = visits(days % 40, days % 3 == 0, day=np.where(days == 250, "", when.astype(str)))
    found = prepared(table=table, validation=Validation(time_column="day"))
    learnt, late = days[found.prepared.rows], days[found.held_out_rows]
    assert learnt.max() < late.min()
    assert len(late) == 100
    assert 250 in learnt  # nobody knows when it was, so it is not measured
    files = found.files(goal="")
    times = parquet(files["times.parquet"])["time"]
    assert (len(times), times.null_count) == (len(learnt), 1)
    assert "groups.parquet" not in files
    told = report_of(found)
    assert (told["evaluation"]["by"], told["evaluation"]["is_stated"]) == ("time", True)
    assert "1 row without a time" in " ".join(told["warnings"])


def test_copies_of_the_latest_rows_are_not_learnt_from() -> None:
    first = visits(np.arange(120), np.arange(120) % 3 == 0, more=np.arange(120) * 7 % 50)
    twice = pa.concat_tables([first, first, first])
    table = twice.append_column("day", pa.array((np.datetime64("2024-01-01") + np.arange(360)).astype(str)))
    found = prepared(table=table, validation=Validation(time_column="day"))
    assert found.held_out_rows.tolist() == list(range(288, 360))
    assert not set(found.prepared.rows % 120) & set(found.held_out_rows % 120)


def test_of_very_many_late_rows_some_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "MOST_HELD_OUT", 30)
    table = TABLE.append_column("day", pa.array([f"2024-01-{n // 20 + 1:02}" for n in range(500)]))
    found = prepared(table=table, validation=Validation(time_column="day"))
    assert len(found.held_out_rows) == 30
    assert found.prepared.rows.max() < 400 <= found.held_out_rows.min()


@pytest.mark.parametrize(
    ("name", "of", "problem"),
    [
        ("group_column", lambda n: "x", "same value in every row"),
        ("group_column", lambda n: "", "is empty in every row"),
        ("time_column", lambda n: "2024-02-29", "same time in every row"),
        ("time_column", lambda n: f"visit {n}", "holds no times"),
        (
            "time_column",
            lambda n: f"2024-{n % 5 + 1:02}-01",
            "before the latest fifth of 'of' no row is 'yes'",
        ),
    ],
)
def test_what_is_stated_and_can_not_be_is_refused(name: str, of: Callable[[int], str], problem: str) -> None:
    table = TABLE.append_column("of", pa.array([of(n) for n in range(500)]))
    if "no row is" in problem:
        late = pa.array(["yes" if n % 5 == 4 else "no" for n in range(500)])
        table = table.set_column(table.column_names.index("left"), "left", late)
    with pytest.raises(SplitUnusable, match=problem):
        prepared(table=table, validation=Validation(**{name: "of"}))


def test_a_group_that_a_class_can_not_be_parted_from_is_said_and_divided() -> None:
    of = np.where(np.arange(300) % 3 == 0, 0, np.arange(300))  # all that left are of one
    found = prepared(table=visits(of, np.arange(300) % 3 == 0), validation=Validation(group_column="person"))
    assert np.bincount(found.truth).min() > 0
    assert "All rows of 'yes' belong together" in " ".join(report_of(found)["warnings"])


def test_where_most_rows_are_of_one_group_the_others_are_held_out() -> None:
    of = np.where(np.arange(200) % 10 > 0, 0, np.arange(200))
    found = prepared(table=visits(of, np.arange(200) % 7 < 3), validation=Validation(group_column="person"))
    assert (len(found.prepared.rows), len(found.held_out_rows)) == (181, 19)


def test_rows_that_are_stated_to_be_independent_are_and_the_report_says_who_said_so() -> None:
    table = pa.concat_tables([TABLE, TABLE])
    assert report_of(prepared(table=table))["evaluation"]["by"] == "copies"
    told = report_of(prepared(table=table, validation=Validation(independent_rows=True)))["evaluation"]
    assert (told["by"], told["is_stated"]) == ("rows", True)


def test_what_is_missing_is_null() -> None:
    train = parquet(prepared().files(goal="")["train.parquet"])
    assert train["age"].type == pa.float64()
    assert train["age"].null_count > 0
    assert train["plan"].type == pa.string()


def test_figures_are_those_of_the_true_outcomes() -> None:
    found = prepared()
    perfect = np.eye(2)[found.truth]
    scored = scoring.score(found, perfect)
    assert scored.metrics["roc_auc"] == {"mean": 1.0, "std": 0.0}
    assert scored.baseline["roc_auc"]["mean"] == 0.5
    assert scored.baseline["accuracy"]["mean"] == 0.8
    numbers = prepared("price")
    of_numbers = scoring.score(numbers, numbers.truth)
    assert of_numbers.metrics["r2"]["mean"] == 1.0
    assert of_numbers.metrics["mae"]["mean"] == 0.0


def test_a_column_may_have_any_name_and_there_may_be_many() -> None:
    names = {"age": "self", "plan": "a.b", "left": "cls", "price": "__proto__"}
    wide = TABLE.rename_columns([names[name] for name in TABLE.column_names])
    for number in range(150):  # beyond a hundred, pandas warns of a frame that is added to
        wide = wide.append_column(f"column {number}", TABLE["age"])
    for target in ("self", "cls"):
        outcome = targets.find(wide, target=target, decimal=".")
        found = inputs.prepare(lambda rows: wide.take(pa.array(rows)), outcome, decimal=".")
        files = found.files(goal="")
        train, holdout = parquet(files["train.parquet"]), parquet(files["holdout.parquet"])
        assert train.column_names == [*holdout.column_names, target]
