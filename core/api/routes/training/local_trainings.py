"""Routes of trainings on their owner's own machine: what they tell, and the rows that they have told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core import db
from core.access import tokens
from core.api.dependencies import (
    TEXT_KEYS,
    WHOLE,
    Limit,
    ReaderOrReporter,
    Reporter,
    Text,
    UploadIdInBody,
    upload_id_of,
    uuid_of,
)
from core.api.http.error_responses import documented
from core.api.schemas.trainings import HeldOutRow, HeldOutRows
from core.api.security.authentication import RequestPrincipal
from core.models import models
from core.training import jobs, records
from core.training.bargain.metric_lines import MOST_STEPS, NAME, OWN_SPLITS
from core.training.local import batches, reports
from core.training.local.errors import ForAnother
from core.training.local.reports import Told
from core.training.package.package import MOST_WARNING, MOST_WARNINGS
from core.training.states import Status

router = APIRouter(tags=["trainings"])
MOST_ROWS, LONGEST_TEXT, MOST_INT = 500, 1_000, 2**31 - 1
Whole = Annotated[int, Field(ge=1, le=MOST_INT), WHOLE]
Attempt = Annotated[
    int | None, Field(ge=1, le=MOST_INT, description="How often it was begun; the newest if left out."), WHOLE
]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
UserId = Annotated[UUID | None, Field(strict=False, description="Yours, if at all.")]
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def _job_id_in_path(job_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    return uuid_of(job_id, resource="training")


JobId = Annotated[UUID, Depends(_job_id_in_path)]


class LocalTraining(BaseModel):
    """A training that begins on its owner's own machine, or goes on there."""

    model_config = STRICT
    job_id: Annotated[
        UUID | None, Field(strict=False, description="Made by the machine; made here if left out.")
    ] = None
    user_id: UserId = None
    model_name: Annotated[Text, Field(min_length=1, max_length=models.MAX_NAME)]
    target: Annotated[Text, Field(max_length=LONGEST_TEXT)] = ""
    attempt: Whole = 1
    upload_id: UploadIdInBody | None = None
    data_name: Annotated[Text | None, Field(max_length=LONGEST_TEXT)] = None
    data_sha256: Sha256 | None = None
    code_source: Literal["template", "user"] | None = None
    code_sha256: Sha256 | None = None
    environment: Annotated[
        dict[Annotated[Text, Field(max_length=100)], Annotated[Text, Field(max_length=100)]],
        Field(max_length=30, description="Where it runs (`host`, `system`), and versions."),
        TEXT_KEYS,
    ] = Field(default_factory=dict)
    warnings: Annotated[
        list[Annotated[Text, Field(max_length=MOST_WARNING)]],
        Field(
            max_length=MOST_WARNINGS, description="What to know before its model is trusted, a sentence each."
        ),
    ] = Field(default_factory=list)


class Begun(BaseModel):
    """Its id, and whose it is: what each row it tells may name."""

    job_id: str
    user_id: str


@router.post(
    "/training/local/jobs",
    status_code=201,
    response_model=Begun,
    response_description="A new training.",
    responses={
        **documented(400, 403, 404, 409, 413, 415, 422, 503),
        200: {"model": Begun, "description": "One that was known."},
    },
)
def begin_local_training(principal: Reporter, told: LocalTraining) -> JSONResponse:
    """Begin a training on one's own machine, or say that it goes on. It is told of by the calls below."""
    _require_own_name(principal, {told.user_id})
    with db.session_scope(principal.user, write=True) as session:
        job, is_new = reports.begin(
            session,
            job_id=told.job_id,
            told=Told(
                **told.model_dump(
                    exclude={"job_id", "user_id", "upload_id", "data_sha256"},
                ),
                upload_id=None if told.upload_id is None else upload_id_of(told.upload_id),
                data_sha256=told.data_sha256 or "",
            ),
            token_id=principal.only_its_own(tokens.TRAINING),
            now=datetime.now(UTC),
        )
        answer = Begun(job_id=str(job.id), user_id=str(job.user_id))
    return JSONResponse(answer.model_dump(), 201 if is_new else 200)


class Beat(BaseModel):
    """A sign of life."""

    model_config = STRICT
    attempt: Attempt = None


class Heard(BaseModel):
    """It was heard."""

    status: Literal["heard"] = "heard"


@router.post(
    "/training/local/jobs/{job_id}/heartbeat", responses=documented(400, 403, 404, 409, 413, 415, 422, 503)
)
def beat_of_local_training(principal: Reporter, job_id: JobId, beat: Beat) -> Heard:
    """Say that it is alive: silent for 60 s it is shown as out of contact, after a day as lost."""
    own = principal.only_its_own(tokens.TRAINING)
    with db.session_scope(principal.user, write=True) as session:
        reports.beat(session, job_id=job_id, token_id=own, attempt=beat.attempt)
    return Heard()


class End(BaseModel):
    """How it has ended, and why."""

    model_config = STRICT
    status: Literal["succeeded", "failed", "cancelled"]
    reason: Annotated[Text, Field(max_length=LONGEST_TEXT)] = ""
    attempt: Attempt = None


@router.post(
    "/training/local/jobs/{job_id}/end", responses=documented(400, 403, 404, 409, 413, 415, 422, 503)
)
def end_local_training(principal: Reporter, job_id: JobId, end: End) -> Heard:
    """Say how it has ended; nothing more is taken then."""
    own = principal.only_its_own(tokens.TRAINING)
    with db.session_scope(principal.user, write=True) as session:
        reports.end(
            session,
            job_id=job_id,
            token_id=own,
            attempt=end.attempt,
            status=Status(end.status),
            reason=end.reason,
        )
    return Heard()


def _not_the_apps_own(split: str) -> str:
    if split in OWN_SPLITS:
        raise ValueError("the app keeps this split for what it measures itself")
    return split


Word = Annotated[str, Field(pattern=f"^{NAME.pattern}$", max_length=60)]


class MetricPoint(BaseModel):
    """A point of a curve."""

    model_config = STRICT
    metric: Word
    split: Annotated[
        Word,
        AfterValidator(_not_the_apps_own),
        Field(json_schema_extra={"not": {"enum": sorted(OWN_SPLITS)}}),
    ] = "train"
    step: Annotated[int, Field(ge=0, le=MOST_STEPS), WHOLE] = 0
    value: float
    user_id: UserId = None


class MetricBatch(BaseModel):
    """Points, under a number that counts up from 1."""

    model_config = STRICT
    batch: Whole
    attempt: Attempt = None
    rows: Annotated[list[MetricPoint], Field(max_length=MOST_ROWS)]


class Accepted(BaseModel):
    """How many rows were taken."""

    accepted: int


@router.post("/training/metrics/{job_id}", responses=documented(400, 403, 404, 409, 413, 415, 422, 503))
def take_metrics(principal: Reporter, job_id: JobId, sent: MetricBatch) -> Accepted:
    """Take points of the curve. The same batch again changes nothing; its number with other rows is refused."""
    return _taken(batches.metrics, principal, job_id, sent, [_as_kept(row) for row in _rows(sent)])


def _as_kept(point: dict[str, Any]) -> dict[str, Any]:
    return {"name": point.pop("metric"), **point}


class PredictedRow(BaseModel):
    """A row that the model had not learnt from. row: its number in the data, from 1."""

    model_config = STRICT
    row: Whole
    actual: Annotated[Text, Field(max_length=LONGEST_TEXT)]
    prediction: Annotated[Text, Field(max_length=LONGEST_TEXT)]
    probability: Annotated[float | None, Field(ge=0, le=1)] = None
    user_id: UserId = None


class PredictionBatch(BaseModel):
    """Rows, under a number that counts up from 1."""

    model_config = STRICT
    batch: Whole
    attempt: Attempt = None
    rows: Annotated[list[PredictedRow], Field(max_length=MOST_ROWS)]


@router.post("/training/predictions/{job_id}", responses=documented(400, 403, 404, 409, 413, 415, 422, 503))
def take_predictions(principal: Reporter, job_id: JobId, sent: PredictionBatch) -> Accepted:
    """Take held-out rows. The same batch again changes nothing; its number with other rows is refused."""
    return _taken(batches.predictions, principal, job_id, sent, _rows(sent))


def _rows(sent: MetricBatch | PredictionBatch) -> list[dict[str, Any]]:
    """In one go: to dump 500 rows one by one takes longer than all the rest."""
    rows: list[dict[str, Any]] = sent.model_dump(exclude={"rows": {"__all__": {"user_id"}}})["rows"]
    return rows


def _taken(
    take: Any, principal: RequestPrincipal, job_id: UUID, sent: MetricBatch | PredictionBatch, rows: list[Any]
) -> Accepted:
    _require_own_name(principal, {row.user_id for row in sent.rows})
    with db.session_scope(principal.user, write=True) as session:
        own = principal.only_its_own(tokens.TRAINING)
        n = take(session, job_id=job_id, token_id=own, attempt=sent.attempt, number=sent.batch, rows=rows)
    return Accepted(accepted=n)


def _require_own_name(principal: RequestPrincipal, named: set[UUID | None]) -> None:
    """Raises ForAnother: nobody tells anything in the name of another, an admin neither."""
    if named - {None, principal.user.id}:
        raise ForAnother


@router.get("/training/predictions/{job_id}", responses=documented(400, 403, 404, 422, 503))
def list_held_out_rows(
    principal: ReaderOrReporter,
    job_id: JobId,
    limit: Limit = 50,
    cursor: Annotated[int, Query(ge=0, le=MOST_INT, description="`next_cursor` of the page before.")] = 0,
) -> HeldOutRows:
    """What a training's model said of rows whose outcome it had not seen."""
    own = principal.only_its_own(tokens.READ)
    with db.session_scope(principal.user) as session:
        if own is None:
            jobs.get(session, training_job_id=job_id)
        else:
            reports.require_begun_by(session, job_id=job_id, token_id=own)
        found = records.predictions(session, training_job_id=job_id, after=cursor, limit=limit)
    items = [HeldOutRow.of(row) for row in found]
    return HeldOutRows(items=items, next_cursor=str(items[-1].row) if len(items) == limit else None)
