"""What people call a model's status, task, metrics and recipes, which rows hold by a key."""

from __future__ import annotations

from typing import Final

from core import queue
from core.db.tables.models import ModelRow
from core.ui.badges import Badge

QUEUED: Final = Badge("Queued", ":material/schedule:", "gray")
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
    "f1": "F1",
    "r2": "R²",
    "mae": "MAE",
    "rmse": "RMSE",
}
SMALLER_IS_BETTER: Final = frozenset({"log_loss", "mae", "rmse"})
IN_UNITS_OF_THE_TARGET: Final = frozenset({"mae", "rmse"})
RECIPES: Final[dict[str, str]] = {
    "linear_splines": "Linear with splines",
    "boosted_trees": "Boosted trees",
    "blend": "Mean of both",
    "sandbox": "Code in a sandbox",
}


def is_queued(model: ModelRow) -> bool:
    """Whether it is to be trained and no worker has it, or has it any more."""
    return model.status == "training" and model.task.state == queue.TaskState.QUEUED


def status(model: ModelRow) -> Badge:
    """How a model stands, as people see it."""
    return QUEUED if is_queued(model) else STATUSES[model.status]
