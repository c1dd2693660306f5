"""What the API says of a prediction and of lists: typed, so that OpenAPI is exact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Generic, Literal, Self, TypeVar

from pydantic import BaseModel, Field

from core.db.pagination import Page
from core.db.tables.predictions import PredictionRow
from core.predictions import cutting
from core.predictions.matching import mapping
from core.predictions.results import measures
from core.predictions.states import Status

REASONS = (
    "Adds the columns `reason_1` to `reason_3`: what moved each row's answer most, one column at a time, compared with "
    "the model's median or most common category. Takes several times as long."
)
THRESHOLD = (
    "From which probability on a row counts as the positive one of two classes; the model's if left out. Saved with "
    "the prediction."
)

Row = TypeVar("Row")
Item = TypeVar("Item")


class Listed(BaseModel, Generic[Item]):
    """One page of a list, newest first."""

    items: list[Item]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last.")

    @classmethod
    def of(cls, page: Page[Row], item: Callable[[Row], Item]) -> Self:
        return cls(items=[item(row) for row in page.items], next_cursor=page.next_cursor)


class Prediction(BaseModel):
    """One upload scored by one model."""

    id: str
    user_id: str
    status: Status
    mode: Literal["queued", "sync"]
    upload_id: str
    file_name: str
    model_id: str
    model_name: str
    model_version: int
    mapping: dict[str, str] = Field(
        description="The model's columns that were read from differently named columns of the file."
    )
    task_id: str
    reasons: bool = Field(description="Each row has reasons for its answer.")
    threshold: float | None = Field(
        description="From which probability on rows count as the positive class; null but for two classes."
    )
    rows_processed: int
    rows_total: int | None
    cancel_requested: bool = Field(description="The worker will stop as soon as it notices.")
    columns_added: list[str] | None = Field(description="The columns that the result adds to the upload's.")
    result_bytes: int | None
    result_sha256: str | None
    error_message: str | None
    error_hint: str | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, row: PredictionRow) -> Self:
        return cls(
            id=str(row.id),
            user_id=str(row.user_id),
            status=Status(row.status),
            mode="sync" if row.mode == "sync" else "queued",
            upload_id=str(row.upload_id),
            file_name=row.upload.file_name,
            model_id=str(row.model_id),
            model_name=row.model.name,
            model_version=row.model.version,
            mapping=mapping.of(row),
            task_id=str(row.task_id),
            reasons=bool(row.options.get("reasons")),
            threshold=cutting.of(row) if row.model.task_type == "binary" else None,
            rows_processed=row.task.done,
            rows_total=row.task.total,
            cancel_requested=row.task.cancel_requested,
            columns_added=row.columns["added"] if row.columns else None,
            result_bytes=row.output_bytes,
            result_sha256=row.output_sha256,
            error_message=row.error_message,
            error_hint=row.error_hint,
            created_at=row.created_at,
            updated_at=row.updated_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )


class PredictionDetail(Prediction):
    """A prediction with its key figures; those behind the charts are at `/metrics`."""

    metrics: dict[str, float | None] | None = Field(
        description="By name; null until COMPLETED, or if no row has a known outcome."
    )

    @classmethod
    def of(cls, row: PredictionRow) -> Self:
        found = measures.of(row).metrics if row.status == Status.COMPLETED else None
        numbers = found and {
            name: value
            for name, value in found.to_json().items()
            if name not in ("n_rows", "n_positives") and (value is None or isinstance(value, int | float))
        }
        return cls(**Prediction.of(row).model_dump(), metrics=numbers or None)


class Deleted(BaseModel):
    """It was deleted, with its files."""

    id: str
    deleted: Literal[True] = True
