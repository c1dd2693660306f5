"""Routes of personal tokens, and of who asks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from core import db
from core.access import tokens
from core.api.dependencies import WHOLE, AnyPrincipal, Manager, Text, uuid_of
from core.api.http.error_responses import documented
from core.api.schemas import work
from core.db.tables.credentials import ApiTokenRow

router = APIRouter(tags=["access"])

Scope = Literal["read", "write", "training", "package"]
Id = Annotated[str, Path(json_schema_extra={"format": "uuid"})]


class Me(BaseModel):
    """Who you are, and how you signed in."""

    user_id: str
    name: str
    email: str | None
    role: Literal["analyst", "reviewer", "admin"]
    via: str = Field(description="`session`, `token`, `jwt`, or `local` if sign-in is off.")
    scopes: list[str] | None = Field(description="What the token allows; null if nothing is restricted.")


class Token(BaseModel):
    """A personal token, without its secret."""

    id: str
    name: str
    begins: str = Field(description="Its first letters, to recognise it.")
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
    """A new token."""

    secret: str = Field(description="Shown only once.")

    @classmethod
    def made(cls, row: ApiTokenRow, secret: str) -> NewToken:
        return cls(**Token.of(row).model_dump(), secret=secret)


class Revoked(BaseModel):
    """It no longer works."""

    id: str
    revoked: Literal[True] = True


class WantedToken(BaseModel):
    """A token to create."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: Text = Field(max_length=tokens.LONGEST_NAME)
    scopes: list[Scope] = Field(min_length=1, max_length=len(tokens.SCOPES))
    days: Annotated[
        int | None,
        Field(
            ge=1,
            le=tokens.LONGEST_DAYS,
            description=f"Days until it expires: {tokens.DEFAULT_DAYS} if left out; of the scope `package`, which "
            f"stands alone, {tokens.DEFAULT_PACKAGE_DAYS}, and at most {tokens.LONGEST_PACKAGE_DAYS}.",
        ),
        WHOLE,
    ] = None


@router.get("/me", responses=documented(401, 403, 503))
def who_am_i(principal: AnyPrincipal) -> Me:
    """Who you are signed in as."""
    user = principal.user
    scopes = None if principal.scopes is None else sorted(principal.scopes)
    return Me.model_validate(
        {"user_id": str(user.id), "name": user.name, "email": user.email, "role": user.role, "via": user.via}
        | {"scopes": scopes}
    )


@router.get("/tokens", responses=documented(401, 403, 503))
def list_tokens(user: Manager) -> work.Listed[Token]:
    """Your valid tokens, newest first."""
    with db.session_scope(user) as session:
        found = tokens.alive(session, now=datetime.now(UTC))
    return work.Listed[Token](items=[Token.of(row) for row in found], next_cursor=None)


@router.post("/tokens", status_code=201, responses=documented(400, 401, 403, 409, 413, 415, 422, 503))
def create_token(user: Manager, wanted: WantedToken) -> NewToken:
    """Create a token for a program. Only this answer contains its secret."""
    with db.session_scope(user, write=True) as session:
        row, secret = tokens.create(
            session, name=wanted.name, scopes=wanted.scopes, days=wanted.days, now=datetime.now(UTC)
        )
    return NewToken.made(row, secret)


@router.delete("/tokens/{token_id}", responses=documented(401, 403, 404, 503))
def revoke_token(user: Manager, token_id: Id) -> Revoked:
    """Revoke a token. It stops working at once."""
    with db.session_scope(user, write=True) as session:
        tokens.revoke(session, token_id=uuid_of(token_id, resource="token"), now=datetime.now(UTC))
    return Revoked(id=token_id)
