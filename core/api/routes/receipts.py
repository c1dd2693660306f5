"""Routes of a prediction's score receipt, and of scoring the same once more to compare."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import anyio.to_thread
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from core import db
from core.api.dependencies import CurrentUser, IdempotencyKey, PredictionId
from core.api.http.error_responses import documented
from core.api.http.idempotency import Call, once
from core.api.routes import predictions as calls
from core.db.tables.predictions import PredictionRow
from core.errors import Conflict
from core.predictions import predictions, repeats
from core.predictions.errors import ReceiptMissing
from core.predictions.states import Status

router = APIRouter(prefix="/predictions", tags=["predictions"])


class Input(BaseModel):
    """The file's own bytes."""

    sha256: str
    bytes: int


class ModelIngredient(BaseModel):
    """What the model is."""

    sha256: str = Field(description="Of its stored file.")
    schema_sha256: str = Field(description="Of the columns that it reads and the answers that it gives.")


class Code(BaseModel):
    """The app itself."""

    version: str
    sha256: str | None = Field(
        description="Of the source that reads and scores; null where none is installed."
    )


class Machine(BaseModel):
    """What adds and multiplies."""

    processor: str
    arithmetic: str


class Ingredients(BaseModel):
    """Everything that decides the result's bytes."""

    input: Input
    reading: dict[str, Any] = Field(
        description="How the file was read: the `dialect` of its upload's receipt."
    )
    model: ModelIngredient
    options: dict[str, Any] = Field(description="What was asked for beyond file and model.")
    code: Code
    libraries: dict[str, str] = Field(description="Versions, by name.")
    machine: Machine


class Result(BaseModel):
    """What came out."""

    sha256: str
    bytes: int
    rows: int
    columns_added: list[str]
    counts_sha256: str = Field(description="Of the counts behind the metrics.")


class TrainedOn(BaseModel):
    """The file that the model learned from."""

    file_name: str
    sha256: str


class About(BaseModel):
    """Names that change no byte."""

    file_name: str
    overruled: dict[str, Any] = Field(description="What a user said of the file instead of what was guessed.")
    model_id: str
    model_name: str
    model_version: int
    trained_on: TrainedOn


class Spread(BaseModel):
    """How a large file was shared out over a Dask cluster."""

    n_ranges: int = Field(description="Pieces of the file that the cluster scored.")
    n_here: int = Field(description="Those that the worker scored itself instead.")
    why_here: str | None = Field(description="What was the matter with the cluster, if anything was.")


class Run(BaseModel):
    """How it went, which changes no byte either."""

    answered_by: Literal["trees", "curves", "pipeline"] = Field(
        description="Tables of the model's trees, of its curves, or its pipeline itself."
    )
    why_pipeline: str | None = Field(description="Why the pipeline itself answered, where it did.")
    rows_by_pipeline: int
    threads: int
    seconds: float
    spread: Spread | None = Field(default=None, description="Null where one worker was meant to do it all.")


class ScoreReceipt(BaseModel):
    """What a result was made of, so that anyone can make the same bytes again."""

    schema_: int = Field(alias="schema", description="The version of this shape.")
    says: str
    prediction_id: str
    ingredients: Ingredients
    ingredients_sha256: str = Field(description="Equal for equal ingredients.")
    result: Result
    about: About
    run: Run


class Change(BaseModel):
    """An ingredient that was another the last time."""

    name: str = Field(description="Its place among the ingredients, such as `libraries.numpy`.")
    before: str
    now: str


class Verdict(BaseModel):
    """The result beside the newest earlier one of the same file, model and options; all null where there is none."""

    earlier_id: str | None
    earlier_at: datetime | None
    same_bytes: bool | None
    same_counts: bool | None = Field(
        description="Of the counts behind the metrics; null without both receipts."
    )
    changed: list[Change] | None = Field(
        description="The ingredients that differ; null without both receipts."
    )


@router.get("/{prediction_id}/receipt", responses=documented(403, 404, 409, 503))
def get_receipt(user: CurrentUser, prediction_id: PredictionId) -> ScoreReceipt:
    """What a finished prediction was made of, with the hashes of all of it."""
    prediction = _completed(user, prediction_id)
    if prediction.receipt is None:
        raise ReceiptMissing(file_name=prediction.upload.file_name)
    return ScoreReceipt.model_validate(prediction.receipt)


@router.get("/{prediction_id}/verdict", responses=documented(403, 404, 409, 503))
def get_verdict(user: CurrentUser, prediction_id: PredictionId) -> Verdict:
    """Whether scoring the same file with the same model gave the same bytes as the last time."""
    prediction = _completed(user, prediction_id)
    with db.session_scope(user) as session:
        found = repeats.compare(session, prediction=prediction)
    if found is None:
        return Verdict(earlier_id=None, earlier_at=None, same_bytes=None, same_counts=None, changed=None)
    return Verdict(
        earlier_id=str(found.earlier_id),
        earlier_at=found.earlier_at,
        same_bytes=found.same_bytes,
        same_counts=found.same_counts,
        changed=None
        if found.changed is None
        else [Change(name=one.name, before=one.before, now=one.now) for one in found.changed],
    )


@router.post(
    "/{prediction_id}/again",
    status_code=202,
    response_description="Queued.",
    response_model=calls.Created,
    responses=documented(403, 404, 409, 422, 503),
)
async def score_again(
    user: CurrentUser, prediction_id: PredictionId, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Queue the same file with the same model and options; `/verdict` of what it makes compares the bytes."""
    made_of = {"call": "again", "prediction_id": str(prediction_id)}
    async with once(user, idempotency_key, made_of) as call:
        if call.replay is not None:
            return call.replay
        made = await anyio.to_thread.run_sync(_again, user, call, prediction_id)
        return await call.answer(202, made)


def _again(user: db.User, call: Call, prediction_id: UUID) -> calls.Created:
    with db.session_scope(user, write=True) as session:
        made = calls.created(repeats.again(session, prediction_id=prediction_id))
        call.made(session, 202, made)
    return made


def _completed(user: db.User, prediction_id: UUID) -> PredictionRow:
    """Raises NotFound, Conflict."""
    with db.session_scope(user) as session:
        prediction = predictions.get(session, prediction_id=prediction_id)
    if prediction.status != Status.COMPLETED:
        raise Conflict(
            resource="prediction", state=prediction.status, asked="explained before it is COMPLETED"
        )
    return prediction
