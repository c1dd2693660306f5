from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

from core.models import blend
from core.models.fitting import evaluation, folds
from core.models.fitting.evaluation import CrossValidation
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
    found = evaluation.metrics(evaluation.answers_of(prior, FEATURES, BINARY), CLASSES, BINARY)
    assert found["roc_auc"] == 0.5
    assert found["pr_auc"] == pytest.approx(np.mean(CLASSES == "no"))
    assert found["accuracy"] == pytest.approx(np.mean(CLASSES == "no"))


def test_a_perfect_line_explains_everything() -> None:
    schema = Schema(BINARY.features, "y", "regression")
    line = LinearRegression().fit(FEATURES, SIGNAL * 3)
    found = evaluation.metrics(line.predict(FEATURES), SIGNAL * 3, schema)
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
    evaluated = CrossValidation({}, model, np.arange(200), said=np.empty(0), temperature=1.0)
    found = evaluation.importance(evaluated, FEATURES, CLASSES, schema)
    assert [name for name, _ in found] == ["signal", "noise"]
    assert found[0][1] > 0.1 > abs(found[1][1])


def test_shuffling_leaves_the_features_as_they_were() -> None:
    before = FEATURES.copy()
    model = LogisticRegression().fit(FEATURES, CLASSES)
    evaluated = CrossValidation({}, model, np.arange(200), said=np.empty(0), temperature=1.0)
    evaluation.importance(evaluated, FEATURES, CLASSES, BINARY)
    pd.testing.assert_frame_equal(FEATURES, before)


def test_a_temperature_makes_sure_answers_as_sure_as_they_are_right() -> None:
    draw = np.random.default_rng(5)
    logits = draw.normal(0, 1.5, (4000, 3))
    codes = np.array([draw.choice(3, p=row) for row in blend.probabilities(logits, 1.0)])
    assert blend.temperature(logits, codes) == pytest.approx(1, abs=0.1)
    assert blend.temperature(logits * 3, codes) == pytest.approx(3, abs=0.3)


def test_the_mean_of_recipes_is_measured_from_what_their_folds_said() -> None:
    parts = [
        evaluation.cross_validate(
            lambda c=c: LogisticRegression(C=c), FEATURES, CLASSES, BINARY, step=lambda: None
        )
        for c in (0.01, 10.0)
    ]
    found = evaluation.blended(parts, CLASSES, BINARY)
    assert found.weights is not None
    assert np.array_equal(found.said, blend.mean([part.said for part in parts], found.weights))
    own = evaluation.answers_of(found.fitted, FEATURES.iloc[found.held_out], BINARY)
    assert np.array_equal(own, found.said[found.held_out])


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_member_weighs_as_much_as_it_helps(task: str) -> None:
    draw = np.random.default_rng(8)
    truth = draw.normal(0, 2, (3000, 3) if task == "multiclass" else 3000)
    good, poor = truth + draw.normal(0, 0.5, truth.shape), truth + draw.normal(0, 4, truth.shape)
    outcome: np.ndarray = truth
    if task == "binary":
        outcome = (truth > draw.logistic(size=3000)).astype(np.int64)
    elif task == "multiclass":
        outcome = (truth + draw.gumbel(size=truth.shape)).argmax(axis=1)
    assert blend.weights([good, poor], outcome) == (7 / 8, 1 / 8)
    assert blend.weights([poor, good], outcome) == (1 / 8, 7 / 8)
    twin = truth + draw.normal(0, 0.5, truth.shape)
    assert blend.weights([good, twin], outcome)[0] == pytest.approx(0.5, abs=0.126)


def test_folds_that_learnt_already_are_not_fitted_again() -> None:
    splits = folds.independent(CLASSES, BINARY.task)
    known = [LogisticRegression().fit(FEATURES.iloc[rows], CLASSES[rows]) for rows, _ in splits[:3]]
    made: list[LogisticRegression] = []

    def make() -> LogisticRegression:
        made.append(LogisticRegression())
        return made[-1]

    steps: list[None] = []
    found = evaluation.cross_validate(
        make, FEATURES, CLASSES, BINARY, step=lambda: steps.append(None), fitted=known
    )
    whole = evaluation.cross_validate(LogisticRegression, FEATURES, CLASSES, BINARY, step=lambda: None)
    assert (len(made), len(steps)) == (2, 5)
    assert found.fitted is known[0]
    assert np.array_equal(found.said, whole.said)
