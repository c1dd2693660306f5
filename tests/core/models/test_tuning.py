"""Trees of the growths that help on rows held out are kept, and their mean answers for each fold."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

from core.models import recipes
from core.models.fitting import evaluation, folds, tuning
from core.models.recipes import GROWTHS
from core.models.schema import Feature, Schema, Task

N = 6_000
DRAW = np.random.default_rng(0)
ROWS = pd.DataFrame(DRAW.normal(size=(N, 4)), columns=list("abcd"))
NOISE = DRAW.normal(size=N)
FEATURES = tuple(Feature(name, "number") for name in ROWS)
MAKE = {
    task: partial(
        recipes.build,
        recipes.TREES,
        Schema(FEATURES, "outcome", task, labels),
        n_rows=N // 2,
        with_missing=frozenset(),
    )
    for task, labels in {"regression": (), "multiclass": ("few", "many", "some")}.items()
}


def grown(task: Task, labels: tuple[str, ...], values: np.ndarray, n_rows: int = N) -> tuning.Grown:
    steps: list[None] = []
    schema = Schema(FEATURES, "outcome", task, labels)
    rows, seen = ROWS.iloc[:n_rows], values[:n_rows]
    found = tuning.growths(
        MAKE[task], rows, seen, schema, step=lambda: steps.append(None), splits=folds.independent(seen, task)
    )
    assert len(steps) == len(GROWTHS)
    return found


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.sin(ROWS["a"]) + ROWS["b"] + NOISE, {8}),
        (3 * np.sign(ROWS["a"] * ROWS["b"] * ROWS["c"] * ROWS["d"]) + NOISE, {31}),
    ],
    ids=["effects that add up", "what hangs together in all columns"],
)
def test_trees_of_a_size_that_does_not_help_are_left_out(values: pd.Series, expected: set[int]) -> None:
    kept = {one.n_leaves for one in grown("regression", (), values.to_numpy()).growths}
    assert expected <= kept < {8, 16, 31}


def test_the_largest_trees_are_left_out_of_many_rows_where_middle_ones_say_less_than_small_ones() -> None:
    """Of few rows all are grown, and their mean decides."""
    values = (np.sin(ROWS["a"]) + ROWS["b"] + NOISE).to_numpy()
    assert 31 not in {one.n_leaves for one in grown("regression", (), values).growths}
    few = [{one.n_leaves for one in grown("regression", (), values, n_rows).growths} for n_rows in (300, 600)]
    assert any(31 in kept for kept in few)


@pytest.mark.parametrize("n_rows", [900, N])
def test_each_fold_is_answered_by_a_mean_that_has_not_seen_it(n_rows: int) -> None:
    labels = ("few", "many", "some")
    values = np.array(labels)[np.digitize(ROWS["a"] * ROWS["b"] + NOISE / 9, (-0.2, 0.4))]
    found = grown("multiclass", labels, values, n_rows)
    rows, seen = ROWS.iloc[:n_rows], values[:n_rows]
    schema = Schema(FEATURES, "outcome", "multiclass", labels)
    fitted = list(found.fitted)
    splits = folds.independent(seen, "multiclass")
    assert len(fitted) == len(splits)
    for one, (learnt, test) in zip(fitted, splits, strict=True):
        known, new = (evaluation.answers_of(one, rows.iloc[part], schema) for part in (learnt, test))
        assert new.shape == (len(test), 3)
        losses = [
            evaluation.metrics(said, seen[part], schema)["log_loss"]
            for said, part in ((known, learnt), (new, test))
        ]
        assert losses[0] < losses[1] < np.log(3)
