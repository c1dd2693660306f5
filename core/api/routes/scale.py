"""`GET /api/scale`: what an autoscaler of workers asks for."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from core import db, queue
from core.api.dependencies import Config, CurrentUser
from core.api.http.error_responses import documented

router = APIRouter(tags=["system"])


class Scale(BaseModel):
    """The load of the whole installation, and the workers that it asks for."""

    queued: int = Field(description="Tasks that wait.")
    running: int = Field(description="Tasks that workers have.")
    abandoned: int = Field(description="Those of them whose worker has fallen silent.")
    oldest_s: float = Field(description="Seconds that the longest-waiting task has waited; 0 without any.")
    workers: int = Field(description="Worker processes that are alive, the app's own not counted.")
    places: int = Field(description="Tasks that all workers, the app's own too, can do at a time.")
    suggested_workers: int = Field(
        description="Worker processes for all that waits and runs; 0 where there is nothing to do."
    )


@router.get("/scale", responses=documented(403, 503))
def get_scale(user: CurrentUser, config: Config) -> Scale:
    """How deep the queue is, how long its oldest task has waited, and how many workers to run."""
    with db.session_scope(user) as session:
        found = queue.scale(session, slots_each=config.workers, now=datetime.now(UTC))
    return Scale(**found.to_json())
