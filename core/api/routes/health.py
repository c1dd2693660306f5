"""`GET /api/health`: whether the parts that everything stands on work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Literal, TypeVar

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
from core.storage import Storage, StorageUnavailable

OK = "ok"
DEADLINE_S = 4.0  # whoever asks wants to know now
SILENT = f"it has not answered for {DEADLINE_S:g} seconds"
_one_looks_at_database, _one_looks_at_storage = threading.Lock(), threading.Lock()

Found = TypeVar("Found")

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
        silent: AppError = DatabaseUnavailable(problem=SILENT)
        depth, n_workers = await _in_time(_database, one_looks=_one_looks_at_database, silent=silent)
    except AppError as error:
        problems.append(error)
    database = str(problems[0]) if problems else OK
    stored = OK
    try:
        silent = StorageUnavailable(problem=SILENT)
        await _in_time(partial(_storage, config, files), one_looks=_one_looks_at_storage, silent=silent)
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
async def _in_time(look: Callable[[], Found], *, one_looks: threading.Lock, silent: AppError) -> Found:
    """What `look` finds. Raises `silent` after DEADLINE_S; its thread ends when it can, and there is one at most."""

    def alone() -> Found:
        if not one_looks.acquire(timeout=DEADLINE_S):  # or each call would leave a thread hanging
            raise silent
        try:
            return look()
        finally:
            one_looks.release()

    try:
        with anyio.fail_after(DEADLINE_S):
            return await anyio.to_thread.run_sync(
                alone, abandon_on_cancel=True, limiter=anyio.CapacityLimiter(1)
            )
    except TimeoutError as late:
        raise silent from late


def _storage(config: Settings, files: Storage) -> None:
    """Raises StorageUnavailable, DiskFull."""
    files.check()
    storage.check_staging(config.staging_dir)


def _database() -> tuple[Queue, int]:
    """Raises DatabaseUnavailable, NewerSchema, OlderSchema."""
    migrate.require_head(db.current())
    with db.session_scope(db.NOBODY) as session:
        backlog = queue.backlog(session)
        n_workers = len(queue.workers.alive(session))
    return Queue(queued=backlog.n_queued, running=backlog.n_running, abandoned=backlog.n_abandoned), n_workers
