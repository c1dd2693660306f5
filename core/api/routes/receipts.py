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
from core.api.dependencies import IdempotencyKey, PredictionId, Reader, Writer
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
    """The uploaded file."""

    sha256: str
    bytes: int


class ModelIngredient(BaseModel):
    """The model."""

    sha256: str = Field(description="Of its stored file.")
    schema_sha256: str = Field(description="Of the columns it reads and the answers it gives.")


class Code(BaseModel):
    """The app itself."""

    version: str
    sha256: str | None = Field(
        description="Of the source code that reads and scores; null if the source is not installed."
    )


class Machine(BaseModel):
    """The processor and its arithmetic library."""

    processor: str
    arithmetic: str


class Ingredients(BaseModel):
    """Everything that determines the result's bytes."""

    input: Input
    reading: dict[str, Any] = Field(
        description="How the file was read: the `dialect` from its upload's receipt."
    )
    model: ModelIngredient
    options: dict[str, Any] = Field(description="Options other than file and model.")
    code: Code
    libraries: dict[str, str] = Field(description="Versions by name.")
    machine: Machine


class Result(BaseModel):
    """What came out."""

    sha256: str
    bytes: int
    rows: int
    columns_added: list[str]
    counts_sha256: str = Field(description="Of the counts behind the metrics.")


class TrainedOn(BaseModel):
    """The file that the model was trained on."""

    file_name: str
    sha256: str


class About(BaseModel):
    """Names and origins, which don't affect the result's bytes."""

    file_name: str
    overruled: dict[str, Any] = Field(
        description="Settings for reading the file that a user chose instead of the detected ones."
    )
    model_id: str
    model_name: str
    model_version: int
    trained_on: TrainedOn


class Spread(BaseModel):
    """How a large file was distributed over a Dask cluster."""

    n_ranges: int = Field(description="Pieces of the file that the cluster scored.")
    n_here: int = Field(description="Pieces that the worker scored itself instead.")
    why_here: str | None = Field(description="What was wrong with the cluster, if anything.")


class Run(BaseModel):
    """How the run went, which doesn't affect the result's bytes."""

    answered_by: Literal["trees", "curves", "blend", "pipeline"] = Field(
        description="Tables of the model's trees, of its curves, or of a blend, or the pipeline itself."
    )
    why_pipeline: str | None = Field(description="Why the pipeline itself answered, if it did.")
    rows_by_pipeline: int
    threads: int
    seconds: float
    spread: Spread | None = Field(default=None, description="Null if one worker did it all.")


class ScoreReceipt(BaseModel):
    """What a result was made from, so that anyone can reproduce it byte for byte."""

    schema_: int = Field(alias="schema", description="Version of this format.")
    says: str
    prediction_id: str
    ingredients: Ingredients
    ingredients_sha256: str = Field(description="The same for the same ingredients.")
    result: Result
    about: About
    run: Run


class Change(BaseModel):
    """An ingredient that differs from last time."""

    name: str = Field(description="Its path among the ingredients, such as `libraries.numpy`.")
    before: str
    now: str


class Verdict(BaseModel):
    """Compares the result with the latest earlier one of this file, model and options; all null without one."""

    earlier_id: str | None
    earlier_at: datetime | None
    same_bytes: bool | None
    same_counts: bool | None = Field(
        description="Whether the counts behind the metrics are the same; null without both receipts."
    )
    changed: list[Change] | None = Field(
        description="The ingredients that differ; null without both receipts."
    )


@router.get("/{prediction_id}/receipt", responses=documented(403, 404, 409, 503))
def get_receipt(user: Reader, prediction_id: PredictionId) -> ScoreReceipt:
    """What a finished prediction was made from, with hashes."""
    prediction = _completed(user, prediction_id)
    if prediction.receipt is None:
        raise ReceiptMissing(file_name=prediction.upload.file_name)
    return ScoreReceipt.model_validate(prediction.receipt)


@router.get("/{prediction_id}/verdict", responses=documented(403, 404, 409, 503))
def get_verdict(user: Reader, prediction_id: PredictionId) -> Verdict:
    """Whether the result is identical to the last one of the same file and model."""
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
    user: Writer, prediction_id: PredictionId, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Score the same file again with the same model and options; `/verdict` then compares the two results."""
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
