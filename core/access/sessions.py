"""Sessions of people at browsers: begun at sign-in, looked at with each request, over when idle, old or revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, logs
from core.access import audit, credential_lookup, hashing, roles
from core.access.errors import NotSignedIn
from core.access.users import SignInMethod
from core.db.tables.credentials import SessionRow
from core.db.types import SET_BACK_S
from core.errors import NotFound
from core.settings import Settings
from core.storage import disk_reserve

KEPT_DAYS = 30  # of a session that is over
LONGEST_AGENT = 200

log = logs.get("access")


def cookie_name(settings: Settings) -> str:
    """Of the cookie that holds a session's secret. Behind TLS no other site of the domain can set such a one.

    Browsers send a cookie to every port of a host, so elsewhere its name tells two apps on one machine apart.
    """
    return "__Host-model_desk" if settings.url.startswith("https:") else f"model_desk_{settings.port}"


def begin(user: db.User, *, means: SignInMethod, agent: str, settings: Settings, now: datetime) -> str:
    """Sign somebody in; the secret for their cookie, which is kept nowhere. Forgets their sessions of long ago."""
    secret = hashing.new_secret()
    with db.session_scope(user, write=True) as session:
        mine = SessionRow.user_id == user.id
        session.execute(
            sa.delete(SessionRow).where(mine, SessionRow.expires_at < now - timedelta(days=KEPT_DAYS))
        )
        session.add(
            SessionRow(
                user_id=user.id,
                secret_hash=hashing.hash_of(secret),
                means=means,
                address=user.address,
                agent=agent[:LONGEST_AGENT],
                created_at=now,
                seen_at=now,
                expires_at=now + timedelta(hours=settings.session_hours),
            )
        )
        audit.note(session, "sign_in", means=means)
    return secret


def resume(
    secret: str, *, settings: Settings, now: datetime, address: str, touch: bool = True
) -> tuple[db.User, UUID]:
    """Who is signed in with this cookie, and their session's id. touch: somebody has clicked. Raises NotSignedIn."""
    credential = credential_lookup.session_by_hash(hashing.hash_of(secret))
    if credential is None or (problem := _problem(credential, settings=settings, now=now)):
        log.info("session refused", reason=problem if credential else "unknown", address=address)
        raise NotSignedIn
    role = roles.effective(credential.role, credential.email, settings)
    user = db.User(
        credential.user_id, credential.name, role, email=credential.email, via="session", address=address
    )
    if touch and credential.is_to_be_touched(now):
        with disk_reserve.lent(), db.session_scope(user, write=True) as session:
            session.execute(sa.update(SessionRow).where(SessionRow.id == credential.id).values(seen_at=now))
    return user, credential.id


def _problem(credential: credential_lookup.Credential, *, settings: Settings, now: datetime) -> str:
    """Why a session is over; empty while it is not."""
    idle = timedelta(hours=settings.session_idle_hours)
    if credential.revoked_at is not None:
        return "revoked"
    if credential.blocked_at is not None:
        return "blocked"
    if credential.expires_at <= now or credential.expires_at > _latest_end(settings, now):
        return "expired"
    return "idle" if credential.touched_at is not None and credential.touched_at + idle <= now else ""


def _latest_end(settings: Settings, now: datetime) -> datetime:
    """When a session that begins now ends. One that ends later was begun by a clock that has been set back since."""
    return now + timedelta(hours=settings.session_hours, seconds=SET_BACK_S)


def end(session: Session, *, session_id: UUID, now: datetime) -> None:
    """Sign out where this session is; one that is over stays so."""
    if _revoke(session, session_id, now):
        audit.note(session, "sign_out")


def alive(session: Session, *, settings: Settings, now: datetime) -> Sequence[SessionRow]:
    """The user's own sessions that are not over, the last used first."""
    idle_since = now - timedelta(hours=settings.session_idle_hours)
    mine = sa.select(SessionRow).where(SessionRow.user_id == db.owner(session))
    is_in_time = SessionRow.expires_at > now, SessionRow.expires_at <= _latest_end(settings, now)
    alive = (SessionRow.revoked_at.is_(None), *is_in_time, SessionRow.seen_at > idle_since)
    return session.execute(mine.where(*alive).order_by(SessionRow.seen_at.desc())).scalars().all()


def revoke(session: Session, *, session_id: UUID, now: datetime) -> None:
    """End one of the user's own sessions. Raises NotFound."""
    if not _revoke(session, session_id, now):
        raise NotFound(resource="session", id=session_id)
    audit.note(session, "session.revoked", audit.Subject("session", session_id))


def _revoke(session: Session, session_id: UUID, now: datetime) -> bool:
    own = (SessionRow.id == session_id, SessionRow.user_id == db.owner(session))
    ended = sa.update(SessionRow).where(*own, SessionRow.revoked_at.is_(None)).values(revoked_at=now)
    return session.execute(ended.returning(SessionRow.id)).first() is not None
