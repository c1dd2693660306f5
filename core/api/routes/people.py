"""Routes of one's own sessions, and for admins of the people there are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from core import db
from core.access import roles, sessions, users
from core.api.dependencies import Config, Manager, ManagingPrincipal, uuid_of
from core.api.http.error_responses import documented
from core.api.routes.tokens import Id, Revoked
from core.api.schemas import work
from core.db.tables.users import UserRow
from core.settings import Settings

router = APIRouter(tags=["access"])

Role = Literal["analyst", "reviewer", "admin"]


class Session(BaseModel):
    """A browser where you are signed in."""

    id: str
    is_this: bool
    means: str
    address: str
    agent: str
    created_at: datetime
    seen_at: datetime = Field(description="To the minute.")
    expires_at: datetime


class Person(BaseModel):
    """Somebody who has signed in."""

    id: str
    name: str
    email: str | None
    role: Role
    is_named_admin: bool = Field(description="ADMIN_EMAILS lists them, so their role can't be changed here.")
    blocked_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, row: UserRow, settings: Settings) -> Person:
        kept = {name: getattr(row, name) for name in ("name", "email", "blocked_at", "created_at")}
        role = roles.effective(row.role, row.email, settings)
        is_named = roles.is_named_admin(row.email, settings)
        return cls.model_validate(kept | {"id": str(row.id), "role": role, "is_named_admin": is_named})


class Changed(BaseModel):
    """Changes to a person."""

    model_config = ConfigDict(extra="forbid", strict=True)
    role: Role | None = None
    blocked: bool | None = None


@router.get("/sessions", responses=documented(401, 403, 503))
def list_sessions(principal: ManagingPrincipal, config: Config) -> work.Listed[Session]:
    """Where you are signed in, most recently used first."""
    with db.session_scope(principal.user) as scope:
        found = sessions.alive(scope, settings=config, now=datetime.now(UTC))
    kept = ("means", "address", "agent", "created_at", "seen_at", "expires_at")
    items = [
        Session(
            id=str(row.id),
            is_this=row.id == principal.session_id,
            **{name: getattr(row, name) for name in kept},
        )
        for row in found
    ]
    return work.Listed[Session](items=items, next_cursor=None)


@router.delete("/sessions/{session_id}", responses=documented(401, 403, 404, 503))
def revoke_session(user: Manager, session_id: Id) -> Revoked:
    """Sign out another browser; its open pages close within seconds."""
    with db.session_scope(user, write=True) as scope:
        sessions.revoke(scope, session_id=uuid_of(session_id, resource="session"), now=datetime.now(UTC))
    return Revoked(id=session_id)


@router.get("/people", responses=documented(401, 403, 503))
def list_people(user: Manager, config: Config) -> work.Listed[Person]:
    """Everybody who has signed in, by name. For admins."""
    with db.session_scope(user) as scope:
        found = users.people(scope)
    return work.Listed[Person](items=[Person.of(row, config) for row in found], next_cursor=None)


@router.patch("/people/{user_id}", responses=documented(400, 401, 403, 404, 413, 415, 422, 503))
def change_person(user: Manager, config: Config, user_id: Id, changed: Changed) -> Person:
    """Change somebody's role, or block or unblock them. For admins; you can't change yourself."""
    person_id = uuid_of(user_id, resource="person")
    with db.session_scope(user, write=True) as scope:
        if changed.role is not None:
            users.set_role(scope, user_id=person_id, role=changed.role)
        if changed.blocked is not None:
            users.block(scope, user_id=person_id, is_blocked=changed.blocked)
    with db.session_scope(user) as scope:
        return Person.of(users.person(scope, user_id=person_id), config)
