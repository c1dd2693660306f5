"""Trees that learn from rows binned once are those that each would have grown by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from core.models.binned import BinnedRows

DRAW = np.random.default_rng(0)
LEARNT, HELD_OUT = DRAW.normal(size=(900, 3)).round(2), DRAW.normal(size=(200, 3)).round(2)
LEARNT[DRAW.random(LEARNT.shape) < 0.05] = np.nan  # a bin of their own
HELD_OUT[:20, 1] = np.nan


def outcome(rows: np.ndarray, n_classes: int) -> np.ndarray:
    signal: np.ndarray = np.nan_to_num(rows[:, 0] * rows[:, 1] + rows[:, 2].clip(-1, 1) ** 2)
    return np.digitize(signal, np.linspace(-0.2, 0.8, n_classes - 1)) if n_classes else signal


def models(n_classes: int, *, early_stopping: bool) -> list[Any]:
    kind: Any = HistGradientBoostingClassifier if n_classes else HistGradientBoostingRegressor
    shapes = ((8, 0), (31, 1), (16, 2))
    return [
        kind(
            max_iter=40,
            max_leaf_nodes=n_leaves,
            max_features=0.5,
            max_bins=127,
            early_stopping=early_stopping,
            n_iter_no_change=3,
            random_state=seed,
        )
        for n_leaves, seed in shapes
    ]


@pytest.mark.parametrize("is_stopped", [False, True])
@pytest.mark.parametrize("n_classes", [0, 2, 3])
def test_trees_are_those_that_each_model_grows_by_itself(n_classes: int, is_stopped: bool) -> None:
    values, unseen = outcome(LEARNT, n_classes), outcome(HELD_OUT, n_classes)
    rows = BinnedRows(LEARNT, HELD_OUT if is_stopped else None)
    stopped_by = {"X_val": HELD_OUT, "y_val": unseen} if is_stopped else {}
    together = [
        rows.fit(one, values, unseen if is_stopped else None)
        for one in models(n_classes, early_stopping=is_stopped)
    ]
    alone = [one.fit(LEARNT, values, **stopped_by) for one in models(n_classes, early_stopping=is_stopped)]
    for one, other in zip(together, alone, strict=True):
        assert [a.nodes.tobytes() for trees in one._predictors for a in trees] == [
            b.nodes.tobytes() for trees in other._predictors for b in trees
        ]
        assert np.array_equal(one.validation_score_, other.validation_score_)
        assert one.predict(HELD_OUT).tolist() == other.predict(HELD_OUT).tolist()
        assert vars(one).keys() == vars(other).keys()  # nothing of the way stays with the model or its file


def test_rows_are_binned_by_the_first_model_alone() -> None:
    """scikit-learn may come to bin in another way: then this says that each model does so by itself again."""
    rows = BinnedRows(LEARNT, HELD_OUT)
    values, unseen = outcome(LEARNT, 2), outcome(HELD_OUT, 2)
    first, *others = [rows.fit(one, values, unseen) for one in models(2, early_stopping=True)]
    assert all(one._bin_mapper is first._bin_mapper for one in others)


def test_a_model_whose_fit_fails_is_left_as_it_was() -> None:
    (one, *_) = models(2, early_stopping=False)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        BinnedRows(LEARNT).fit(one, np.zeros(3))
    assert "_bin_data" not in vars(one)
