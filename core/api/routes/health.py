"""`GET /api/health`: whether the parts that everything stands on work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

import anyio
import anyio.to_thread
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

import core
from core import db, queue, storage
from core.api.dependencies import NEEDS_NOTHING, Config, Files
from core.api.http.error_responses import Refusal
from core.db import DatabaseUnavailable, migrate
from core.errors import AppError
from core.settings import Settings
from core.storage import Storage

OK = "ok"
DEADLINE_S = 4.0  # whoever asks wants to know now
_one_looks = threading.Lock()

router = APIRouter(tags=["system"], dependencies=[NEEDS_NOTHING])


class Queue(BaseModel):
    """Waiting and running tasks of all users."""

    queued: int
    running: int
    abandoned: int = Field(description="Running, but their worker no longer responds.")


class Health(BaseModel):
    """`ok`, or what is wrong, for each part. `error` is there only if something is wrong."""

    status: Literal["ok", "unavailable"]
    version: str
    database: str
    storage: str
    queue: Queue | None
    workers: int | None = Field(description="Workers that are running; with 0, tasks can be run by hand.")
    error: Refusal | None = None


@router.get(
    "/health",
    response_model_exclude_unset=True,
    responses={503: {"model": Health, "description": "Something is wrong; the body says what."}},
)
async def health(config: Config, files: Files, response: Response) -> Health:
    """Whether the database and storage work, how long the queue is, and how many workers are running."""
    problems: list[AppError] = []
    depth: Queue | None = None
    n_workers: int | None = None
    try:
        depth, n_workers = await _in_time(_database)
    except AppError as error:
        problems.append(error)
    database = str(problems[0]) if problems else OK
    stored = OK
    try:
        await anyio.to_thread.run_sync(_storage, config, files, limiter=anyio.CapacityLimiter(1))
    except AppError as error:
        problems.append(error)
        stored = str(error)
    found = Health(
        status="unavailable" if problems else "ok",
        version=core.__version__,
        database=database,
        storage=stored,
        queue=depth,
        workers=n_workers,
    )
    if problems:
        first = problems[0]
        found.error = Refusal(code=first.code, message=first.message, hint=first.hint)
        response.status_code = 503
    return found


# Threads of its own: those that everybody shares may all be waiting for the same database.
async def _in_time(look: Callable[[], tuple[Queue, int]]) -> tuple[Queue, int]:
    """What `look` finds. Raises DatabaseUnavailable after DEADLINE_S; its thread ends when it can."""
    try:
        with anyio.fail_after(DEADLINE_S):
            return await anyio.to_thread.run_sync(
                look, abandon_on_cancel=True, limiter=anyio.CapacityLimiter(1)
            )
    except TimeoutError as late:
        raise _silent() from late


def _silent() -> DatabaseUnavailable:
    return DatabaseUnavailable(problem=f"it has not answered for {DEADLINE_S:g} seconds")


def _storage(config: Settings, files: Storage) -> None:
    """Raises StorageUnavailable, DiskFull."""
    files.check()
    storage.check_staging(config.staging_dir)


def _database() -> tuple[Queue, int]:
    """Raises DatabaseUnavailable, NewerSchema when it is at another revision than this version's."""
    if not _one_looks.acquire(
        timeout=DEADLINE_S
    ):  # or each call would leave a thread and a connection hanging
        raise _silent()
    try:
        revision = migrate.revision(db.current())
        if revision != migrate.head():
            raise migrate.NewerSchema(found=str(revision))
        with db.session_scope(db.NOBODY) as session:
            backlog = queue.backlog(session)
            n_workers = len(queue.workers.alive(session))
    finally:
        _one_looks.release()
    return Queue(queued=backlog.n_queued, running=backlog.n_running, abandoned=backlog.n_abandoned), n_workers
