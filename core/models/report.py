"""A training's report as it is kept with the model: plain values for pages and programs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from core.models.training import TrainingResult


def of(trained: TrainingResult, *, keep: Collection[str] = ()) -> dict[str, Any]:
    """Everything in `trained` but the pipeline and the schema, ready for JSON. keep: what was to stay in."""
    return {
        "candidates": [
            {"name": candidate.name, "metrics": _metrics(candidate.metrics)}
            for candidate in trained.candidates
        ],
        "chosen": trained.chosen,
        "chosen_by": trained.chosen_by,
        "metrics": _metrics(trained.metrics),
        "baseline": _metrics(trained.baseline),
        "importance": [{"column": column, "fall": fall} for column, fall in trained.importance],
        "dropped": [asdict(dropped) for dropped in trained.dropped],
        "keep": list(keep),
        "warnings": list(trained.warnings),
        "n_rows": trained.n_rows,
        "n_fitted": trained.n_fitted,
        "versions": trained.versions,
        "seconds": trained.seconds,
    }


def _metrics(metrics: Any) -> dict[str, Any]:
    return {name: asdict(statistics) for name, statistics in metrics.items()}
