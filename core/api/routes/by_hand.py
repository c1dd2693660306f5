"""Routes that do one item of a batch job by hand, and tell how far it is."""

from __future__ import annotations

import time
from functools import partial
from uuid import UUID

import anyio
import anyio.to_thread
from fastapi import APIRouter

from core import db, queue
from core.api.dependencies import Reader, Writer
from core.api.http.error_responses import documented
from core.api.routes.generation.batch_jobs import BatchJobId
from core.api.schemas.generation import BatchItem, ConversationIds, JobStatusShown, ProcessedNext
from core.generation.jobs import by_hand, jobs, progress

router = APIRouter(tags=["batch jobs"])

WAIT_S = 120.0  # after which the call answers with what is known
FIRST_LOOK_S, LOOKS_S = 0.05, 0.5


@router.get("/conversations/batch/{batch_job_id}/status", responses=documented(403, 404, 503))
def get_batch_status(user: Reader, batch_job_id: BatchJobId) -> JobStatusShown:
    """How far a job is."""
    with db.session_scope(user) as session:
        job = jobs.get(session, batch_job_id=batch_job_id)
        return JobStatusShown.of(job.status, progress.of(session, batch_job_id=batch_job_id))


@router.post("/batch-jobs/{batch_job_id}/process-next", responses=documented(403, 404, 409, 503))
async def process_next_item(user: Writer, batch_job_id: BatchJobId) -> ProcessedNext:
    """Do exactly one waiting item right now, even if no worker is running. The last one completes the job."""
    begun = await anyio.to_thread.run_sync(partial(_begin, user, batch_job_id))
    if begun.task_id is not None:
        queue.local_runner.run_now(begun.task_id, once=True)
        ends_at, pause_s = time.monotonic() + WAIT_S, FIRST_LOOK_S
        while time.monotonic() < ends_at:
            if await anyio.to_thread.run_sync(partial(_is_done, user, begun)):
                break
            await anyio.sleep(pause_s)
            pause_s = min(pause_s * 1.5, LOOKS_S)
    return await anyio.to_thread.run_sync(partial(_shown, user, begun))


def _begin(user: db.User, batch_job_id: UUID) -> by_hand.Begun:
    with db.session_scope(user, write=True) as session:
        return by_hand.begin(session, batch_job_id=batch_job_id)


def _is_done(user: db.User, begun: by_hand.Begun) -> bool:
    with db.session_scope(user) as session:
        return by_hand.is_done(session, begun)


def _shown(user: db.User, begun: by_hand.Begun) -> ProcessedNext:
    with db.session_scope(user) as session:
        found = progress.of(session, batch_job_id=begun.batch_job_id)
        done = by_hand.outcome(session, begun)
        made = None
        if done is not None and done.conversation is not None:
            made = ConversationIds(
                id=str(done.conversation.id), conversation_id=str(done.conversation.conversation_id)
            )
        return ProcessedNext(
            item=BatchItem.of(done.item) if done else None,
            conversation=made,
            remaining_items=found.remaining,
            progress=found.share,
        )
