"""Trees grown several times are the mean of what each growth says, in the pipeline and in its tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline

from core.models import forest

ROWS = pd.DataFrame(np.random.default_rng(0).normal(size=(600, 4)), columns=list("abcd"))
SIGNAL = ROWS["a"] + ROWS["b"] * ROWS["c"]


def columns() -> ColumnTransformer:
    return ColumnTransformer([("numbers", "passthrough", list(ROWS.columns))])


def model(n_classes: int, seed: int = 0, n_leaves: int = 31) -> Any:
    kind: Any = HistGradientBoostingClassifier if n_classes else HistGradientBoostingRegressor
    return kind(max_iter=12 + seed, max_leaf_nodes=n_leaves, max_features=0.5, random_state=seed)


@pytest.mark.parametrize("n_classes", [0, 2, 3])
def test_small_and_large_trees_together_say_the_mean_of_what_each_says(n_classes: int) -> None:
    values = np.digitize(SIGNAL, np.linspace(-1, 1, n_classes + 1)[1:-1]) if n_classes else SIGNAL.to_numpy()
    grown = [(0, 8), (1, 16), (2, 31)]
    found = forest.fit(columns(), [model(n_classes, *one) for one in grown], ROWS, values)
    alone = []
    for seed, n_leaves in grown:
        one = Pipeline([("columns", columns()), ("model", model(n_classes, seed, n_leaves))]).fit(
            ROWS, values
        )
        alone.append(one.decision_function(ROWS) if n_classes else one.predict(ROWS))
    said = found.decision_function(ROWS) if n_classes else found.predict(ROWS)
    np.testing.assert_allclose(said, np.mean(alone, axis=0), rtol=0, atol=1e-12)
    assert not np.allclose(alone[0], alone[1])


def test_trees_are_cut_to_their_first() -> None:
    one = Pipeline([("columns", columns()), ("model", model(0))]).fit(ROWS, SIGNAL)
    fifth = list(one[-1].staged_predict(one[0].transform(ROWS)))[4]
    forest.cut(one[-1], 5)
    assert np.array_equal(one.predict(ROWS), fifth)
    assert forest.cut(one[-1], 50).n_iter_ == 5


@pytest.mark.parametrize(
    ("n_leaves", "n_rows", "n_codes", "expected"),
    [
        (1, 40, 1, 3),
        (900, 10_000, 2_000, 2),
        (900, 200_000, 2_000, 1),
        (12_000, 700, 2_000, 1),
        (900, 700, 200_000, 2),
    ],
)
def test_many_rows_leaves_or_codes_are_grown_over_less_often(
    n_leaves: int, n_rows: int, n_codes: int, expected: int
) -> None:
    assert forest.n_seeds(n_leaves, n_rows, n_codes) == expected


@pytest.mark.parametrize(("n_codes", "expected"), [(100, 3), (40_000, 2), (90_000, 1), (9_000_000, 1)])
def test_growths_that_scoring_could_not_look_up_together_are_left_out(n_codes: int, expected: int) -> None:
    assert forest.n_kept([2_000, 4_000, 8_000], n_codes) == expected
