"""The audit trail: who did what to what, when and from where. A deed and its line are written in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.access import roles
from core.db.pagination import Page, newest_first
from core.db.tables.audit_events import AuditEventRow
from core.db.types import DATABASE_CLOCK, Clock

LONGEST = 300
LOCAL = "local user"

# Every deed that is noted, and how a person says it.
ACTIONS: Final = {
    "sign_in": "signed in",
    "sign_in.failed": "failed to sign in",
    "sign_out": "signed out",
    "session.revoked": "ended a session",
    "token.created": "made a token",
    "token.revoked": "revoked a token",
    "access.refused": "was refused",
    "user.role_changed": "changed the role of",
    "user.blocked": "blocked",
    "user.let_in": "let in again",
    "work.adopted": "handed the local user's work over to",
    "upload.added": "uploaded",
    "upload.reread": "read in another way",
    "upload.downloaded": "downloaded",
    "upload.deleted": "deleted",
    "prediction.created": "asked for",
    "prediction.by_hand": "processed by hand",
    "prediction.retried": "retried",
    "prediction.cancelled": "cancelled",
    "prediction.downloaded": "downloaded the result of",
    "prediction.deleted": "deleted",
    "model.trained": "began to train",
    "model.cancelled": "cancelled the training of",
    "model.deleted": "deleted",
}


@dataclass(frozen=True)
class Subject:
    """What was acted on: its kind, its id, and its name as it is now."""

    kind: str
    id: object
    name: str = ""


@dataclass(frozen=True)
class Filter:
    """Which lines are asked for; all where nothing is named. text: in the actor's or the subject's name."""

    user_id: UUID | None = None
    action: str | None = None
    outcome: str | None = None
    subject_id: str | None = None
    text: str = ""
    since: datetime | None = None


def note(
    session: Session,
    action: str,
    subject: Subject | None = None,
    *,
    is_refused: bool = False,
    address: str = "",
    clock: Clock = DATABASE_CLOCK,
    **details: Any,
) -> None:
    """Add a line in the caller's transaction. address: where it is not known who asks; else the user's own counts."""
    assert action in ACTIONS, action
    user = session.info["user"]
    who = user if isinstance(user, db.User) else None
    session.add(
        AuditEventRow(
            created_at=clock.now(),
            user_id=who.id if who else None,
            actor=_cut(_named(who)),
            action=action,
            outcome="refused" if is_refused else "done",
            subject_kind=subject.kind if subject else None,
            subject_id=_cut(str(subject.id)) if subject else None,
            subject_name=_cut(subject.name) if subject else None,
            details=details,
            address=_cut(who.address if who else address),
            via=who.via if who else ("shell" if user == db.WORKER else ""),
        )
    )


def page(
    session: Session,
    *,
    asked: Filter,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[AuditEventRow]:
    """The lines that fit, newest first. Raises NotAllowed for all but admins, BadCursor."""
    roles.require_admin(session)
    row, rows = AuditEventRow, sa.select(AuditEventRow)
    exact = ((row.user_id, asked.user_id), (row.action, asked.action), (row.outcome, asked.outcome))
    for column, value in (*exact, (row.subject_id, asked.subject_id)):
        if value is not None:
            rows = rows.where(column == value)
    if asked.since is not None:
        rows = rows.where(row.created_at >= asked.since)
    if asked.text:
        named = (column.icontains(asked.text, autoescape=True) for column in (row.actor, row.subject_name))
        rows = rows.where(sa.or_(*named))
    return newest_first(session, rows, created_at=row.created_at, id=row.id, limit=limit, cursor=cursor)


def _named(who: db.User | None) -> str:
    if who is None:
        return ""
    return LOCAL if who.via == "local" else who.email or who.name


def _cut(text: str) -> str:
    return text.replace("\0", "�").encode("utf-8", "replace").decode()[:LONGEST]
