"""The audit trail: who did what to what, when and from where. An action and its line are written in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.access import roles
from core.db.pagination import Page, newest_first
from core.db.tables.audit_events import AuditEventRow
from core.db.types import now_plus
from core.room import AuditedAction, AuditedResource

LONGEST = 300
LOCAL = "local user"

_actions: dict[str, AuditedAction] = {}
_audited: dict[str, AuditedResource] = {}


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


def register(actions: Iterable[AuditedAction], audited: Iterable[AuditedResource]) -> None:
    """Make a room's actions known to this process, and what they are done to."""
    _actions.update({action.name: action for action in actions})
    _audited.update({resource.kind: resource for resource in audited})


def known_actions() -> list[str]:
    """The names of all actions, in the order of the alphabet."""
    return sorted(_actions)


def says(action: str) -> str:
    """How a person says an action, without what it was done to: `upload.deleted` → "deleted"."""
    return _actions[action].says


def audited(kind: str) -> AuditedResource:
    """How a person names what actions are done to: a subject's kind, or what stands before an action's dot."""
    return _audited.get(kind) or AuditedResource(kind, f" the {kind} {{}}")


def note(
    session: Session,
    action: str,
    subject: Subject | None = None,
    *,
    is_refused: bool = False,
    address: str = "",
    **details: Any,
) -> None:
    """Add a line in the caller's transaction. address: where it is not known who asks; else the user's own counts."""
    assert action in _actions, action
    user = session.info["user"]
    who = user if isinstance(user, db.User) else None
    session.add(
        AuditEventRow(
            created_at=now_plus(),
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
