"""Personal tokens for programs: shown once, kept as a hash, good for what their scopes say and for a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, logs
from core.access import audit, credential_lookup, hashing, roles
from core.access.errors import NotSignedIn, PackageTokenUnfit, TooManyTokens
from core.db.tables.credentials import ApiTokenRow
from core.errors import Invalid, NotFound
from core.settings import Settings

READ: Final = "read"
WRITE: Final = "write"
TRAINING: Final = "training"
PACKAGE: Final = "package"  # reports of the trainings that were begun with this very token, and nothing else
SCOPES: Final = (READ, WRITE, TRAINING, PACKAGE)
LONGEST_DAYS, DEFAULT_DAYS = 365, 90
LONGEST_PACKAGE_DAYS, DEFAULT_PACKAGE_DAYS = 30, 7
LONGEST_NAME = 80
MOST = 50

log = logs.get("access")


@dataclass(frozen=True)
class Checked:
    """A token that lets somebody in."""

    user: db.User
    id: UUID
    scopes: frozenset[str]


def create(
    session: Session, *, name: str, scopes: Sequence[str], days: int | None = None, now: datetime
) -> tuple[ApiTokenRow, str]:
    """A new token of the user's, and its secret, which nobody can show again. days: None for what is usual.

    Raises Invalid, PackageTokenUnfit, TooManyTokens.
    """
    name = name.strip() or "Token"
    if len(name) > LONGEST_NAME:
        raise Invalid(problem="The name is too long.", remedy=f"Use at most {LONGEST_NAME} characters.")
    if not scopes or set(scopes) - set(SCOPES):
        raise Invalid(
            problem="The token needs at least one valid scope.", remedy=f"Choose from {', '.join(SCOPES)}."
        )
    if PACKAGE in scopes and len(set(scopes)) > 1:
        raise PackageTokenUnfit(
            problem="A token that reports for a training package can do nothing else.",
            remedy=f"Choose {PACKAGE} alone, or leave it out.",
        )
    usual, longest = DEFAULT_DAYS, LONGEST_DAYS
    if PACKAGE in scopes:
        usual, longest = DEFAULT_PACKAGE_DAYS, LONGEST_PACKAGE_DAYS
    days = usual if days is None else days
    if not 1 <= days <= longest:
        unfit = PackageTokenUnfit if PACKAGE in scopes else Invalid
        raise unfit(problem="The token needs an expiry date.", remedy=f"Choose 1 to {longest} days.")
    if len(alive(session, now=now)) >= MOST:
        raise TooManyTokens(n_tokens=MOST)
    secret = hashing.new_token()
    row = ApiTokenRow(
        user_id=db.owner(session),
        name=name,
        secret_hash=hashing.hash_of(secret),
        begins=secret[: hashing.N_SHOWN],
        scopes=[scope for scope in SCOPES if scope in scopes],
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    audit.note(session, "token.created", _subject(row), scopes=row.scopes, days=days)
    return row, secret


def alive(session: Session, *, now: datetime) -> Sequence[ApiTokenRow]:
    """The user's tokens that still let a program in, newest first."""
    mine = sa.select(ApiTokenRow).where(ApiTokenRow.user_id == db.owner(session))
    alive = mine.where(ApiTokenRow.revoked_at.is_(None), ApiTokenRow.expires_at > now)
    return session.execute(alive.order_by(ApiTokenRow.created_at.desc(), ApiTokenRow.id)).scalars().all()


def revoke(session: Session, *, token_id: UUID, now: datetime) -> None:
    """Let nobody in by one of the user's tokens any more. Raises NotFound."""
    own = (ApiTokenRow.id == token_id, ApiTokenRow.user_id == db.owner(session))
    row = session.execute(sa.select(ApiTokenRow).where(*own, ApiTokenRow.revoked_at.is_(None))).scalar()
    if row is None:
        raise NotFound(resource="token", id=token_id)
    row.revoked_at = now
    audit.note(session, "token.revoked", _subject(row))


def check(secret: str, *, settings: Settings, now: datetime, address: str) -> Checked:
    """Whose token this is, and what it is good for. Raises NotSignedIn, whatever is wrong; the log says what."""
    credential = credential_lookup.token_by_hash(hashing.hash_of(secret))
    if credential is None or (problem := _problem(credential, settings=settings, now=now)):
        log.warning("token refused", reason=problem if credential else "unknown", address=address)
        raise NotSignedIn
    role = (
        roles.ADMIN if credential.is_local else roles.effective(credential.role, credential.email, settings)
    )
    user = db.User(
        credential.user_id, credential.name, role, email=credential.email, via="token", address=address
    )
    if credential.is_to_be_touched(now):
        with db.session_scope(user, write=True) as session:
            session.execute(sa.update(ApiTokenRow).where(ApiTokenRow.id == credential.id).values(used_at=now))
    return Checked(user, credential.id, frozenset(credential.scopes or ()))


def _problem(credential: credential_lookup.Credential, *, settings: Settings, now: datetime) -> str:
    """Why a token lets nobody in; empty while it does."""
    if credential.revoked_at is not None:
        return "revoked"
    if credential.blocked_at is not None:
        return "blocked"
    if credential.is_local and settings.has_sign_in:
        return "made before people signed in"
    return "expired" if credential.expires_at <= now else ""


def _subject(row: ApiTokenRow) -> audit.Subject:
    return audit.Subject("token", row.id, row.name)
