"""Routes of trainings in a sandbox: trigger, watch, cancel, retry."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

import anyio.to_thread
from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from core import db, sandboxes
from core.access import ownership
from core.api.dependencies import (
    Config,
    Cursor,
    Files,
    IdempotencyKey,
    Limit,
    Owner,
    Reader,
    ReaderOrTrainer,
    Text,
    Trainer,
    UploadIdInBody,
    upload_id_of,
    uuid_of,
)
from core.api.http.error_responses import documented
from core.api.http.idempotency import Call, once
from core.api.schemas import work
from core.api.schemas.targets import StatedRows, StatedTarget
from core.api.schemas.trainings import TrainingJob, TrainingStatus
from core.models.fitting.questions import MIN_ROWS_A_CLASS
from core.models.requests import proposals
from core.settings import Settings
from core.storage import Storage
from core.training import jobs, records
from core.training.deployments import deployments
from core.training.jobs import Wanted
from core.training.sources import addresses
from core.training.states import Status
from core.uploads import uploads

router = APIRouter(tags=["trainings"])
MOST_LINES = 1_000


def _job_in_path(training_job_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> UUID:
    return uuid_of(training_job_id, resource="training")


TrainingJobId = Annotated[UUID, Depends(_job_in_path)]


class TrainingRequest(StatedTarget, StatedRows):
    """A training to trigger."""

    model_config = ConfigDict(extra="forbid", strict=True)
    upload_id: UploadIdInBody
    target: Text = Field(description="The column to predict.")
    name: Text = Field(default="", description="An existing name gets a new version.")
    goal: Text = Field(default="", description="What the model is for, in words.")
    resources: list[Text] = Field(
        default_factory=list,
        max_length=addresses.MOST,
        description="Addresses of public web pages to read first; what they say is given to whoever writes the code.",
    )
    shares_values: bool = Field(
        default=False,
        description="Whether Claude, where it writes the code, may be told values of the file, "
        "and not only names, kinds and counts of its columns.",
    )


class Triggered(BaseModel):
    """The training, and the model that comes of it."""

    model_id: str
    training_job_id: str


@router.post(
    "/ai/train",
    status_code=202,
    response_model=Triggered,
    response_description="Queued.",
    responses=documented(400, 403, 404, 409, 413, 415, 422, 429, 503),
)
async def trigger_training(
    user: Trainer,
    config: Config,
    files: Files,
    wanted: TrainingRequest,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Train a model by code in a sandbox; its live app follows. The very same training of yours is not begun twice."""
    upload_id = upload_id_of(wanted.upload_id)
    made_of = {"call": "ai/train", **wanted.model_dump(), "upload_id": upload_id}
    async with once(user, idempotency_key, made_of) as call:
        if call.replay is not None:
            return call.replay
        triggered = await anyio.to_thread.run_sync(
            partial(_trigger, user, config, files, call, upload_id, wanted)
        )
        return await call.answer(202, triggered)


def _trigger(
    user: db.User, config: Settings, files: Storage, call: Call, upload_id: int, wanted: TrainingRequest
) -> Triggered:
    sandboxes.configured(config).probe()
    proposals.require_positive_label(
        user,
        storage=files,
        upload_id=upload_id,
        target=wanted.target,
        choices=wanted.choices,
        fewest=MIN_ROWS_A_CLASS,
    )
    asked = Wanted(
        target=wanted.target,
        name=wanted.name,
        goal=wanted.goal,
        choices=wanted.choices,
        keep=tuple(wanted.keep),
        threshold=wanted.threshold,
        validation=wanted.validation,
        resources=tuple(wanted.resources),
        shares_values=wanted.shares_values,
    )
    with db.session_scope(user, write=True) as session:
        upload = uploads.get(session, upload_id=upload_id)
        most = config.max_waiting_trainings
        job = jobs.trigger(session, upload=upload, wanted=asked, most_waiting=most, app_url=config.url)
        triggered = Triggered(model_id=str(job.model_id), training_job_id=str(job.id))
        call.made(session, 202, triggered)
    return triggered


@router.get("/training-jobs", responses=documented(400, 403, 404, 422, 503))
def list_trainings(
    user: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[list[Status] | None, Query(description="Only these; repeat it for several.")] = None,
    owner: Owner = ownership.MINE,
) -> work.Listed[TrainingJob]:
    """Trainings in a sandbox, newest first."""
    with db.session_scope(user) as session:
        page = jobs.page(session, statuses=status or (), owner=owner, limit=limit, cursor=cursor)
        return work.Listed[TrainingJob].of(page, TrainingJob.of)


@router.get("/training-jobs/{training_job_id}", responses=documented(403, 404, 503))
def get_training(user: Reader, training_job_id: TrainingJobId) -> TrainingJob:
    """One training."""
    with db.session_scope(user) as session:
        return TrainingJob.of(jobs.get(session, training_job_id=training_job_id))


@router.get("/training-jobs/{training_job_id}/status", responses=documented(403, 404, 503))
def get_training_status(user: ReaderOrTrainer, training_job_id: TrainingJobId) -> TrainingStatus:
    """How it stands: its stages so far, its figures once they are there, and its live app."""
    with db.session_scope(user) as session:
        job = jobs.get(session, training_job_id=training_job_id)
        return TrainingStatus.of(
            job,
            events=records.events(session, training_job_id=job.id),
            headline=records.headline(session, training_job_id=job.id),
            deployment=deployments.of_model(session, model_id=job.model_id) if job.model_id else None,
        )


class LogLine(BaseModel):
    """A line of what the code printed, or of what the app says about it."""

    n: int
    source: str
    text: str


class Log(BaseModel):
    """Lines of the log, oldest first."""

    lines: list[LogLine]
    last: int = Field(description="Pass it as `after` for what follows.")


@router.get("/training-jobs/{training_job_id}/log", responses=documented(403, 404, 422, 503))
def get_training_log(
    user: Reader,
    training_job_id: TrainingJobId,
    after: Annotated[int, Query(ge=0, le=2**31 - 1, description="`last` of the answer before.")] = 0,
) -> Log:
    """What the code printed, behind a line."""
    with db.session_scope(user) as session:
        jobs.get(session, training_job_id=training_job_id)
        found = records.lines(session, training_job_id=training_job_id, after=after, limit=MOST_LINES)
    lines = [LogLine(n=line.n, source=line.source, text=line.text) for line in found]
    return Log(lines=lines, last=lines[-1].n if lines else after)


class Code(BaseModel):
    """What ran in the sandbox; null before it is there."""

    code: str | None
    predict: str | None = Field(description="The predict.py beside it; null where the code writes its own.")
    source: str | None
    sha256: str | None


@router.get("/training-jobs/{training_job_id}/code", responses=documented(403, 404, 503))
def get_training_code(user: Reader, training_job_id: TrainingJobId) -> Code:
    """The code of a training."""
    with db.session_scope(user) as session:
        job = jobs.get(session, training_job_id=training_job_id)
        code, predict = records.code(session, training_job_id=training_job_id)
        return Code(code=code, predict=predict, source=job.code_source, sha256=job.code_sha256)


@router.post("/training-jobs/{training_job_id}/cancel", responses=documented(403, 404, 409, 503))
def cancel_sandbox_training(user: Trainer, training_job_id: TrainingJobId) -> TrainingJob:
    """Cancel a training: at once while it waits, otherwise within seconds."""
    with db.session_scope(user, write=True) as session:
        return TrainingJob.of(jobs.cancel(session, training_job_id=training_job_id))


@router.post(
    "/training-jobs/{training_job_id}/retry",
    status_code=202,
    response_description="Queued.",
    responses=documented(403, 404, 409, 429, 503),
)
def retry_training(user: Trainer, config: Config, training_job_id: TrainingJobId) -> Triggered:
    """Train once more with the same inputs and code, as a new version of the model."""
    with db.session_scope(user, write=True) as session:
        most = config.max_waiting_trainings
        job = jobs.retry(session, training_job_id=training_job_id, most_waiting=most)
        return Triggered(model_id=str(job.model_id), training_job_id=str(job.id))
