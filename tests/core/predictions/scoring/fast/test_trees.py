"""Trees as tables add up to what the model itself adds up, to the last bit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from core.predictions.scoring.fast import trees as trees_module
from core.predictions.scoring.fast.bins import Bins
from core.predictions.scoring.fast.trees import Splits, Trees
from core.predictions.scoring.fast.unsupported import Unsupported

N_COLUMNS = 4


def matrix(n: int, seed: int = 0) -> np.ndarray:
    """(n, 4) numbers with gaps: even, skewed, whole, and one that is mostly missing."""
    draw = np.random.default_rng(seed)
    columns = [draw.uniform(-5, 5, n), draw.lognormal(0, 3, n), draw.integers(0, 4, n), draw.normal(size=n)]
    columns[1][draw.random(n) < 0.2] = np.nan
    columns[3][draw.random(n) < 0.9] = np.nan
    return np.column_stack(columns)


def splits(model: HistGradientBoostingRegressor) -> dict[str, Splits]:
    """Every column a number feature of its own."""
    nodes = np.concatenate([tree.nodes for trees in model._predictors for tree in trees])
    nodes = nodes[nodes["is_leaf"] == 0]
    found = {}
    for column in range(N_COLUMNS):
        cuts = np.unique(nodes["num_threshold"][nodes["feature_idx"] == column])
        bins = Bins(cuts[np.isfinite(cuts)])
        found[str(column)] = Splits(bins.n, bins, {column: None})
    return found


def sums(model: HistGradientBoostingRegressor, rows: np.ndarray) -> np.ndarray:
    """What the tables add up for these rows."""
    features = splits(model)
    trees = Trees(model, features)

    def codes(name: str) -> np.ndarray:
        bins = features[name].bins
        assert bins is not None
        return bins.codes(np.ascontiguousarray(rows[:, int(name)]))

    return trees.raw([group.codes(codes) for group in trees.groups])


@pytest.mark.parametrize("leaves", [2, 12, 31, 63])
@pytest.mark.parametrize("n_classes", [0, 2, 3])
def test_sums_have_the_same_bits(leaves: int, n_classes: int) -> None:
    rows = matrix(3_000)
    signal = np.nan_to_num(rows[:, 0] + np.log1p(rows[:, 1])) + rows[:, 2] * np.isnan(rows[:, 3])
    options = {"max_leaf_nodes": leaves, "max_iter": 12, "min_samples_leaf": 5, "random_state": 0}
    if n_classes:
        classes = np.argsort(np.argsort(signal)) * n_classes // len(signal)
        model = HistGradientBoostingClassifier(**options).fit(rows, classes)
    else:
        model = HistGradientBoostingRegressor(**options).fit(rows, signal)
    thresholds = np.concatenate(
        [tree.nodes["num_threshold"] for trees in model._predictors for tree in trees]
    )
    at_thresholds = np.resize(thresholds[np.isfinite(thresholds)], (500, N_COLUMNS))
    asked = np.vstack([matrix(40_000, seed=1), at_thresholds, np.full((1, N_COLUMNS), np.nan)])
    assert np.array_equal(sums(model, asked), model._raw_predict(asked))


def test_trees_of_more_leaves_than_bits_are_declined() -> None:
    rows = matrix(3_000)
    model = HistGradientBoostingRegressor(max_leaf_nodes=100, max_iter=2, min_samples_leaf=5)
    model.fit(rows, rows[:, 0] * rows[:, 2])
    with pytest.raises(Unsupported, match="leaves, more than 63"):
        Trees(model, splits(model))


def test_trees_that_split_on_categories_are_declined() -> None:
    rows = pd.DataFrame(matrix(500)).astype({2: "category"})
    model = HistGradientBoostingRegressor(categorical_features="from_dtype", max_iter=2).fit(rows, rows[0])
    with pytest.raises(Unsupported, match="split on categories"):
        Trees(model, {})


def test_trees_that_ask_nothing_are_declined() -> None:
    model = HistGradientBoostingRegressor(max_iter=2).fit(matrix(100), np.ones(100))
    with pytest.raises(Unsupported, match="no tree uses"):
        Trees(model, splits(model))


def test_tables_too_large_for_memory_are_declined() -> None:
    rows = matrix(2_000)
    model = HistGradientBoostingRegressor(max_iter=1, min_samples_leaf=5).fit(rows, rows[:, 0])
    wide = {name: Splits(1 << 24, split.bins, split.columns) for name, split in splits(model).items()}
    with pytest.raises(Unsupported, match="would not fit into memory"):
        Trees(model, wide)


def test_where_memory_is_short_fewer_features_share_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = matrix(3_000)
    model = HistGradientBoostingRegressor(max_iter=12, min_samples_leaf=5, random_state=0)
    model.fit(rows, np.nan_to_num(rows[:, 0] * rows[:, 2]) + rows[:, 2])
    together = Trees(model, splits(model)).groups
    monkeypatch.setattr(trees_module, "TABLE_BYTES", 30_000)
    apart = Trees(model, splits(model)).groups
    assert len(apart) > len(together)
    assert np.array_equal(sums(model, rows), model._raw_predict(rows))
