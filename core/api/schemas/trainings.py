"""What the API says of trainings and of live apps: typed, so that OpenAPI is exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from core.db.tables.deployments import DeploymentRow
from core.db.tables.training_jobs import (
    TrainingEventRow,
    TrainingJobRow,
    TrainingMetricRow,
    TrainingPredictionRow,
)
from core.training.bargain.metric_lines import BASELINE, HOLDOUT
from core.training.deployments.states import Status as DeploymentStatus
from core.training.states import PENDING, STAGES, Status


class Failure(BaseModel):
    """Why something is not as it should be."""

    reason: str
    message: str
    hint: str

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Self | None:
        if stored is None:
            return None
        return cls(reason=stored["code"], message=stored["message"], hint=stored.get("hint", ""))


class Stage(BaseModel):
    """A state that a training came to. attempt: 0 before a worker had it."""

    state: Status
    attempt: int
    message: str
    at: datetime

    @classmethod
    def of(cls, event: TrainingEventRow) -> Self:
        return cls(state=Status(event.state), attempt=event.attempt, message=event.message, at=event.at)


class DeploymentState(BaseModel):
    """A live app in short."""

    id: str
    status: DeploymentStatus
    url: str | None
    expires_at: datetime | None
    error: Failure | None
    backend: str = Field(description="`local`, or `e2b` where it runs on a machine of E2B's.")
    unreachable_since: datetime | None = Field(
        description="Since when nobody could reach it; it may well go on."
    )

    @classmethod
    def of_row(cls, row: DeploymentRow) -> Self:
        return cls(
            id=str(row.id),
            status=DeploymentStatus(row.status),
            url=row.url,
            expires_at=row.expires_at,
            error=Failure.of(row.reason),
            backend=row.backend,
            unreachable_since=row.unreachable_since,
        )


class Deployment(DeploymentState):
    """A model's live app."""

    user_id: str
    model_id: str
    model_name: str
    model_version: int
    training_job_id: str | None
    created_at: datetime
    updated_at: datetime
    used_at: datetime

    @classmethod
    def of(cls, row: DeploymentRow) -> Self:
        state = DeploymentState.of_row(row)
        return cls(
            **state.model_dump(exclude={"error"}),
            error=state.error,
            user_id=str(row.user_id),
            model_id=str(row.model_id),
            model_name=row.model.name,
            model_version=row.model.version,
            training_job_id=str(row.training_job_id) if row.training_job_id else None,
            created_at=row.created_at,
            updated_at=row.updated_at,
            used_at=row.used_at,
        )


class TrainingStatus(BaseModel):
    """How a training stands."""

    status: Status
    stage: Status | None = Field(description="While it runs, what it is at.")
    stages: list[Stage]
    deployment_url: str | None
    deployment: DeploymentState | None
    unreachable_since: datetime | None = Field(
        description="Since when its sandbox can't be reached; null if it can."
    )
    metrics: dict[str, float] = Field(description="Measured on held-out rows; empty until it has succeeded.")
    baseline: dict[str, float]
    warnings: list[str]
    error: Failure | None

    @classmethod
    def of(
        cls,
        job: TrainingJobRow,
        *,
        events: Sequence[TrainingEventRow],
        headline: Sequence[TrainingMetricRow],
        deployment: DeploymentRow | None,
    ) -> Self:
        status = Status(job.status)
        measured = headline if status is Status.SUCCEEDED else ()
        return cls(
            status=status,
            stage=status if status in STAGES else None,
            stages=[Stage.of(event) for event in events],
            deployment_url=job.deployment_url,
            deployment=DeploymentState.of_row(deployment) if deployment else None,
            unreachable_since=job.unreachable_since if status in PENDING else None,
            metrics={point.name: point.value for point in measured if point.split == HOLDOUT},
            baseline={point.name: point.value for point in measured if point.split == BASELINE},
            warnings=list(job.warnings),
            error=Failure.of(job.reason),
        )


class TrainingJob(BaseModel):
    """A training: in a sandbox (`trigger`), or on its owner's own machine (`local`), and then without a model here."""

    id: str
    user_id: str
    origin: Literal["trigger", "local"]
    model_id: str | None
    model_version: int | None
    upload_id: str | None = Field(description="Null if the upload was deleted.")
    name: str
    goal: str
    target: str
    resources: list[str] = Field(description="Web pages that were to be read first.")
    shares_values: bool
    status: Status
    warnings: list[str]
    error: Failure | None
    code_source: str | None
    code_sha256: str | None
    data_sha256: str
    environment: dict[str, str] | None
    isolation: str | None
    backend: str | None = Field(description="Where it ran: `local`, or `e2b`; null before it had a sandbox.")
    usage: dict[str, float | None] | None
    deployment_url: str | None
    retry_of: str | None
    heard_at: datetime | None = Field(description="When its worker or machine last told something.")
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, row: TrainingJobRow) -> Self:
        names = (
            *(
                "name",
                "origin",
                "goal",
                "target",
                "resources",
                "shares_values",
                "warnings",
                "code_source",
                "code_sha256",
                "data_sha256",
                "environment",
            ),
            *(
                "isolation",
                "backend",
                "usage",
                "deployment_url",
                "heard_at",
                "created_at",
                "updated_at",
                "started_at",
                "finished_at",
            ),
        )
        return cls(
            id=str(row.id),
            user_id=str(row.user_id),
            model_id=None if row.model_id is None else str(row.model_id),
            model_version=None if row.model is None else row.model.version,
            upload_id=None if row.upload_id is None else str(row.upload_id),
            status=Status(row.status),
            error=Failure.of(row.reason),
            retry_of=str(row.retry_of) if row.retry_of else None,
            **{name: getattr(row, name) for name in names},
        )


class HeldOutRow(BaseModel):
    """A row that the model had not learnt from. row: its number in the upload, from 1."""

    row: int
    actual: str
    prediction: str
    probability: float | None

    @classmethod
    def of(cls, row: TrainingPredictionRow) -> Self:
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class HeldOutRows(BaseModel):
    """Held-out rows in the upload's order."""

    items: list[HeldOutRow]
    next_cursor: str | None
