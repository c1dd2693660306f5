from __future__ import annotations

import json

import numpy as np
import pytest

from core.metrics import distributions, histograms
from core.metrics.distributions import LabelCounts, RiskBands, ScoreDistribution, ValueDistribution
from core.metrics.errors import BadBands, NotNumbers


def test_scores_fall_into_forty_bins_with_the_score_one_in_the_last() -> None:
    spread = distributions.scores(histograms.count([0, 0.0249, 0.025, 0.99, 1]), positive_label="Yes")
    assert {place: n for place, n in enumerate(spread.counts) if n} == {0: 2, 1: 1, 39: 2}
    assert len(spread.counts) == 40
    assert (spread.positives, spread.median) == (None, 0.025)


def test_by_class_the_positives_are_a_part_of_all_rows() -> None:
    spread = distributions.scores_by_class(
        histograms.count([0.9, 0.7, 0.1]), histograms.count([0.1, 0.2]), positive_label="Yes"
    )
    assert spread.positives is not None
    assert (sum(spread.counts), sum(spread.positives)) == (5, 3)
    assert (spread.median_positives, spread.median_negatives) == (0.7, 0.1)


def test_a_score_on_an_edge_belongs_to_the_higher_band() -> None:
    bands = distributions.risk_bands(
        histograms.count([0, 0.1999, 0.2, 0.4999, 0.5, 0.8, 1]), positive_label="Yes"
    )
    assert bands.names == ("Low", "Medium", "High", "Very high")
    assert bands.counts == (2, 2, 1, 2)
    assert bands.shares == pytest.approx((2 / 7, 2 / 7, 1 / 7, 2 / 7))
    assert bands.ranges == ("<\u00a020\u00a0%", "20–50\u00a0%", "50–80\u00a0%", "≥\u00a080\u00a0%")


def test_bands_may_be_cut_elsewhere() -> None:
    bands = distributions.risk_bands(
        histograms.count([0.3, 0.35, 0.36]), positive_label="Yes", edges=(0.35,), names=("below", "above")
    )
    assert bands.counts == (1, 2)


@pytest.mark.parametrize("edges", [(), (0.5, 0.2, 0.8), (0.2, 0.5), (0.0, 0.5, 0.8), (0.2, 0.5, 1.0)])
def test_edges_that_do_not_rise_or_do_not_fit_the_names_are_refused(edges: tuple[float, ...]) -> None:
    with pytest.raises(BadBands):
        distributions.risk_bands(histograms.count([0.5]), positive_label="Yes", edges=edges)


def test_shares_of_no_rows_are_undefined() -> None:
    assert distributions.risk_bands(histograms.count([]), positive_label="Yes").shares == (None,) * 4


def test_predicted_numbers_have_the_quantiles_of_numpy() -> None:
    predicted = np.random.default_rng(0).normal(size=1_000)
    spread = distributions.values(predicted, target="price", n_rows=9_000)
    assert spread.quantiles == pytest.approx(np.quantile(predicted, [0.05, 0.25, 0.5, 0.75, 0.95]))
    assert (sum(spread.counts), len(spread.edges), spread.n_rows) == (1_000, 41, 9_000)
    assert spread.mean == pytest.approx(predicted.mean())


def test_no_predicted_numbers_have_neither_mean_nor_quantiles() -> None:
    assert distributions.values([], target="price") == ValueDistribution("price", 0, (), (), None, ())


def test_a_predicted_number_that_is_missing_is_refused() -> None:
    with pytest.raises(NotNumbers):
        distributions.values([1, float("nan")], target="price")


def test_every_distribution_comes_back_from_json_as_it_was() -> None:
    rows = histograms.count([0.1, 0.6, 0.9])
    for made in (
        distributions.scores(rows, positive_label="Yes"),
        distributions.scores_by_class(rows, rows, positive_label="Yes"),
        distributions.risk_bands(rows, positive_label="Yes"),
        distributions.values([1.0, 2.0, 4.0], target="price"),
        LabelCounts(("a", "b"), (1, 2)),
    ):
        assert isinstance(made, ScoreDistribution | RiskBands | ValueDistribution | LabelCounts)
        assert type(made).from_json(json.loads(json.dumps(made.to_json()))) == made


@pytest.mark.parametrize("numbers", [[5.0, 5.0], [0.0], [1e16, 1e16], [3.3, float(np.nextafter(3.3, 4))]])
def test_numbers_that_hardly_differ_fall_into_bins_around_them(numbers: list[float]) -> None:
    counts, edges = distributions.binned(np.array(numbers))
    assert sum(counts) == len(numbers)
    assert edges[0] < min(numbers) <= max(numbers) < edges[-1]
