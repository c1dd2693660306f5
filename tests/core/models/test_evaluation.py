from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

from core.models import evaluation
from core.models.evaluation import CrossValidation
from core.models.schema import Feature, Schema

DRAW = np.random.default_rng(0)
SIGNAL = DRAW.normal(size=200)
FEATURES = pd.DataFrame({"signal": SIGNAL, "noise": DRAW.normal(size=200)})
BINARY = Schema(
    (Feature("signal", "number"), Feature("noise", "number")),
    "y",
    "binary",
    labels=("no", "yes"),
    positive_label="no",
)
CLASSES = np.where(SIGNAL + DRAW.normal(0, 0.5, 200) > 0.8, "yes", "no")


def test_an_answer_that_looks_at_nothing_scores_half_and_the_share_of_the_positive_label() -> None:
    prior = DummyClassifier(strategy="prior").fit(FEATURES, CLASSES)
    found = evaluation.metrics(prior, FEATURES, CLASSES, BINARY)
    assert found["roc_auc"] == 0.5
    assert found["pr_auc"] == pytest.approx(np.mean(CLASSES == "no"))
    assert found["accuracy"] == pytest.approx(np.mean(CLASSES == "no"))


def test_a_perfect_line_explains_everything() -> None:
    schema = Schema(BINARY.features, "y", "regression")
    line = LinearRegression().fit(FEATURES, SIGNAL * 3)
    found = evaluation.metrics(line, FEATURES, SIGNAL * 3, schema)
    assert found == {"r2": pytest.approx(1), "mae": pytest.approx(0), "rmse": pytest.approx(0)}


def test_cross_validation_reports_each_fold_and_keeps_rows_its_first_model_has_not_seen() -> None:
    steps: list[None] = []
    found = evaluation.cross_validate(
        LogisticRegression, FEATURES, CLASSES, BINARY, step=lambda: steps.append(None)
    )
    assert len(steps) == 5
    assert len(found.held_out) == 40
    assert 0.8 < found.metrics["roc_auc"].mean <= 1
    assert found.metrics["roc_auc"].std > 0


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_shuffling_the_signal_costs_more_than_shuffling_noise(task: str) -> None:
    schema = Schema(BINARY.features, "y", task, BINARY.labels, "no")  # type: ignore[arg-type]  # a literal passed on
    model = LogisticRegression().fit(FEATURES, CLASSES)
    found = evaluation.importance(CrossValidation({}, model, np.arange(200)), FEATURES, CLASSES, schema)
    assert [name for name, _ in found] == ["signal", "noise"]
    assert found[0][1] > 0.1 > abs(found[1][1])


def test_shuffling_leaves_the_features_as_they_were() -> None:
    before = FEATURES.copy()
    model = LogisticRegression().fit(FEATURES, CLASSES)
    evaluation.importance(CrossValidation({}, model, np.arange(200)), FEATURES, CLASSES, BINARY)
    pd.testing.assert_frame_equal(FEATURES, before)
