"""Tiny models and one way to score bytes with them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from core.models.schema import Feature, Schema, frame
from core.predictions.results.run_summary import RunSummary
from core.predictions.scoring import engine
from core.uploads.csv.dialect import Dialect

COLOURS = ("red", "green", "blue")
N_ROWS = 300


@dataclass(frozen=True)
class Model:
    """A fitted pipeline and its schema."""

    pipeline: Pipeline
    schema: Schema

    def score(self, data: bytes, dialect: Dialect | None = None, **options: Any) -> tuple[bytes, RunSummary]:
        """The result's bytes and what was said about them."""
        sink = io.BytesIO()
        options = {"progress": lambda _: None} | options
        scored = engine.score(
            io.BytesIO(data),
            sink,
            dialect=dialect or Dialect(),
            pipeline=self.pipeline,
            schema=self.schema,
            **options,
        )
        return sink.getvalue(), scored


def rows() -> pa.Table:
    """(N_ROWS,) age and colour as text."""
    draw = np.random.default_rng(0)
    ages = [str(round(age, 1)) for age in draw.uniform(18, 90, N_ROWS)]
    return pa.table({"age": ages, "colour": [COLOURS[i] for i in draw.integers(0, 3, N_ROWS)]})


@pytest.fixture
def make() -> Callable[..., Model]:
    """make(labels) fits a classifier over age and colour; make() a regression; the target is called outcome."""

    def fit(*labels: str) -> Model:
        features = (Feature("age", "number", median=54.2), Feature("colour", "category", categories=COLOURS))
        task = {0: "regression", 2: "binary"}.get(len(labels), "multiclass")
        schema = Schema(features, "outcome", task, labels, labels[-1] if len(labels) == 2 else None)
        given = frame(rows(), schema, ".")
        place = np.argsort(np.argsort(given["age"] + np.random.default_rng(1).normal(0, 15, N_ROWS)))
        columns = ColumnTransformer(
            [
                ("age", SimpleImputer(), ["age"]),
                ("colour", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["colour"]),
            ]
        )
        if not labels:
            answers, model = given["age"] * 12.5 + place, LinearRegression()
        else:
            answers = np.array(labels)[place * len(labels) // N_ROWS]
            model = LogisticRegression(max_iter=500)
        pipeline = Pipeline([("columns", columns), ("model", model)]).fit(given, answers)
        assert not labels or tuple(pipeline.classes_) == labels
        return Model(pipeline, schema)

    return fit


@pytest.fixture
def model(make: Callable[..., Model]) -> Model:
    """A binary classifier that answers No or Yes."""
    return make("No", "Yes")
