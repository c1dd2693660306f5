"""What people call a model's status, task, metrics and recipes, which rows hold by a key."""

from __future__ import annotations

from typing import Final

from core.ui.badges import Badge

STATUSES: Final[dict[str, Badge]] = {
    "training": Badge("Training", ":material/autorenew:", "blue"),
    "ready": Badge("Ready", ":material/check_circle:", "green"),
    "failed": Badge("Failed", ":material/error:", "red"),
}
TASKS: Final[dict[str, str]] = {
    "binary": "Two classes",
    "multiclass": "Several classes",
    "regression": "Number",
}
METRICS: Final[dict[str, str]] = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "log_loss": "Log loss",
    "accuracy": "Accuracy",
    "r2": "R²",
    "mae": "MAE",
    "rmse": "RMSE",
}
SMALLER_IS_BETTER: Final = frozenset({"log_loss", "mae", "rmse"})
IN_UNITS_OF_THE_TARGET: Final = frozenset({"mae", "rmse"})
RECIPES: Final[dict[str, str]] = {"linear_splines": "Linear with splines", "boosted_trees": "Boosted trees"}
