"""Scoring the same file with the same model once more, and whether that gave the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from core.db.tables.predictions import PredictionRow
from core.errors import Conflict
from core.models import models
from core.predictions import predictions, receipt
from core.predictions.receipt import IngredientChange
from core.predictions.states import Status
from core.uploads import uploads

_LOOKED_AT = 20


@dataclass(frozen=True)
class RepeatComparison:
    """A result beside the newest earlier one of the same file, model and options.

    same_counts: of the counts behind the metrics. changed: the ingredients that differ. Both are None where the
    earlier prediction has no receipt.
    """

    earlier_id: UUID
    earlier_at: datetime
    same_bytes: bool
    same_counts: bool | None
    changed: tuple[IngredientChange, ...] | None


def again(session: Session, *, prediction_id: UUID) -> PredictionRow:
    """Queue a new prediction of the same file with the same model and options; `compare` of it then compares.

    Raises NotFound, OwnedByAnother, Conflict unless it is COMPLETED.
    """
    prediction = predictions.own(session, prediction_id=prediction_id)
    if prediction.status != Status.COMPLETED:
        raise Conflict(resource="prediction", state=prediction.status, asked="checked before it is COMPLETED")
    return predictions.add(
        session,
        upload=uploads.hold(session, upload_id=prediction.upload_id),
        model=models.hold(session, model_id=prediction.model_id),
        options=prediction.options,
    )


def compare(session: Session, *, prediction: PredictionRow) -> RepeatComparison | None:
    """How a COMPLETED prediction's result compares; None where nothing earlier is to be compared with.

    prediction: as `predictions.get` loads it.
    """
    earlier = sa.select(PredictionRow).where(
        PredictionRow.user_id == prediction.user_id,
        PredictionRow.upload_id == prediction.upload_id,
        PredictionRow.model_id == prediction.model_id,
        PredictionRow.status == Status.COMPLETED,
        PredictionRow.finished_at < prediction.finished_at,
    )
    newest = earlier.order_by(PredictionRow.finished_at.desc()).limit(_LOOKED_AT)
    for other in session.execute(newest.options(undefer(PredictionRow.receipt))).scalars():
        if other.options == prediction.options:
            return _compared(other, prediction)
    return None


def _compared(before: PredictionRow, now: PredictionRow) -> RepeatComparison:
    assert before.finished_at is not None
    same_counts, changed = None, None
    if before.receipt and now.receipt:
        was, is_now = before.receipt["result"], now.receipt["result"]
        same_counts = was["counts_sha256"] == is_now["counts_sha256"]
        changed = receipt.changes(before.receipt, now.receipt)
    return RepeatComparison(
        earlier_id=before.id,
        earlier_at=before.finished_at,
        same_bytes=before.output_sha256 == now.output_sha256,
        same_counts=same_counts,
        changed=changed,
    )
