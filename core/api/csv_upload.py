"""`POST /api/csv`: one request from a file to its upload and its prediction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self, cast, get_args
from uuid import UUID

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from core import db, storage
from core.api import multipart, scoring
from core.api.dependencies import Caller, Config, Files, IdempotencyKey, model_id_of
from core.api.idempotency import Call, once
from core.api.refusals import documented
from core.api.rows import REASONS, Receipt
from core.db.tables import PredictionRow
from core.errors import Invalid
from core.models import models
from core.predictions import predictions
from core.predictions.header import require_features
from core.predictions.reasons import require_references
from core.predictions.states import PENDING, Status
from core.storage import Staging, Storage
from core.uploads import uploads
from core.uploads.examine import Examination

Mode = Literal["queued", "sync", "none"]
NO_MODEL = (
    "No model fits the columns of this file. Train one on it with POST /api/models/train, "
    "or name a model to see what it lacks."
)

router = APIRouter()


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


@dataclass(frozen=True)
class Wish:
    """The fields that came with the file."""

    model_id: UUID | None
    mode: Mode
    with_reasons: bool

    @classmethod
    def of(cls, fields: dict[str, str]) -> Self:
        """Raises Invalid, NotFound for what can't be a model's id."""
        if unknown := sorted(set(fields) - {"model_id", "mode", "reasons"}):
            problem = f"There is no field '{unknown[0][:80]}'."
            raise Invalid(problem=problem, remedy="Beside the file there are model_id, mode and reasons.")
        mode = fields.get("mode", "") or "queued"
        if mode not in get_args(Mode):
            raise Invalid(problem=f"There is no mode '{mode[:80]}'.", remedy="Use queued, sync or none.")
        reasons = fields.get("reasons", "") or "false"
        if reasons not in ("true", "false"):
            raise Invalid(problem=f"reasons can't be '{reasons[:80]}'.", remedy="Use true or false.")
        model_id = fields.get("model_id", "")
        return cls(
            model_id=model_id_of(model_id) if model_id else None,
            mode=cast(Mode, mode),
            with_reasons=reasons == "true",
        )


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "The CSV, once."},
                        "model_id": {
                            "type": "string",
                            "format": "uuid",
                            "description": "Without it, the newest model whose features the file has.",
                        },
                        "mode": {"type": "string", "enum": list(get_args(Mode)), "default": "queued"},
                        "reasons": {"type": "boolean", "default": False, "description": REASONS},
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
    user: Caller,
    config: Config,
    files: Files,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Store a CSV and score it: `queued` by a worker, `sync` while the caller waits, `none` not at all."""
    async with _staging(config.staging_dir) as staged:
        form = await multipart.receive(
            request, staged, limit_mb=config.max_upload_mb, silence_s=config.upload_silence_s
        )
        await anyio.to_thread.run_sync(staged.close)
        made_of = {"call": "csv", "sha256": staged.sha256, "file_name": form.file_name, **form.fields}
        async with once(user, idempotency_key, made_of) as call:
            if call.replay is not None:
                return call.replay
            wish = Wish.of(form.fields)
            if wish.mode == "sync":
                scoring.require_small(config, size_bytes=staged.size_bytes)
            received, prediction = await anyio.to_thread.run_sync(
                partial(_store, user, call, files, staged, form.file_name, wish),
                limiter=request.app.state.heavy,
            )
            if prediction is not None and wish.mode == "sync":
                prediction = await scoring.finished(
                    user, prediction_id=prediction.id, task_id=prediction.task_id
                )
            status = None if prediction is None else prediction.status
            return await call.answer(202 if status in PENDING else 201, _body(received, prediction, wish))


@asynccontextmanager
async def _staging(folder: Path) -> AsyncIterator[Staging]:
    """A staging file that is made and removed in threads: removing a large one takes a while."""
    with ExitStack() as stack:
        staged = await anyio.to_thread.run_sync(stack.enter_context, storage.stage(folder))
        try:
            yield staged
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(stack.close)


def _store(
    user: db.User, call: Call, files: Storage, staged: Staging, file_name: str, wish: Wish
) -> tuple[uploads.Received, PredictionRow | None]:
    def require(found: Examination) -> None:
        if schema is not None:
            require_features([column.name for column in found.columns], schema)
            if wish.with_reasons:
                require_references(schema)

    schema = None
    if wish.model_id is not None:
        with db.session_scope(user) as session:
            schema = models.schema_of(models.get(session, model_id=wish.model_id))
    received = uploads.receive(user, storage=files, staged=staged, file_name=file_name, require=require)
    if wish.mode == "none":
        return received, None
    model_id = wish.model_id
    if model_id is None:
        columns = [column.name for column in received.examination.columns]
        with db.session_scope(user) as session:
            fitting = models.fitting(session, columns=columns)
        if not fitting:
            return received, None
        model_id = fitting[0].id
    with db.session_scope(user, write=True) as session:
        prediction = predictions.create(
            session,
            upload_id=received.upload.id,
            model_id=model_id,
            mode=wish.mode,
            with_reasons=wish.with_reasons,
        )
        call.made(session, 202, _body(received, prediction, wish))
    return received, prediction


def _body(received: uploads.Received, prediction: PredictionRow | None, wish: Wish) -> Received:
    upload_id = str(received.upload.id)
    return Received(
        upload_id=upload_id,
        prediction_id=None if prediction is None else str(prediction.id),
        status=None if prediction is None else Status(prediction.status),
        error_message=None if prediction is None else prediction.error_message,
        rows=received.upload.n_rows,
        receipt=Receipt.of(received.examination),
        duplicate_of=upload_id if received.is_duplicate else None,
        hint=NO_MODEL if prediction is None and wish.mode != "none" else None,
    )
