"""Routes of one's own sessions, and for admins of the people there are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from core import db
from core.access import roles, sessions, users
from core.api.dependencies import Config, CurrentPrincipal, CurrentUser, uuid_of
from core.api.http.error_responses import documented
from core.api.routes.tokens import Id, Revoked
from core.api.schemas import work
from core.db.tables.users import UserRow
from core.settings import Settings

router = APIRouter(tags=["access"])

Role = Literal["analyst", "reviewer", "admin"]


class Session(BaseModel):
    """A browser that you are signed in with."""

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
    is_named_admin: bool = Field(description="ADMIN_EMAILS names them, so their role can't be changed here.")
    blocked_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, row: UserRow, settings: Settings) -> Person:
        kept = {name: getattr(row, name) for name in ("name", "email", "blocked_at", "created_at")}
        role = roles.effective(row.role, row.email, settings)
        is_named = roles.is_named_admin(row.email, settings)
        return cls.model_validate(kept | {"id": str(row.id), "role": role, "is_named_admin": is_named})


class Changed(BaseModel):
    """What is to change of somebody."""

    model_config = ConfigDict(extra="forbid", strict=True)
    role: Role | None = None
    blocked: bool | None = None


@router.get("/sessions", responses=documented(401, 403, 503))
def list_sessions(principal: CurrentPrincipal, config: Config) -> work.Listed[Session]:
    """Where you are signed in, the last used first."""
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
def revoke_session(user: CurrentUser, session_id: Id) -> Revoked:
    """Sign out somewhere else; what is open there closes within seconds."""
    with db.session_scope(user, write=True) as scope:
        sessions.revoke(scope, session_id=uuid_of(session_id, resource="session"), now=datetime.now(UTC))
    return Revoked(id=session_id)


@router.get("/people", responses=documented(401, 403, 503))
def list_people(user: CurrentUser, config: Config) -> work.Listed[Person]:
    """Everybody who has signed in, by name. For admins."""
    with db.session_scope(user) as scope:
        found = users.people(scope)
    return work.Listed[Person](items=[Person.of(row, config) for row in found], next_cursor=None)


@router.patch("/people/{user_id}", responses=documented(400, 401, 403, 404, 413, 415, 422, 503))
def change_person(user: CurrentUser, config: Config, user_id: Id, changed: Changed) -> Person:
    """Give somebody a role, block them or let them in again. For admins; nobody changes themselves."""
    person_id = uuid_of(user_id, resource="person")
    with db.session_scope(user, write=True) as scope:
        if changed.role is not None:
            users.set_role(scope, user_id=person_id, role=changed.role)
        if changed.blocked is not None:
            users.block(scope, user_id=person_id, is_blocked=changed.blocked)
    with db.session_scope(user) as scope:
        return Person.of(users.person(scope, user_id=person_id), config)
