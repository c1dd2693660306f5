"""The audit trail's route."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from core import db
from core.access import audit
from core.api.dependencies import Cursor, Limit, Reader, Text, uuid_of
from core.api.http.error_responses import documented
from core.api.schemas import work
from core.db.tables.audit_events import AuditEventRow

router = APIRouter(tags=["access"])


class Event(BaseModel):
    """Who did what, when and from where."""

    id: str
    created_at: datetime
    user_id: str | None = Field(description="Null if it was not known who asked.")
    actor: str
    action: str
    outcome: Literal["done", "refused"]
    subject_kind: str | None
    subject_id: str | None
    subject_name: str | None
    details: dict[str, Any]
    address: str
    via: str

    @classmethod
    def of(cls, row: AuditEventRow) -> Event:
        user_id = str(row.user_id) if row.user_id else None
        kept = {name: getattr(row, name) for name in cls.model_fields}
        return cls.model_validate(kept | {"id": str(row.id), "user_id": user_id})


@router.get("/audit", responses=documented(400, 401, 403, 404, 422, 503))
def list_events(
    user: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    user_id: str | None = None,
    action: Annotated[Text | None, Query(max_length=60)] = None,
    outcome: Literal["done", "refused"] | None = None,
    subject_id: Annotated[Text | None, Query(max_length=100)] = None,
    text: Annotated[
        Text, Query(max_length=100, description="Part of the actor's or the subject's name.")
    ] = "",
) -> work.Listed[Event]:
    """The audit trail: who did what, newest first. For admins."""
    asked = audit.Filter(
        user_id=None if user_id is None else uuid_of(user_id, resource="person"),
        action=action,
        outcome=outcome,
        subject_id=subject_id,
        text=text,
    )
    with db.session_scope(user) as session:
        page = audit.page(session, asked=asked, limit=limit, cursor=cursor)
    return work.Listed[Event].of(page, Event.of)
