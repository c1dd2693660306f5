"""The tables of docs/figures.md, as Markdown, from what the benchmarks have kept in `results/`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "results"
RECIPES = {"linear_splines": "logistic + splines", "boosted_trees": "boosted trees", "blend": "mean of both"}
METRICS = {"roc_auc": "ROC-AUC", "pr_auc": "PR-AUC", "r2": "R²", "mae": "MAE", "accuracy": "accuracy"}


def read(name: str) -> dict[str, Any]:
    """What a benchmark has kept."""
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    return found


def short(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.0f}"
