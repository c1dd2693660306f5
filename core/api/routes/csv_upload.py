"""`POST /api/csv`: one request from a file to its upload and its prediction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Self, TypeVar, cast, get_args
from uuid import UUID

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from core import db, storage
from core.api.dependencies import (
    Config,
    Files,
    IdempotencyKey,
    Writer,
    mapping_of,
    model_id_of,
    reading_of,
    threshold_of,
)
from core.api.http import multipart
from core.api.http.error_responses import documented
from core.api.http.front import UNLIMITED
from core.api.http.idempotency import Call, once
from core.api.routes import scoring
from core.api.schemas.checks import Warned
from core.api.schemas.uploads import Receipt
from core.api.schemas.work import REASONS, THRESHOLD
from core.db.tables.predictions import PredictionRow
from core.errors import Invalid
from core.predictions import model_selection, predictions
from core.predictions.matching.mapping import SavedMapping
from core.predictions.model_selection import ModelChoice
from core.predictions.states import PENDING, Status
from core.storage import Storage
from core.uploads import archives, uploads
from core.uploads.archives import UnpackedFile
from core.uploads.detect.encodings.charsets import CODECS
from core.uploads.report.examination import Examination
from core.uploads.report.overrides import ReadingOverrides

Mode = Literal["queued", "sync", "none"]
_FIELDS = ("model_id", "mode", "mapping", "reading", "reasons", "threshold", "encoding")
Entered = TypeVar("Entered")
NO_MODEL = (
    "No model fits the columns of this file. Train one with POST /api/models/train, "
    "or name a model to see which columns it lacks."
)
OFFERED = (
    "No model fits the column names of this file. One fits with a mapping you used before: "
    "POST the content of `offered`, with the upload's id, to /api/predictions."
)

router = APIRouter(max_body_size=UNLIMITED)  # the file has a limit of its own, which settings give


class Offered(BaseModel):
    """A model that fits the file with an earlier prediction's mapping."""

    model_id: str
    mapping: dict[str, str]

    @classmethod
    def of(cls, model_id: UUID, kept: SavedMapping) -> Self:
        return cls(model_id=str(model_id), mapping=kept.mapping)


class Received(BaseModel):
    """What became of the file."""

    upload_id: str
    prediction_id: str | None = Field(description="Null with mode 'none', or if no model fits.")
    status: Status | None = Field(description="The prediction's status; null without one.")
    error_message: str | None = Field(description="Why the prediction failed.")
    rows: int
    receipt: Receipt
    duplicate_of: str | None = Field(description="The upload that already has this content.")
    hint: str | None = Field(description="What to do next, if nothing is being scored.")
    offered: Offered | None = Field(description="If no model fits: one that fits with a mapping.")
    warnings: list[Warned] = Field(description="Warnings about the file's cells, as in its `check`.")


@dataclass(frozen=True)
class CsvRequest:
    """The fields that came with the file."""

    model_id: UUID | None
    mode: Mode
    mapping: dict[str, str]
    reading: dict[str, str]
    with_reasons: bool
    encoding: str | None = None
    threshold: float | None = None

    @classmethod
    def of(cls, fields: dict[str, str]) -> Self:
        """Raises Invalid, MappingUnreadable, ReadingUnreadable, ThresholdUnusable, NotFound for what can't be an id."""
        if unknown := sorted(set(fields) - {*_FIELDS}):
            problem = f"There is no field '{unknown[0][:80]}'."
            listed = " or ".join((", ".join(_FIELDS[:-1]), _FIELDS[-1]))
            raise Invalid(problem=problem, remedy=f"Besides the file, send {listed}.")
        mode = fields.get("mode", "") or "queued"
        if mode not in get_args(Mode):
            raise Invalid(problem=f"There is no mode '{mode[:80]}'.", remedy="Use queued, sync or none.")
        reasons = fields.get("reasons", "").lower() or "false"
        if reasons not in ("true", "false"):
            raise Invalid(problem=f"reasons can't be '{reasons[:80]}'.", remedy="Use true or false.")
        model_id = fields.get("model_id", "")
        return cls(
            model_id=model_id_of(model_id) if model_id else None,
            mode=cast(Mode, mode),
            mapping=mapping_of(fields.get("mapping", "")),
            reading=reading_of(fields.get("reading", "")),
            with_reasons=reasons == "true",
            encoding=fields.get("encoding") or None,
            threshold=threshold_of(fields.get("threshold", "")),
        )


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "The CSV, plain or in a gzip or zip file.",
                        },
                        "model_id": {
                            "type": "string",
                            "format": "uuid",
                            "description": "Default: the newest model whose columns the file has.",
                        },
                        "mode": {"type": "string", "enum": list(get_args(Mode)), "default": "queued"},
                        "mapping": {
                            "type": "string",
                            "description": "A JSON object of at most 4,096 bytes: each of the model's columns, "
                            "and the file's column to read instead.",
                        },
                        "reading": {
                            "type": "string",
                            "description": "A JSON object of at most 4,096 bytes: each of the model's columns that can "
                            "be read in two ways, and which way.",
                        },
                        "reasons": {"type": "boolean", "default": False, "description": REASONS},
                        "threshold": {
                            "type": "number",
                            "exclusiveMinimum": 0,
                            "exclusiveMaximum": 1,
                            "description": THRESHOLD,
                        },
                        "encoding": {
                            "type": "string",
                            "enum": [*CODECS],
                            "description": "What the file is written in; without it, that is found.",
                        },
                    },
                }
            }
        },
    }
}


@router.post(
    "/csv",
    tags=["uploads"],
    status_code=202,
    response_description="Stored, and a prediction is queued.",
    response_model=Received,
    responses={
        201: {
            "model": Received,
            "description": "Stored and scored (`sync`), or only stored (`none`, or no model fits).",
        },
        **documented(400, 403, 404, 408, 409, 413, 415, 422, 503),
    },
    openapi_extra=_BODY,
)
async def upload_csv(
    request: Request,
    user: Writer,
    config: Config,
    files: Files,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Upload a CSV and score it: in the background (`queued`), while you wait (`sync`), or not at all (`none`).

    A gzip or zip file that contains one CSV is unpacked first.
    """
    async with _in_threads(storage.stage(config.staging_dir)) as staged:
        form = await multipart.receive(
            request, staged, limit_mb=config.max_upload_mb, silence_s=config.upload_silence_s
        )
        await anyio.to_thread.run_sync(staged.close)
        made_of = {"call": "csv", "sha256": staged.sha256, "file_name": form.file_name, **form.fields}
        async with once(user, idempotency_key, made_of) as call:
            if call.replay is not None:
                return call.replay
            asked = CsvRequest.of(form.fields)
            unpacking = archives.unpacked(staged, file_name=form.file_name, limit_mb=config.max_upload_mb)
            is_packed = await anyio.to_thread.run_sync(archives.is_packed, staged.path)
            async with (
                request.app.state.lanes.lane(staged.size_bytes, is_packed=is_packed) as heavy,
                _in_threads(unpacking, limiter=heavy) as plain,
            ):
                if asked.mode == "sync":
                    scoring.require_small(config, size_bytes=plain.staged.size_bytes)
                received, chosen, prediction = await anyio.to_thread.run_sync(
                    partial(_store, user, call, files, plain, asked), limiter=heavy
                )
            if prediction is not None and asked.mode == "sync":
                prediction = await scoring.finished(
                    user, prediction_id=prediction.id, task_id=prediction.task_id
                )
            status = None if prediction is None else prediction.status
            body = _body(received, chosen, prediction, asked)
            return await call.answer(202 if status in PENDING else 201, body)


@asynccontextmanager
async def _in_threads(
    manager: AbstractContextManager[Entered], *, limiter: anyio.CapacityLimiter | None = None
) -> AsyncIterator[Entered]:
    """What is entered and left in threads, as unpacking or removing a large file takes a while."""
    with ExitStack() as stack:
        entered = await anyio.to_thread.run_sync(stack.enter_context, manager, limiter=limiter)
        try:
            yield entered
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(stack.close)


def _store(
    user: db.User, call: Call, files: Storage, plain: UnpackedFile, asked: CsvRequest
) -> tuple[uploads.ReceivedUpload, ModelChoice, PredictionRow | None]:
    chosen = ModelChoice()

    def require(found: Examination) -> None:
        nonlocal chosen
        if asked.mode != "none" or asked.model_id is not None:
            path = plain.staged.path
            chosen = model_selection.choose(
                user,
                path,
                found,
                model_id=asked.model_id,
                mapping=asked.mapping,
                choices=asked.reading,
                threshold=asked.threshold if asked.mode != "none" else None,
            )
        if asked.model_id is not None and chosen.refusal is not None:
            raise chosen.refusal

    received = uploads.receive(
        user,
        storage=files,
        staged=plain.staged,
        file_name=plain.file_name,
        packed=plain.packed,
        overrides=ReadingOverrides(encoding=asked.encoding),
        require=require,
    )
    if asked.mode == "none" or chosen.model_id is None or chosen.checked is None:
        return received, chosen, None
    with db.session_scope(user, write=True) as session:
        prediction = predictions.create(
            session,
            upload_id=received.upload.id,
            model_id=chosen.model_id,
            mode=asked.mode,
            mapping=chosen.checked.mapping,
            with_reasons=asked.with_reasons,
            choices=chosen.checked.reading,
            threshold=asked.threshold,
        )
        call.made(session, 202, _body(received, chosen, prediction, asked))
    return received, chosen, prediction


def _body(
    received: uploads.ReceivedUpload, chosen: ModelChoice, prediction: PredictionRow | None, asked: CsvRequest
) -> Received:
    upload_id = str(received.upload.id)
    hint = None
    if prediction is None and asked.mode != "none":
        hint = str(chosen.refusal) if chosen.refusal else OFFERED if chosen.offered else NO_MODEL
    return Received(
        upload_id=upload_id,
        prediction_id=None if prediction is None else str(prediction.id),
        status=None if prediction is None else Status(prediction.status),
        error_message=None if prediction is None else prediction.error_message,
        rows=received.upload.n_rows,
        receipt=Receipt.of(received.examination),
        duplicate_of=upload_id if received.is_duplicate else None,
        hint=hint,
        offered=Offered.of(*chosen.offered) if chosen.offered else None,
        warnings=[Warned.of(one) for one in chosen.checked.warnings] if chosen.checked else [],
    )
