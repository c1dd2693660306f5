"""Routes of deletions: taking one back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from core import db
from core.api.dependencies import Writer, uuid_of
from core.api.http.error_responses import documented
from core.api.schemas.deletions import Undone
from core.generation.deletions import deletions

router = APIRouter(prefix="/deletions", tags=["conversations"])


@router.post("/{deletion_id}/undo", responses=documented(403, 404, 409, 503))
def undo_deletion(
    user: Writer, deletion_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]
) -> Undone:
    """Bring back what was deleted, for the some ten seconds until it is removed."""
    with db.session_scope(user, write=True) as session:
        deletions.undo(session, deletion_id=uuid_of(deletion_id, resource="deletion"))
    return Undone(deletion_id=deletion_id)
