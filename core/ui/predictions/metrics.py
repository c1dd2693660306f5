"""The charts of a finished prediction, and for several classes a table of each."""

from __future__ import annotations

from typing import assert_never

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.metrics import figures
from core.metrics.binary import Binary
from core.metrics.multiclass import Multiclass
from core.metrics.regression import Regression
from core.predictions.results.measures import PredictionMetrics
from core.ui import charts

_MAY_BE_WIDE = ("score_distribution", "predicted_values")


def show(measured: PredictionMetrics) -> None:
    """Every chart that the counts allow, two beside each other; of an odd number one takes the whole width."""
    drawn = figures_of(measured)
    wide = next((key for key in drawn if key in _MAY_BE_WIDE), None) if len(drawn) % 2 else None
    with charts.pair() as grid:
        for key, figure in drawn.items():
            if key == wide or len(drawn) == 1:
                with grid.cell(column_span="all"):
                    charts.show(figure, key=key)
            else:
                charts.show(figure, key=key)
    if isinstance(measured.metrics, Multiclass):
        _by_class(measured.metrics)


def figures_of(measured: PredictionMetrics) -> dict[str, go.Figure]:
    """The figures in their order, by the name under which each is saved."""
    drawn: dict[str, go.Figure] = {}
    match measured.metrics:
        case Binary() as metrics:
            drawn["confusion_matrix"] = figures.confusion_matrix(metrics)
            drawn["roc_curve"] = figures.roc_curve(metrics)
            drawn["precision_recall_curve"] = figures.precision_recall_curve(metrics)
        case Multiclass() as metrics:
            drawn["confusion_matrix"] = figures.confusion_matrix(metrics)
        case Regression() as metrics:
            drawn["predicted_vs_actual"] = figures.predicted_vs_actual(metrics)
            drawn["residuals"] = figures.residuals(metrics)
        case None:
            pass
        case other:
            assert_never(other)
    if measured.scores is not None:
        drawn["score_distribution"] = figures.score_distribution(measured.scores)
    if measured.bands is not None:
        drawn["risk_bands"] = figures.risk_bands(measured.bands)
    if measured.labels is not None:
        drawn["label_counts"] = figures.label_counts(measured.labels)
    if measured.values is not None:
        drawn["predicted_values"] = figures.predictions(measured.values)
    return drawn


def _by_class(metrics: Multiclass) -> None:
    st.markdown("**Metrics by class**")
    number = st.column_config.NumberColumn
    st.dataframe(
        pd.DataFrame(
            {
                "Class": metrics.labels,
                "Rows": [sum(row) for row in metrics.confusion],
                "Precision": metrics.precision,
                "Recall": metrics.recall,
                "F1": metrics.f1,
                "ROC-AUC": metrics.roc_auc,
            }
        ),
        hide_index=True,
        placeholder="–",
        column_config={
            "Rows": number(format="localized", help="Rows that are of the class."),
            "Precision": number(
                format="%.3f",
                help="Of the rows predicted as the class, the share that are. – where none were.",
            ),
            "Recall": number(
                format="%.3f",
                help="Of the rows of the class, the share that the model finds. – where there are none.",
            ),
            "F1": number(format="%.3f"),
            "ROC-AUC": number(format="%.3f", help="This class against all others."),
        },
    )
