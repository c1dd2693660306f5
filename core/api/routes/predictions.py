"""Routes of predictions; their result files are in `results`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

import anyio.to_thread
from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from core import db
from core.access import ownership
from core.api.dependencies import (
    ColumnMapping,
    Config,
    Cursor,
    Files,
    IdempotencyKey,
    Limit,
    Owner,
    PredictionId,
    Reader,
    UploadIdInBody,
    Writer,
    model_id_of,
    upload_id_of,
)
from core.api.http.error_responses import documented
from core.api.http.idempotency import Call, once
from core.api.routes import scoring
from core.api.schemas import work
from core.api.schemas.checks import Warned
from core.api.schemas.targets import Threshold
from core.db.tables.predictions import PredictionRow
from core.predictions import listing, predictions
from core.predictions.check import schema_check
from core.predictions.states import PENDING, Status
from core.settings import Settings
from core.storage import Storage
from core.uploads import stored, uploads

router = APIRouter(prefix="/predictions", tags=["predictions"])


class PredictionRequest(BaseModel):
    """A prediction to create."""

    model_config = ConfigDict(extra="forbid", strict=True)
    upload_id: UploadIdInBody
    model_id: str
    mode: Literal["queued", "sync"] = Field(default="queued", description="`sync` waits for the result.")
    mapping: ColumnMapping = Field(
        default_factory=dict,
        description="Each of the model's columns, and the file's column to read instead; saved with the prediction.",
    )
    reading: ColumnMapping = Field(
        default_factory=dict,
        description="Each of the model's columns that can be read in two ways, and the way to read it; "
        "`GET /api/uploads/{upload_id}/check` asks. Saved with the prediction.",
    )
    reasons: bool = Field(default=False, description=work.REASONS)
    threshold: Threshold | None = Field(
        default=None,
        description=work.THRESHOLD,
    )


class Created(BaseModel):
    """The new prediction and its status."""

    prediction_id: str
    status: Status
    error_message: str | None = Field(description="Why it failed.")
    warnings: list[Warned] = Field(description="Warnings about the file's cells, as in its `check`.")


@router.get("", responses=documented(400, 403, 404, 422, 503))
def list_predictions(
    user: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[list[Status] | None, Query(description="Only these; repeat it for several.")] = None,
    upload_id: str | None = None,
    model_id: str | None = None,
    owner: Owner = ownership.MINE,
) -> work.Listed[work.Prediction]:
    """Your predictions, newest first."""
    with db.session_scope(user) as session:
        page = listing.page(
            session,
            limit=limit,
            cursor=cursor,
            statuses=status or (),
            upload_id=None if upload_id is None else upload_id_of(upload_id),
            model_id=None if model_id is None else model_id_of(model_id),
            owner=owner,
        )
    return work.Listed[work.Prediction].of(page, work.Prediction.of)


@router.post(
    "",
    status_code=202,
    response_description="Queued.",
    response_model=Created,
    responses={
        201: {"model": Created, "description": "Scored (mode `sync`)."},
        **documented(400, 403, 404, 409, 413, 415, 422, 503),
    },
)
async def create_prediction(
    user: Writer,
    config: Config,
    files: Files,
    wanted: PredictionRequest,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Score an upload with a model. Refused if its `check` says it can't be scored."""
    upload_id, model_id = upload_id_of(wanted.upload_id), model_id_of(wanted.model_id)
    made_of = {"call": "predictions", "upload_id": upload_id, "model_id": str(model_id), "mode": wanted.mode}
    if wanted.reasons:
        made_of["reasons"] = True
    if wanted.mapping:
        made_of["mapping"] = wanted.mapping
    if wanted.reading:
        made_of["reading"] = wanted.reading
    if wanted.threshold is not None:
        made_of["threshold"] = wanted.threshold
    async with once(user, idempotency_key, made_of) as call:
        if call.replay is not None:
            return call.replay
        create = partial(_create, user, call, config, files, upload_id, model_id, wanted)
        prediction, warnings = await anyio.to_thread.run_sync(create)
        if wanted.mode == "sync":
            prediction = await scoring.finished(user, prediction_id=prediction.id, task_id=prediction.task_id)
        status_code = 202 if prediction.status in PENDING else 201
        return await call.answer(status_code, created(prediction, warnings))


def created(prediction: PredictionRow, warnings: Sequence[Warned] = ()) -> Created:
    """What a creating call answers."""
    return Created(
        prediction_id=str(prediction.id),
        status=Status(prediction.status),
        error_message=prediction.error_message,
        warnings=list(warnings),
    )


def _create(
    user: db.User,
    call: Call,
    config: Settings,
    files: Storage,
    upload_id: int,
    model_id: UUID,
    wanted: PredictionRequest,
) -> tuple[PredictionRow, list[Warned]]:
    if wanted.mode == "sync":
        with db.session_scope(user) as session:
            upload = uploads.get(session, upload_id=upload_id)
        scoring.require_small(config, size_bytes=upload.size_bytes)
    checked = schema_check.check(
        user,
        storage=files,
        upload_id=upload_id,
        model_id=model_id,
        mapping=wanted.mapping,
        choices=wanted.reading,
    )
    if checked.refusal is not None:
        raise checked.refusal
    warnings = [Warned.of(one) for one in checked.warnings]
    with db.session_scope(user, write=True) as session:
        prediction = predictions.create(
            session,
            upload_id=upload_id,
            model_id=model_id,
            mode=wanted.mode,
            mapping=checked.mapping,
            with_reasons=wanted.reasons,
            choices=checked.reading,
            threshold=wanted.threshold,
        )
        call.made(session, 202, created(prediction, warnings))
    return prediction, warnings


@router.get("/{prediction_id}", responses=documented(403, 404, 503))
def get_prediction(user: Reader, prediction_id: PredictionId) -> work.PredictionDetail:
    """One prediction, with its progress and key figures."""
    with db.session_scope(user) as session:
        prediction = predictions.get(session, prediction_id=prediction_id)
    return work.PredictionDetail.of(prediction)


@router.post(
    "/{prediction_id}/process-demo",
    responses={
        202: {"model": work.Prediction, "description": "Still running after the longest wait."},
        **documented(403, 404, 409, 503),
    },
)
async def process_by_hand(user: Writer, prediction_id: PredictionId, response: Response) -> work.Prediction:
    """Score a QUEUED prediction right now, even if no worker is running."""
    task_id = await anyio.to_thread.run_sync(_prioritize, user, prediction_id)
    prediction = await scoring.finished(user, prediction_id=prediction_id, task_id=task_id)
    if prediction.status in PENDING:
        response.status_code = 202
    return work.Prediction.of(prediction)


def _prioritize(user: db.User, prediction_id: UUID) -> UUID:
    with db.session_scope(user, write=True) as session:
        return predictions.prioritize(session, prediction_id=prediction_id)


@router.post("/{prediction_id}/cancel", responses=documented(403, 404, 409, 503))
def cancel_prediction(user: Writer, prediction_id: PredictionId) -> work.Prediction:
    """Cancel a prediction: at once if it is waiting, otherwise as soon as its worker notices."""
    with db.session_scope(user, write=True) as session:
        predictions.cancel(session, prediction_id=prediction_id)
    with db.session_scope(user) as session:
        return work.Prediction.of(predictions.get(session, prediction_id=prediction_id))


@router.post("/{prediction_id}/retry", responses=documented(403, 404, 409, 503))
def retry_prediction(user: Writer, prediction_id: PredictionId) -> work.Prediction:
    """Queue a FAILED or CANCELLED prediction again."""
    with db.session_scope(user, write=True) as session:
        return work.Prediction.of(predictions.retry(session, prediction_id=prediction_id))


@router.delete("/{prediction_id}", responses=documented(403, 404, 409, 503))
def delete_prediction(user: Writer, files: Files, prediction_id: PredictionId) -> work.Deleted:
    """Delete a finished prediction and its result files."""
    stored.delete(user, files, partial(predictions.delete, prediction_id=prediction_id))
    return work.Deleted(id=str(prediction_id))
