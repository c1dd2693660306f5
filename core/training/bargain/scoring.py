"""How good the predictions of the held-out rows are: by `core.metrics`, from outcomes that the code never saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from core.metrics import binary, multiclass, regression
from core.models.fitting.evaluation import CHOSEN_BY
from core.models.schema import Schema
from core.models.thresholds import KnownScores
from core.training.bargain.inputs import Inputs

N_RESAMPLES: Final = 20  # of the held-out rows, for how far a figure would differ by chance
Figures = dict[str, float]


@dataclass(frozen=True)
class HeldOutScore:
    """The headline figures and those of an answer that looks at no column, each with its spread.

    scores: of two classes.
    """

    metrics: dict[str, dict[str, float]]
    baseline: dict[str, dict[str, float]]
    scores: KnownScores | None = None


def score(inputs: Inputs, answers: np.ndarray) -> HeldOutScore:
    """answers: what the code said of the held-out rows, as `outputs.predictions` returns it."""
    return HeldOutScore(
        _with_spread(inputs.schema, inputs.truth, answers),
        _with_spread(inputs.schema, inputs.truth, _baseline(inputs)),
        _known(inputs.schema, inputs.truth, answers),
    )


def _known(schema: Schema, truth: np.ndarray, answers: np.ndarray) -> KnownScores | None:
    if schema.positive_label is None:
        return None
    positive = schema.labels.index(schema.positive_label)
    return KnownScores.of(np.clip(answers[:, positive], 0.0, 1.0), truth == positive)


def report(
    inputs: Inputs, scored: HeldOutScore, *, chosen: str, seconds: float, keep: list[str]
) -> dict[str, Any]:
    """What a model's row keeps, in the shape that every model's report has."""
    return {
        "candidates": [{"name": chosen, "metrics": scored.metrics}],
        "chosen": chosen,
        "chosen_by": CHOSEN_BY[inputs.schema.task],
        "metrics": scored.metrics,
        "baseline": scored.baseline,
        "importance": [],
        "evaluation": inputs.prepared.related.evaluation.to_json(),
        "dropped": [{"column": column.column, "reason": column.reason} for column in inputs.prepared.dropped],
        "keep": keep,
        "warnings": list(inputs.prepared.warnings),
        "n_rows": len(inputs.prepared.rows) + len(inputs.held_out_rows),
        "n_fitted": len(inputs.prepared.rows),
        "n_held_out": len(inputs.held_out_rows),
        "versions": {},
        "seconds": seconds,
        "thresholds": scored.scores.to_json() if scored.scores else None,
    }


def _with_spread(schema: Schema, truth: np.ndarray, answers: np.ndarray) -> dict[str, dict[str, float]]:
    """Each figure of all rows, and its standard deviation over resamples. Source: Efron 1979, Ann. Statist. 7."""
    whole, generator = _figures(schema, truth, answers), np.random.default_rng(0)
    drawn = (generator.integers(0, len(truth), len(truth)) for _ in range(N_RESAMPLES))
    resampled = [_figures(schema, truth[rows], answers[rows]) for rows in drawn]
    found = {}
    for name, value in whole.items():
        values = [figures[name] for figures in resampled if name in figures]
        found[name] = {"mean": value, "std": float(np.std(values)) if values else 0.0}
    return found


def _figures(schema: Schema, truth: np.ndarray, answers: np.ndarray) -> Figures:
    """The figures that are defined for these rows."""
    measured: dict[str, float | None]
    match schema.task:
        case "binary":
            measured = _binary(schema, truth, answers)
        case "multiclass":
            of_all = multiclass.from_scores(truth, answers, labels=schema.labels)
            measured = {"accuracy": of_all.accuracy, "roc_auc": of_all.macro_roc_auc, "f1": of_all.macro_f1}
        case "regression":
            numbers = regression.from_values(truth, answers, target=schema.target)
            measured = {"r2": numbers.r2, "mae": numbers.mae, "rmse": numbers.rmse}
    return {name: value for name, value in measured.items() if value is not None}


def _binary(schema: Schema, truth: np.ndarray, answers: np.ndarray) -> dict[str, float | None]:
    assert schema.positive_label is not None
    positive = schema.labels.index(schema.positive_label)
    found = binary.from_scores(
        truth == positive,
        np.clip(answers[:, positive], 0.0, 1.0),
        positive_label=schema.positive_label,
        negative_label=schema.labels[1 - positive],
    )
    return {"roc_auc": found.roc_auc, "pr_auc": found.pr_auc, "accuracy": found.accuracy, "f1": found.f1}


def _baseline(inputs: Inputs) -> np.ndarray:
    """The mean of the rows learnt from, or how often each label is among them, for every held-out row."""
    values, n_rows = inputs.prepared.values, len(inputs.truth)
    if inputs.schema.task == "regression":
        return np.full(n_rows, float(values.mean()))
    shares = [float(np.mean(values == label)) for label in inputs.schema.labels]
    return np.tile(np.array(shares), (n_rows, 1))
