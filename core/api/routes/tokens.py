"""Routes of personal tokens, and of who asks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from core import db
from core.access import tokens
from core.api.dependencies import WHOLE, CurrentPrincipal, CurrentUser, Text, uuid_of
from core.api.http.error_responses import documented
from core.api.schemas import work
from core.db.tables.credentials import ApiTokenRow

router = APIRouter(tags=["access"])

Scope = Literal["read", "write", "training"]
Id = Annotated[str, Path(json_schema_extra={"format": "uuid"})]


class Me(BaseModel):
    """Who asks, and by what."""

    user_id: str
    name: str
    email: str | None
    role: Literal["analyst", "reviewer", "admin"]
    via: str = Field(description="`session`, `token`, `jwt`, or `local` where nobody signs in.")
    scopes: list[str] | None = Field(description="What a token allows; null where nothing is held back.")


class Token(BaseModel):
    """A personal token, without its secret."""

    id: str
    name: str
    begins: str = Field(description="Its first letters, to tell it from others.")
    scopes: list[Scope]
    created_at: datetime
    used_at: datetime | None = Field(description="To the minute.")
    expires_at: datetime

    @classmethod
    def of(cls, row: ApiTokenRow) -> Token:
        return cls.model_validate(
            {name: getattr(row, name) for name in cls.model_fields} | {"id": str(row.id)}
        )


class NewToken(Token):
    """A token that was made just now."""

    secret: str = Field(description="Shown this once: nobody can show it again.")

    @classmethod
    def made(cls, row: ApiTokenRow, secret: str) -> NewToken:
        return cls(**Token.of(row).model_dump(), secret=secret)


class Revoked(BaseModel):
    """It lets nobody in any more."""

    id: str
    revoked: Literal[True] = True


class WantedToken(BaseModel):
    """A token to be made."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: Text = Field(max_length=tokens.LONGEST_NAME)
    scopes: list[Scope] = Field(min_length=1, max_length=len(tokens.SCOPES))
    days: Annotated[int, Field(ge=1, le=tokens.LONGEST_DAYS, description="Until it expires."), WHOLE] = 90


@router.get("/me", responses=documented(401, 403, 503))
def who_am_i(principal: CurrentPrincipal) -> Me:
    """Who you are to this app."""
    user = principal.user
    scopes = None if principal.scopes is None else sorted(principal.scopes)
    return Me.model_validate(
        {"user_id": str(user.id), "name": user.name, "email": user.email, "role": user.role, "via": user.via}
        | {"scopes": scopes}
    )


@router.get("/tokens", responses=documented(401, 403, 503))
def list_tokens(user: CurrentUser) -> work.Listed[Token]:
    """Your tokens that are valid, newest first."""
    with db.session_scope(user) as session:
        found = tokens.alive(session, now=datetime.now(UTC))
    return work.Listed[Token](items=[Token.of(row) for row in found], next_cursor=None)


@router.post("/tokens", status_code=201, responses=documented(400, 401, 403, 409, 413, 415, 422, 503))
def create_token(user: CurrentUser, wanted: WantedToken) -> NewToken:
    """Make a token for a program. Its secret is in this answer and nowhere else."""
    with db.session_scope(user, write=True) as session:
        row, secret = tokens.create(
            session, name=wanted.name, scopes=wanted.scopes, days=wanted.days, now=datetime.now(UTC)
        )
    return NewToken.made(row, secret)


@router.delete("/tokens/{token_id}", responses=documented(401, 403, 404, 503))
def revoke_token(user: CurrentUser, token_id: Id) -> Revoked:
    """Revoke a token: it lets nobody in any more, from the next call on."""
    with db.session_scope(user, write=True) as session:
        tokens.revoke(session, token_id=uuid_of(token_id, resource="token"), now=datetime.now(UTC))
    return Revoked(id=token_id)
