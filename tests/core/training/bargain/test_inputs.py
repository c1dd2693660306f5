"""What the code is given: held-out rows without their outcome, drawn before anything else is decided."""

from __future__ import annotations

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.models.fitting import targets
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


def prepared(target: str = "left") -> Inputs:
    outcome = targets.find(TABLE, target=target, decimal=".")
    return inputs.prepare(lambda rows: TABLE.take(pa.array(rows)), outcome, decimal=".")


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
    outcome = targets.find(table, target="left", decimal=".")
    found = inputs.prepare(lambda rows: table.take(pa.array(rows)), outcome, decimal=".")
    assert not set(found.prepared.rows % 80) & set(found.held_out_rows % 80)
    assert 0.15 < len(found.held_out_rows) / 480 < 0.25
    groups = parquet(found.files(goal="")["groups.parquet"])["group"].to_numpy()
    assert len(groups) == len(found.prepared.rows) == 6 * len(np.unique(groups))
    report = scoring.report(
        found, scoring.score(found, np.eye(2)[found.truth]), chosen="", seconds=0, keep=[]
    )
    assert report["evaluation"]["by"] == "copies"
    assert "copies of each other" in report["warnings"][0]


def test_rows_that_have_nothing_to_do_with_each_other_come_without_groups() -> None:
    assert set(prepared().files(goal="")) == {"train.parquet", "holdout.parquet", "job.json"}


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
