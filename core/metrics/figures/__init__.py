"""Metrics as Plotly figures: pure functions that the pages, the report and the API may share.

Each figure's title states what it shows, with the number; colours and transparency come from `style`.
"""

from core.metrics.figures.classes import confusion_matrix, label_counts
from core.metrics.figures.curves import reported_curve
from core.metrics.figures.models import CandidateScore, FeatureImportance, candidates, feature_importance
from core.metrics.figures.numbers import predicted_vs_actual, predictions, residuals
from core.metrics.figures.ranked import precision_recall_curve, roc_curve
from core.metrics.figures.scored import risk_bands, score_distribution

__all__ = [
    "CandidateScore",
    "FeatureImportance",
    "candidates",
    "confusion_matrix",
    "feature_importance",
    "label_counts",
    "precision_recall_curve",
    "predicted_vs_actual",
    "predictions",
    "reported_curve",
    "residuals",
    "risk_bands",
    "roc_curve",
    "score_distribution",
]
