"""Models of the built-in recipes in a sandbox, where nothing else of the app is: the same answers as in the app."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pytest
from sklearn.pipeline import Pipeline

from core import settings, storage
from core.models import artifact, recipes
from core.models.fitting.training import TrainingResult
from core.models.schema import Schema, frame
from core.models.served import pipeline
from core.models.served.launch import ServedModel
from tests.trainings import require_sandbox


def asked_in_a_sandbox(model: Pipeline, schema: Schema, table: pa.Table, folder: Path) -> np.ndarray:
    require_sandbox(folder)
    config = settings.read(_env_file=None, data_dir=folder / "data", database_url="", storage_url="")
    config.data_dir.mkdir(mode=0o700)
    path = folder / "model.skops"
    sha256 = artifact.save(model, path)
    key = f"models/{uuid4()}/model.skops"
    storage.from_settings(config).put(key, path)
    given = frame(table, schema, ".")
    with pipeline.opened(config, ServedModel(uuid4(), key, sha256, "skops", schema.to_json())) as asked:
        return asked.predict(given) if schema.task == "regression" else asked.predict_proba(given)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_mean_of_recipes_answers_as_in_the_app(
    task: str, fitted: dict[tuple[str, str], Pipeline], trained: dict[str, TrainingResult], table: pa.Table,
    tmp_path: Path,
) -> None:  # fmt: skip
    model, schema = fitted[task, recipes.BLEND], trained[task].schema
    given = frame(table, schema, ".")
    expected = model.predict(given) if task == "regression" else model.predict_proba(given)
    assert asked_in_a_sandbox(model, schema, table, tmp_path) == pytest.approx(expected, abs=1e-12)


def test_a_category_of_many_values_answers_as_in_the_app(tmp_path: Path) -> None:
    """Its encoder keeps how it was cross-fitted, a type that is trusted for it alone."""
    values = tuple(f"region {place}" for place in range(20))
    table = pa.table({"region": values * 10})
    schema = Schema.from_json(
        {"target": "y", "task": "regression", "labels": [], "positive_label": None,
         "features": [{"name": "region", "kind": "category", "categories": list(values)}]}
    )  # fmt: skip
    given = frame(table, schema, ".")
    made = recipes.build(recipes.TREES, schema, n_rows=200, with_missing=frozenset())
    model = made.fit(given, np.arange(200.0) % 20)
    assert asked_in_a_sandbox(model, schema, table, tmp_path) == pytest.approx(model.predict(given))
