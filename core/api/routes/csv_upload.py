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
from core.api.dependencies import Config, CurrentUser, Files, IdempotencyKey, mapping_of, model_id_of
from core.api.http import multipart
from core.api.http.error_responses import documented
from core.api.http.idempotency import Call, once
from core.api.routes import scoring
from core.api.schemas.checks import Warned
from core.api.schemas.uploads import Receipt
from core.api.schemas.work import REASONS
from core.db.tables import PredictionRow
from core.errors import Invalid
from core.predictions import model_selection, predictions
from core.predictions.matching.mapping import SavedMapping
from core.predictions.model_selection import ModelChoice
from core.predictions.states import PENDING, Status
from core.storage import Storage
from core.uploads import archives, uploads
from core.uploads.archives import UnpackedFile
from core.uploads.detect.encoding import CODECS
from core.uploads.report.examination import Examination
from core.uploads.report.overrides import ReadingOverrides

Mode = Literal["queued", "sync", "none"]
Entered = TypeVar("Entered")
NO_MODEL = (
    "No model fits the columns of this file. Train one on it with POST /api/models/train, "
    "or name a model to see what it lacks."
)
OFFERED = (
    "No model fits the columns of this file as they are named. One did with a mapping that you used before: "
    "POST what stands under `offered`, with the upload's id, to /api/predictions."
)

router = APIRouter()


class Offered(BaseModel):
    """A model that fits the file with the mapping of an earlier prediction."""

    model_id: str
    mapping: dict[str, str]

    @classmethod
    def of(cls, model_id: UUID, kept: SavedMapping) -> Self:
        return cls(model_id=str(model_id), mapping=kept.mapping)


class Received(BaseModel):
    """What became of the file."""

    upload_id: str
    prediction_id: str | None = Field(description="Null with mode 'none', and where no model fits.")
    status: Status | None = Field(description="The prediction's; null without one.")
    error_message: str | None = Field(description="Why the prediction FAILED.")
    rows: int
    receipt: Receipt
    duplicate_of: str | None = Field(description="The upload that already held these bytes.")
    hint: str | None = Field(description="What to do next, where nothing is being scored.")
    offered: Offered | None = Field(description="Where no model fits, one that did with a mapping.")
    warnings: list[Warned] = Field(description="What to know of the file's cells, as its `check` says.")


@dataclass(frozen=True)
class CsvRequest:
    """The fields that came with the file."""

    model_id: UUID | None
    mode: Mode
    mapping: dict[str, str]
    with_reasons: bool
    encoding: str | None = None

    @classmethod
    def of(cls, fields: dict[str, str]) -> Self:
        """Raises Invalid, NotFound for what can't be a model's id."""
        if unknown := sorted(set(fields) - {"model_id", "mode", "mapping", "reasons", "encoding"}):
            problem = f"There is no field '{unknown[0][:80]}'."
            raise Invalid(
                problem=problem,
                remedy="Beside the file there are model_id, mode, mapping, reasons and encoding.",
            )
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
            with_reasons=reasons == "true",
            encoding=fields.get("encoding") or None,
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
                            "description": "The CSV, once; plain or in a gzip or zip file.",
                        },
                        "model_id": {
                            "type": "string",
                            "format": "uuid",
                            "description": "Without it, the newest model whose features the file has.",
                        },
                        "mode": {"type": "string", "enum": list(get_args(Mode)), "default": "queued"},
                        "mapping": {
                            "type": "string",
                            "description": "A JSON object of at most 4,096 bytes: the model's column, and the "
                            "file's column to read in its place.",
                        },
                        "reasons": {"type": "boolean", "default": False, "description": REASONS},
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
    response_description="Stored, and its prediction queued.",
    response_model=Received,
    responses={
        201: {
            "model": Received,
            "description": "Stored: and scored, with `sync`; alone, with `none` or where no model fits.",
        },
        **documented(400, 403, 404, 408, 409, 413, 415, 422, 503),
    },
    openapi_extra=_BODY,
)
async def upload_csv(
    request: Request,
    user: CurrentUser,
    config: Config,
    files: Files,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Store a CSV and score it: `queued` by a worker, `sync` while the caller waits, `none` not at all.

    A gzip or zip file with one CSV in it is unpacked first: the CSV is the upload, and its receipt says so.
    """
    heavy = request.app.state.heavy
    async with _in_threads(storage.stage(config.staging_dir)) as staged:
        form = await multipart.receive(
            request, staged, limit_mb=config.max_upload_mb, silence_s=config.upload_silence_s
        )
        await anyio.to_thread.run_sync(staged.close)
        made_of = {"call": "csv", "sha256": staged.sha256, "file_name": form.file_name, **form.fields}
        async with once(user, idempotency_key, made_of) as call:
            if call.replay is not None:
                return call.replay
            wish = CsvRequest.of(form.fields)
            unpacking = archives.unpacked(staged, file_name=form.file_name, limit_mb=config.max_upload_mb)
            async with _in_threads(unpacking, limiter=heavy) as plain:
                if wish.mode == "sync":
                    scoring.require_small(config, size_bytes=plain.staged.size_bytes)
                received, chosen, prediction = await anyio.to_thread.run_sync(
                    partial(_store, user, call, files, plain, wish), limiter=heavy
                )
            if prediction is not None and wish.mode == "sync":
                prediction = await scoring.finished(
                    user, prediction_id=prediction.id, task_id=prediction.task_id
                )
            status = None if prediction is None else prediction.status
            body = _body(received, chosen, prediction, wish)
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
    user: db.User, call: Call, files: Storage, plain: UnpackedFile, wish: CsvRequest
) -> tuple[uploads.ReceivedUpload, ModelChoice, PredictionRow | None]:
    chosen = ModelChoice()

    def require(found: Examination) -> None:
        nonlocal chosen
        if wish.mode != "none" or wish.model_id is not None:
            path = plain.staged.path
            chosen = model_selection.choose(user, path, found, model_id=wish.model_id, mapping=wish.mapping)
        if wish.model_id is not None and chosen.refusal is not None:
            raise chosen.refusal

    received = uploads.receive(
        user,
        storage=files,
        staged=plain.staged,
        file_name=plain.file_name,
        packed=plain.packed,
        overrides=ReadingOverrides(encoding=wish.encoding),
        require=require,
    )
    if wish.mode == "none" or chosen.model_id is None or chosen.checked is None:
        return received, chosen, None
    with db.session_scope(user, write=True) as session:
        prediction = predictions.create(
            session,
            upload_id=received.upload.id,
            model_id=chosen.model_id,
            mode=wish.mode,
            mapping=chosen.checked.mapping,
            with_reasons=wish.with_reasons,
        )
        call.made(session, 202, _body(received, chosen, prediction, wish))
    return received, chosen, prediction


def _body(
    received: uploads.ReceivedUpload, chosen: ModelChoice, prediction: PredictionRow | None, wish: CsvRequest
) -> Received:
    upload_id = str(received.upload.id)
    hint = None
    if prediction is None and wish.mode != "none":
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
