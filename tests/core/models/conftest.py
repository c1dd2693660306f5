"""One training per task, shared by the tests that only look at it."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from core.models import recipes
from core.models.fitting.training import TrainingResult
from core.models.schema import frame
from tests.core.models.tables import TARGETS, subscribers, train, without

PLANS = {"plan": ("basic", "plus", "pro", None)}


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """OpenMP spins on contended cores: trees of a few hundred rows take seconds with two threads."""
    with threadpool_limits(limits=1):
        yield


@pytest.fixture(scope="session")
def table() -> pa.Table:
    return subscribers()


@pytest.fixture(scope="session")
def trained(table: pa.Table) -> dict[str, TrainingResult]:
    """By task: binary, multiclass, regression."""
    return {
        task: train(without(table, *(other for other in TARGETS.values() if other != target)), target)
        for task, target in TARGETS.items()
    }


@pytest.fixture(scope="session")
def fitted(trained: dict[str, TrainingResult], table: pa.Table) -> dict[tuple[str, str], Pipeline]:
    """By task and recipe: each recipe fitted on the table, whether or not the training chose it."""
    pipelines = {}
    for task, training in trained.items():
        schema = training.schema
        outcome = table.column(schema.target).to_numpy().astype(float if task == "regression" else str)
        for name in recipes.NAMES:
            made = recipes.build(
                name, schema, n_rows=table.num_rows, with_missing=frozenset({"tenure"}), known=PLANS
            )
            pipelines[task, name] = made.fit(frame(table, schema, "."), outcome)
    return pipelines
