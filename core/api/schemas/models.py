"""What the API says of a model, its schema and its training: typed, so that OpenAPI is exact."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from core.api.schemas.targets import ChosenBy
from core.db.tables.models import ModelRow
from core.models import thresholds


class MetricOverFolds(BaseModel):
    """A metric across the folds of the cross-validation."""

    mean: float
    std: float


class Candidate(BaseModel):
    """A recipe that was tried."""

    name: str
    metrics: dict[str, MetricOverFolds]


class Importance(BaseModel):
    """How much the main metric drops when the column is shuffled."""

    column: str
    fall: float


class Dropped(BaseModel):
    """A column that was left out, and why."""

    column: str
    reason: str


class ModelFeature(BaseModel):
    """A column that the model reads, as it was in the training data."""

    name: str
    kind: Literal["number", "category", "date"]
    categories: list[str]
    minimum: float | None = Field(
        description="The least seen in training; of a date the days since 1970-01-01 with the part of the day that has "
        "passed, of a time of day that part alone."
    )
    maximum: float | None
    median: float | None = Field(
        default=None,
        description="What reasons compare a number with; null if the model is too old to give reasons.",
    )


class ModelSchema(BaseModel):
    """What the model reads and answers."""

    features: list[ModelFeature]
    target: str
    task: Literal["binary", "multiclass", "regression"]
    labels: list[str]
    positive_label: str | None


class Evaluation(BaseModel):
    """How the model was measured."""

    by: Literal["rows", "copies", "groups", "time"] = Field(
        description="`rows`: independent rows in folds; `copies`, `groups`: those that belong together stay in one "
        "fold; `time`: the latest fifth was predicted from the rows before."
    )
    column: str | None = Field(description="Of the groups or of the times.")
    is_stated: bool = Field(description="It was asked for; else the app decided.")
    n_folds: int
    n_groups: int | None = Field(description="How many groups, or how many different rows among copies.")
    n_related: int | None = Field(description="Rows that have another one of their group, or a copy.")


class ThresholdOption(BaseModel):
    """What a threshold does to rows that the model had not learnt from when it scored them."""

    rule: ChosenBy
    threshold: float
    n_rows: int
    n_called: int = Field(description="Rows that are predicted as the positive class.")
    precision: float | None = Field(description="Of these, the share that are; null where there are none.")
    recall: float | None = Field(description="Of the rows that are, the share predicted so.")
    f1: float | None


class Thresholds(BaseModel):
    """The thresholds that one can choose by a rule."""

    options: list[ThresholdOption]


class Report(BaseModel):
    """How the model was trained: the candidates, the one chosen, and the baseline."""

    candidates: list[Candidate]
    chosen: str
    chosen_by: str
    metrics: dict[str, MetricOverFolds]
    baseline: dict[str, MetricOverFolds]
    importance: list[Importance]
    evaluation: Evaluation | None = Field(default=None, description="Null for models of before it was kept.")
    dropped: list[Dropped]
    keep: list[str] = []
    warnings: list[str]
    n_rows: int
    n_fitted: int
    versions: dict[str, str]
    seconds: float
    thresholds: Thresholds | None = Field(
        default=None, description="Null but for two classes, and for models of before they were kept."
    )


class Model(BaseModel):
    """A trained model, or one in training."""

    id: str
    user_id: str
    name: str
    version: int
    status: Literal["training", "ready", "failed"]
    target: str
    task_type: Literal["binary", "multiclass", "regression"] | None
    upload_id: str | None = Field(description="Null if the upload was deleted.")
    data_name: str
    data_sha256: str
    task_id: str
    steps_done: int
    steps_total: int | None
    metrics: dict[str, MetricOverFolds] | None = Field(description="Cross-validated; null until ready.")
    threshold: float | None = Field(
        description="From which probability on a row counts as the positive class; null but for two classes."
    )
    threshold_rule: ChosenBy | None = Field(description="How it was chosen.")
    origin: Literal["built_in", "sandbox"]
    deployed_url: str | None = Field(description="Of its live app, while it has one.")
    is_sample: bool
    error_message: str | None
    error_hint: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: ModelRow) -> Self:
        return cls.model_validate(_of_model(row))


class ModelDetail(Model):
    """A model with its schema and training report; both are null until it is ready."""

    model_schema: ModelSchema | None = Field(alias="schema")
    report: Report | None

    @classmethod
    def of(cls, row: ModelRow) -> Self:
        return cls.model_validate({**_of_model(row), "schema": row.schema, "report": row.report or None})


def _of_model(row: ModelRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "user_id": str(row.user_id),
        "name": row.name,
        "version": row.version,
        "status": row.status,
        "target": row.target,
        "task_type": row.task_type,
        "upload_id": None if row.upload_id is None else str(row.upload_id),
        "data_name": row.data_name,
        "data_sha256": row.data_sha256,
        "task_id": str(row.task_id),
        "steps_done": row.task.done,
        "steps_total": row.task.total,
        "metrics": row.report["metrics"] if row.report else None,
        "threshold": thresholds.of_model(row) if row.task_type == "binary" else None,
        "threshold_rule": thresholds.rule_of(row) if row.task_type == "binary" else None,
        "origin": row.origin,
        "deployed_url": row.deployed_url,
        "is_sample": row.is_sample,
        "error_message": row.error["message"] if row.error else None,
        "error_hint": row.error["hint"] if row.error else None,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
