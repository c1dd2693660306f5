"""`GET /api/health`: whether the parts that everything stands on work."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

import core
from core import db, queue
from core.api.dependencies import Files
from core.api.refusals import Refusal
from core.db import migrate
from core.errors import AppError

OK = "ok"

router = APIRouter(tags=["system"])


class Queue(BaseModel):
    """What waits and what runs, of all users."""

    queued: int
    running: int
    abandoned: int = Field(description="Running, but their worker has fallen silent.")


class Health(BaseModel):
    """`ok`, or what is wrong, for each part. error: only where something is."""

    status: Literal["ok", "unavailable"]
    version: str
    database: str
    storage: str
    queue: Queue | None
    workers: int | None = Field(description="Workers that take tasks by themselves; 0 is fine: by hand.")
    error: Refusal | None = None


@router.get(
    "/health",
    response_model_exclude_unset=True,
    responses={503: {"model": Health, "description": "With what is wrong."}},
)
def health(files: Files, response: Response) -> Health:
    """Whether database and storage answer, how deep the queue is, and how many workers live."""
    problems: list[AppError] = []
    depth: Queue | None = None
    n_workers: int | None = None
    try:
        depth, n_workers = _database()
    except AppError as error:
        problems.append(error)
    database = str(problems[0]) if problems else OK
    stored = OK
    try:
        files.check()
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


def _database() -> tuple[Queue, int]:
    """Raises DatabaseUnavailable, NewerSchema when it is at another revision than this version's."""
    revision = migrate.revision(db.current())
    if revision != migrate.head():
        raise migrate.NewerSchema(found=str(revision))
    with db.session_scope(db.WORKER) as session:
        backlog = queue.backlog(session)
        n_workers = len(queue.workers.alive(session))
    return Queue(queued=backlog.n_queued, running=backlog.n_running, abandoned=backlog.n_abandoned), n_workers
