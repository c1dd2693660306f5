"""Counts of a stream: true to the rows, whatever the blocks."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from core.models.schema import Feature, Schema, framed
from core.predictions.results import histograms, run_statistics
from core.predictions.results.histograms import BINS, SAMPLE_ROWS, ClassCounts, NumberSums
from core.predictions.results.run_statistics import BlockRows, RunStatistics

FEATURES = (
    Feature("x", "number", minimum=0.0, maximum=3.75),
    Feature("c", "category", categories=("a", "b")),
)
BINARY = Schema(FEATURES, "y", "binary", ("No", "Yes"), "No")
THREE = Schema(FEATURES, "y", "multiclass", ("a", "b", "c"))
REGRESSION = Schema(FEATURES, "y", "regression")


def table(n: int, outcomes: list[str]) -> pa.Table:
    """(n,) rows with some blanks, bad numbers and values never seen."""
    pick = [outcomes[i % len(outcomes)] for i in range(n)]
    numbers = [("1.5", "", "bad", "7")[i % 4] for i in range(n)]
    return pa.table({"x": numbers, "c": [("a", "?", "new", "b")[i % 4] for i in range(n)], "y": pick})


def counted(schema: Schema, rows: pa.Table, scores: np.ndarray, seed: int = 0) -> RunStatistics:
    """The statistics of one block."""
    given = framed(rows, schema, ".")
    return run_statistics.of_block(BlockRows.of(rows, given, schema), scores, schema, decimal=".", seed=seed)


def probabilities(n: int, k: int) -> np.ndarray:
    """(n, k) rows that add up to 1."""
    drawn = np.random.default_rng(3).random((n, k))
    return drawn / drawn.sum(axis=1, keepdims=True)


def test_binary_statistics_count_by_outcome() -> None:
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [0.00004, 0.99996], [1.0, 0.0]])
    found = counted(BINARY, table(5, ["No", " Yes ", "", "Maybe", "No"]), scores)
    assert (found.n_rows, found.n_measured, found.n_blank, found.n_unknown) == (5, 3, 1, 1)
    assert found.classes is not None
    assert found.classes.scored == ("No",)
    assert found.classes.predicted.tolist() == [3, 2]
    assert found.classes.confusion.tolist() == [[2, 0], [0, 1]]
    assert np.flatnonzero(found.classes.scores[0]).tolist() == [0, 2_000, 5_000, 9_000, 10_000]
    assert np.flatnonzero(found.classes.positives[0]).tolist() == [9_000, 10_000]
    assert np.flatnonzero(found.classes.negatives[0]).tolist() == [2_000]


def test_the_first_of_equally_probable_labels_counts() -> None:
    drawn = np.random.default_rng(6).integers(0, 4, (500, 4)) / 4
    assert histograms.most_probable(drawn).tolist() == drawn.argmax(axis=1).tolist()


def test_cells_that_call_for_caution_are_counted_by_column() -> None:
    found = counted(BINARY, table(12, ["No"]), probabilities(12, 2))
    assert found.missing == {"x": 3, "c": 3}
    assert found.bad == {"x": 3}
    assert found.outside == {"x": 3}
    assert found.unseen == {"c": 3}
    assert found.n_cautioned == 6


def test_numbers_beyond_those_of_training_are_counted_by_column() -> None:
    values = ["9999", "-0.01", "0", "3.75", "3.76", "", "bad"]
    rows = pa.table({"x": values, "c": ["a"] * 7, "y": ["No"] * 7})
    found = counted(BINARY, rows, probabilities(7, 2))
    assert found.outside == {"x": 3}
    assert counted(BINARY, rows.slice(2, 2), probabilities(2, 2)).outside == {}


def test_a_number_that_training_never_saw_has_no_range_to_leave() -> None:
    schema = Schema((Feature("x", "number"), FEATURES[1]), "y", "binary", ("No", "Yes"), "No")
    assert counted(schema, table(3, ["No"]), probabilities(3, 2)).outside == {}


def test_a_few_outcomes_that_the_model_does_not_know_are_kept_as_examples() -> None:
    found = counted(BINARY, table(400, ["1", " 0", "No", "0", "", "x" * 99]), probabilities(400, 2))
    assert found.unknown_outcomes == ("1", "0", "x" * 40)
    many = counted(BINARY, table(400, [str(i) for i in range(400)]), probabilities(400, 2))
    assert many.unknown_outcomes == ("0", "1", "2", "3", "4")
    numbers = counted(REGRESSION, table(5, ["much", "3", "", "n.k.", "much"]), np.full(5, 2.0))
    assert numbers.unknown_outcomes == ("much", "n.k.")


def test_statistics_of_before_ranges_and_examples_were_kept_still_load() -> None:
    stored = counted(BINARY, table(50, ["Yes", "1"]), probabilities(50, 2)).to_json()
    del stored["outside"], stored["unknown_outcomes"], stored["n_cautioned"]
    loaded = RunStatistics.from_json(stored)
    assert (loaded.outside, loaded.unknown_outcomes, loaded.n_cautioned) == ({}, (), None)
    assert loaded.n_unknown == 25


def test_multiclass_statistics_set_each_class_against_the_rest() -> None:
    scores = probabilities(600, 3)
    found = counted(THREE, table(600, ["a", "b", "c"]), scores).classes
    assert found is not None
    truth = np.arange(600) % 3
    for i in range(3):
        bins = np.rint(scores[:, i] * (BINS - 1)).astype(int)
        assert (found.positives[i] == np.bincount(bins[truth == i], minlength=BINS)).all()
        assert (found.negatives[i] == np.bincount(bins[truth != i], minlength=BINS)).all()
        for j in range(3):
            assert found.confusion[i, j] == ((truth == i) & (scores.argmax(axis=1) == j)).sum()


def test_regression_sums_give_the_textbook_figures() -> None:
    y = np.random.default_rng(0).normal(1e6, 3, 500)
    predicted = y + np.random.default_rng(1).normal(0, 1, 500)
    found = counted(REGRESSION, table(500, [repr(float(value)) for value in y]), predicted).numbers
    assert found is not None
    assert found.n == 500
    assert found.total_signed == pytest.approx((predicted - y).sum())
    assert found.total_absolute / 500 == pytest.approx(np.abs(y - predicted).mean())
    assert found.total_squared == pytest.approx(((y - predicted) ** 2).sum())
    assert found.total_spread == pytest.approx(((y - y.mean()) ** 2).sum())


def test_a_regression_skips_blank_and_unreadable_outcomes() -> None:
    found = counted(REGRESSION, table(4, ["1", "", "n/a", "much"]), np.full(4, 2.0))
    assert (found.n_measured, found.n_blank, found.n_unknown) == (1, 2, 1)
    assert found.numbers is not None
    assert found.numbers.total_absolute == 1.0
    assert np.isnan(found.numbers.sample[:, 0]).tolist() == [False, True, True, True]


def test_outcomes_whose_squares_can_not_be_summed_are_not_measured_by() -> None:
    found = counted(REGRESSION, table(4, ["1", "1e307", "-1e200", "3"]), np.full(4, 2.0))
    assert (found.n_measured, found.n_unknown) == (2, 2)
    assert found.unknown_outcomes == ("1e307", "-1e200")
    assert found.numbers is not None
    assert found.numbers.total_squared == 2.0
    json.dumps(found.to_json(), allow_nan=False)


@pytest.mark.parametrize("schema", [BINARY, THREE], ids=["binary", "multiclass"])
def test_merged_class_tallies_equal_one_shot(schema: Schema) -> None:
    rows, scores = table(900, ["a", "Yes", "No", "", "b", "?"]), probabilities(900, len(schema.labels))
    parts = [counted(schema, rows.slice(i, 100), scores[i : i + 100]) for i in range(0, 900, 100)]
    merged = run_statistics.empty(schema)
    for part in parts:
        merged = run_statistics.merge(merged, part)
    assert merged.to_json() == counted(schema, rows, scores).to_json()


def test_merged_regression_tallies_equal_one_shot() -> None:
    y = np.random.default_rng(5).normal(50, 9, 900)
    rows = table(900, [f"{value:.3f}" for value in y])
    predicted = y + 1
    merged = run_statistics.empty(REGRESSION)
    for i in range(0, 900, 100):
        merged = run_statistics.merge(
            merged, counted(REGRESSION, rows.slice(i, 100), predicted[i : i + 100], seed=i)
        )
    whole = counted(REGRESSION, rows, predicted)
    assert merged.numbers is not None
    assert whole.numbers is not None
    for name in ("n", "total_signed", "total_absolute", "total_squared", "mean", "total_spread"):
        assert getattr(merged.numbers, name) == pytest.approx(getattr(whole.numbers, name))
    assert (merged.missing, merged.n_measured) == (whole.missing, whole.n_measured)


def test_the_sample_stays_small_even_and_the_same_each_time() -> None:
    def run() -> NumberSums:
        total = NumberSums.of(np.empty(0), None, 0)
        for seed in range(20):
            block = np.arange(1_000.0) + 1_000 * seed
            total = total.merged(NumberSums.of(block, block, seed))
        return total

    sample = run().sample
    assert sample.shape == (SAMPLE_ROWS, 3)
    assert np.array_equal(sample, run().sample)
    assert np.histogram(sample[:, 1], bins=4, range=(0, 20_000))[0].min() > 400


@pytest.mark.parametrize("schema", [BINARY, THREE, REGRESSION], ids=lambda schema: schema.task)
def test_statistics_survive_json(schema: Schema) -> None:
    scores = probabilities(50, len(schema.labels)) if schema.labels else np.linspace(0, 1, 50)
    before = counted(schema, table(50, ["a", "Yes", "", "3.5"]), scores)
    text = json.dumps(before.to_json(), allow_nan=False)
    after = RunStatistics.from_json(json.loads(text))
    assert after.to_json() == before.to_json()
    assert isinstance(after.classes or after.numbers, ClassCounts | NumberSums)


def test_a_label_that_reads_like_a_blank_is_a_label() -> None:
    codes = run_statistics.outcome_codes(pa.array(["NA", "", None, "x", "EU "]), ("EU", "NA"))
    assert codes.tolist() == [1, run_statistics.BLANK, run_statistics.BLANK, run_statistics.UNKNOWN, 0]


def test_histograms_are_small_in_json() -> None:
    found = ClassCounts.of(BINARY, np.tile([0.25, 0.75], (10_000, 1)), None)
    assert found.to_json()["scores"] == [{"bins": [2_500], "counts": [10_000]}]
    assert len(histograms.ClassCounts.from_json(found.to_json()).scores[0]) == BINS
