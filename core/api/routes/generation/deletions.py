"""Routes that delete conversations and batch jobs, and the one that takes it back."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query

from core import db
from core.api.dependencies import Writer, uuid_of
from core.api.http.error_responses import documented
from core.api.routes.generation.batch_jobs import BatchJobId
from core.api.routes.generation.conversations import ConversationId
from core.api.schemas.deletions import DeletedLater, DeletionRequest, DeletionShown, Undone
from core.generation.conversations import conversations
from core.generation.conversations.errors import NothingNamed
from core.generation.deletions import deletions

router = APIRouter(tags=["deleting"])


@router.post("/conversations/delete", responses=documented(400, 403, 404, 409, 413, 415, 422, 503))
def delete_conversations(user: Writer, wanted: DeletionRequest) -> DeletionShown:
    """Delete conversations of yours that are named, or all that a filter finds once their number is confirmed.

    They are hidden at once and removed some ten seconds later; until then it can be undone.
    """
    if (wanted.ids is None) == (wanted.filter is None):
        raise NothingNamed
    if wanted.ids is not None:
        ids = [uuid_of(text, resource=conversations.RESOURCE) for text in wanted.ids]
        if wanted.dry_run:
            with db.session_scope(user) as session:
                named = deletions.find_named(session, ids=ids)
            return DeletionShown.of_dry_run(named, include_approved=True)
        return DeletionShown.of(deletions.carried_out(user, partial(deletions.named, ids=ids)))
    assert wanted.filter is not None
    asked, include_approved = wanted.filter.asked(), wanted.include_approved
    if wanted.dry_run:
        with db.session_scope(user) as session:
            found = deletions.find(session, asked=asked)
        return DeletionShown.of_dry_run(found, include_approved=include_approved)
    all_that_fit = partial(
        deletions.filtered, asked=asked, n_confirmed=wanted.n_confirmed, include_approved=include_approved
    )
    return DeletionShown.of(deletions.carried_out(user, all_that_fit))


@router.delete("/conversations/{id}", responses=documented(403, 404, 409, 503))
def delete_conversation(user: Writer, row_id: ConversationId) -> DeletedLater:
    """Delete a conversation with its file, raw replies and revisions; the job's item stays completed.

    It is hidden at once and removed some ten seconds later; until then it can be undone.
    """
    made = deletions.carried_out(user, partial(deletions.one, row_id=row_id))
    return DeletedLater.of(row_id, made)


@router.delete("/batch-jobs/{batch_job_id}", responses=documented(403, 404, 409, 422, 503))
def delete_batch_job(
    user: Writer,
    batch_job_id: BatchJobId,
    with_conversations: Annotated[
        bool, Query(description="Delete its conversations too; else they stay.")
    ] = False,
    include_approved: Annotated[bool, Query(description="The approved ones of them as well.")] = False,
    n_confirmed: Annotated[
        int, Query(ge=0, le=10**9, description="How many conversations you expect to delete; else 409.")
    ] = 0,
) -> DeletedLater:
    """Delete a job that has ended or is paused, with its items, raw replies and log.

    It is hidden at once and removed some ten seconds later; until then it can be undone.
    """
    verb = partial(
        deletions.job,
        batch_job_id=batch_job_id,
        with_conversations=with_conversations,
        include_approved=include_approved,
        n_confirmed=n_confirmed,
    )
    return DeletedLater.of(batch_job_id, deletions.carried_out(user, verb))


@router.post("/deletions/{deletion_id}/undo", responses=documented(403, 404, 409, 503))
def undo_deletion(
    user: Writer, deletion_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]
) -> Undone:
    """Bring back what was deleted, for the some ten seconds until it is removed."""
    with db.session_scope(user, write=True) as session:
        deletions.undo(session, deletion_id=uuid_of(deletion_id, resource="deletion"))
    return Undone(deletion_id=deletion_id)
