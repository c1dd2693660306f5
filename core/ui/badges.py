"""How statuses look: a word, an icon and a colour, never colour alone; and names for what rows call by a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from core.db.tables.predictions import PredictionRow
from core.predictions.states import Status

Color = Literal["red", "orange", "blue", "green", "violet", "gray"]


@dataclass(frozen=True)
class Badge:
    """How a status looks. `markdown` puts it into running text."""

    word: str
    icon: str
    color: Color

    @property
    def markdown(self) -> str:
        return f":{self.color}-badge[{self.icon} {self.word}]"


PREDICTIONS: dict[Status, Badge] = {
    Status.QUEUED: Badge("Queued", ":material/schedule:", "gray"),
    Status.PROCESSING: Badge("Processing", ":material/autorenew:", "blue"),
    Status.COMPLETED: Badge("Completed", ":material/check_circle:", "green"),
    Status.FAILED: Badge("Failed", ":material/error:", "red"),
    Status.CANCELLED: Badge("Cancelled", ":material/block:", "gray"),
}
CANCELLING = Badge("Cancelling", ":material/block:", "orange")
MODELS: dict[str, Badge] = {
    "training": Badge("Training", ":material/autorenew:", "blue"),
    "ready": Badge("Ready", ":material/check_circle:", "green"),
    "failed": Badge("Failed", ":material/error:", "red"),
}
UPLOADED = Badge("Uploaded", ":material/check:", "gray")
SAMPLE = Badge("Sample", ":material/science:", "violet")
TASKS: dict[str, str] = {
    "binary": "Two classes",
    "multiclass": "Several classes",
    "regression": "Number",
}
METRICS: dict[str, str] = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "log_loss": "Log loss",
    "accuracy": "Accuracy",
    "r2": "R²",
    "mae": "MAE",
    "rmse": "RMSE",
}
RECIPES: dict[str, str] = {"linear_splines": "Linear with splines", "boosted_trees": "Boosted trees"}
SMALLER_IS_BETTER = frozenset({"log_loss", "mae", "rmse"})
IN_UNITS_OF_THE_TARGET = frozenset({"mae", "rmse"})


def of_prediction(row: PredictionRow) -> Badge:
    """The badge of a prediction's status; one that is being cancelled says so until its worker has stopped."""
    if row.status == Status.PROCESSING and row.task.cancel_requested:
        return CANCELLING
    return PREDICTIONS[Status(row.status)]


def of_model(status: str) -> Badge:
    """The badge of a model's status."""
    return MODELS[status]


def show(badge: Badge, *, tip: str | None = None) -> None:
    """Draw a badge on a line of its own, or in a toolbar."""
    st.badge(badge.word, icon=badge.icon, color=badge.color, help=tip)
