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


def pipeline(n_classes: int) -> Pipeline:
    kind: Any = HistGradientBoostingClassifier if n_classes else HistGradientBoostingRegressor
    columns = ColumnTransformer([("numbers", "passthrough", list(ROWS.columns))])
    return Pipeline([("columns", columns), ("model", kind(max_iter=12, max_features=0.5, random_state=0))])


@pytest.mark.parametrize("n_classes", [0, 2, 3])
def test_growths_together_say_the_mean_of_what_each_says(n_classes: int) -> None:
    values = np.digitize(SIGNAL, np.linspace(-1, 1, n_classes + 1)[1:-1]) if n_classes else SIGNAL.to_numpy()
    found = forest.fit(pipeline(n_classes), ROWS, values, n_growths=3)
    alone = []
    for seed in range(3):
        one = pipeline(n_classes)
        one.set_params(model__random_state=seed).fit(ROWS, values)
        alone.append(one.decision_function(ROWS) if n_classes else one.predict(ROWS))
    said = found.decision_function(ROWS) if n_classes else found.predict(ROWS)
    np.testing.assert_allclose(said, np.mean(alone, axis=0), rtol=0, atol=1e-12)
    assert not np.allclose(alone[0], alone[1])


def test_trees_are_cut_to_their_first() -> None:
    one = pipeline(0).fit(ROWS, SIGNAL)
    fifth = list(one[-1].staged_predict(one[0].transform(ROWS)))[4]
    forest.cut(one[-1], 5)
    assert np.array_equal(one.predict(ROWS), fifth)
    assert forest.cut(one[-1], 50).n_iter_ == 5


@pytest.mark.parametrize(
    ("n_leaves", "n_rows", "n_columns", "expected"),
    [
        (1, 40, 1, 3),
        (900, 10_000, 20, 2),
        (900, 200_000, 20, 1),
        (6_000, 700, 20, 1),
        (900, 700, 800, 2),
    ],
)
def test_many_rows_leaves_or_columns_are_grown_over_less_often(
    n_leaves: int, n_rows: int, n_columns: int, expected: int
) -> None:
    assert forest.n_growths(n_leaves, n_rows, n_columns) == expected
