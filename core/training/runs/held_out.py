"""What is kept of the rows that the code never saw the outcome of."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.training_jobs import TrainingJobRow, TrainingPredictionRow
from core.models import thresholds
from core.training.bargain.inputs import Inputs

N_CHECKS: Final = 3


def write(
    session: Session, training: TrainingJobRow, inputs: Inputs, answers: np.ndarray, *, threshold: float
) -> None:
    """The held-out rows, by their number in the upload, in place of those of an attempt before.

    threshold: from which probability on a row is predicted as the positive one of two classes.
    """
    of_job = TrainingPredictionRow.training_job_id == training.id
    session.execute(sa.delete(TrainingPredictionRow).where(of_job))
    schema, mine = inputs.schema, {"training_job_id": training.id, "user_id": training.user_id}
    rows = (inputs.held_out_rows + 1).tolist()
    if schema.task == "regression":
        values = zip(rows, inputs.truth.tolist(), answers.tolist(), strict=True)
        said = [
            mine | {"row": row, "actual": repr(actual), "prediction": repr(answer), "probability": None}
            for row, actual, answer in values
        ]
    else:
        predicted = answers.argmax(axis=1)
        column = schema.labels.index(schema.positive_label) if schema.positive_label else None
        shares = answers[:, column] if column is not None else answers.max(axis=1)
        if column is not None:
            predicted = np.where(thresholds.reached(shares, threshold), column, 1 - column)
        classes = zip(rows, inputs.truth.tolist(), predicted.tolist(), shares.tolist(), strict=True)
        said = [
            mine
            | {
                "row": row,
                "actual": schema.labels[actual],
                "prediction": schema.labels[answer],
                "probability": share,
            }
            for row, actual, answer, share in classes
        ]
    session.execute(sa.insert(TrainingPredictionRow), said)


def checks(inputs: Inputs, answers: np.ndarray) -> list[dict[str, Any]]:
    """Three held-out rows with their answers: what serves the model must give the same."""
    places = np.unique(np.linspace(0, len(answers) - 1, N_CHECKS).astype(int)).tolist()
    kept = []
    for place in places:
        row = inputs.held_out.iloc[place]
        values = {
            feature.name: None if _is_missing(row[feature.name]) else row[feature.name]
            for feature in inputs.schema.inputs
        }
        kept.append({"row": values, "answer": answers[place].tolist()})
    return kept


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))
