"""Receipts of review: what was decided on a conversation and edited in it, by whom, when, and at which revision."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.access import ownership
from core.db.tables.generation.conversations import ConversationRevisionRow, ConversationRow
from core.db.tables.generation.review_events import ReviewEventRow
from core.db.types import now_plus
from core.generation.conversations.states import DECIDED, Status

EDITED: Final = "edited"
MOST_REASONS: Final = 9
N_LOOKED_AT: Final = 200  # decisions, for the reasons that were given lately
MOST_REVIEWERS: Final = 100


@dataclass(frozen=True)
class Before:
    """What a conversation was when something was done to it, and the row version that it has got since."""

    row_id: UUID
    status: str
    reason: str | None
    row_version: int


@dataclass(frozen=True)
class Today:
    """What one reviewer has decided since a moment, as it stands now."""

    n_approved: int
    n_rejected: int


def add(
    session: Session,
    of: Sequence[Before],
    *,
    action: str,
    reason: str | None = None,
    revisions: Mapping[UUID, int] | None = None,
    bulk_id: UUID | None = None,
) -> None:
    """Note what was done, in the transaction that did it. revisions: where they are known already."""
    known = _revisions(session, [one.row_id for one in of]) if revisions is None else revisions
    user = session.info["user"]
    common = {
        "action": action, "reason": reason, "bulk_id": bulk_id, "author_id": db.owner(session),
        "author_name": user.name,
    }  # fmt: skip
    made = [
        {
            "id": uuid4(), "conversation_id": one.row_id, "revision": known.get(one.row_id, 0),
            "row_version": one.row_version, "old_status": one.status, "old_reason": one.reason, **common,
        }
        for one in of
    ]  # fmt: skip
    if made:
        session.execute(sa.insert(ReviewEventRow).values(at=now_plus()), made)


def of_conversation(session: Session, *, row_id: UUID) -> Sequence[ReviewEventRow]:
    """All of a conversation that the caller has read, oldest first."""
    event = ReviewEventRow
    rows = sa.select(event).where(event.conversation_id == row_id)
    return session.execute(rows.order_by(event.at, event.row_version, event.id)).scalars().all()


def last(session: Session, row_ids: Collection[UUID]) -> dict[UUID, ReviewEventRow]:
    """What was done last to each of these, where anything was."""
    event = ReviewEventRow
    rows = sa.select(event).where(event.conversation_id.in_(row_ids))
    return {
        one.conversation_id: one
        for one in session.execute(rows.order_by(event.at, event.row_version)).scalars()
    }


def today(session: Session, *, since: datetime) -> Today:
    """What the reader has decided since this moment and nobody changed."""
    row = ConversationRow
    mine = (
        row.reviewer_id == db.owner(session),
        row.decided_at >= since,
        ownership.reviewed(session, row.user_id),
    )
    rows = sa.select(row.status, sa.func.count()).where(*mine).group_by(row.status)
    found = dict(session.execute(rows).all())
    return Today(found.get(Status.APPROVED, 0), found.get(Status.REJECTED, 0))


def recent_reasons(session: Session) -> list[str]:
    """The reasons that the reader gave lately, the one that was given most first."""
    event = ReviewEventRow
    lately = (
        sa.select(event.reason)
        .where(event.author_id == db.owner(session), event.action.in_([*DECIDED]))
        .order_by(event.at.desc())
        .limit(N_LOOKED_AT)
        .subquery()
    )
    n = sa.func.count()
    rows = sa.select(lately.c.reason, n).where(lately.c.reason.is_not(None)).group_by(lately.c.reason)
    counted = session.execute(rows.order_by(n.desc(), lately.c.reason).limit(MOST_REASONS))
    return [reason for reason, _ in counted]


def reviewers(session: Session) -> dict[UUID, str]:
    """Who has decided on what the reader may review, by id, with the names that they last decided under."""
    row = ConversationRow
    ids = sa.select(row.reviewer_id).where(
        row.reviewer_id.is_not(None), ownership.reviewed(session, row.user_id)
    )
    found = session.execute(ids.distinct().limit(MOST_REVIEWERS)).scalars().all()
    return names(session, [one for one in found if one is not None])


def names(session: Session, person_ids: Iterable[UUID]) -> dict[UUID, str]:
    """What these were called when they last reviewed something that the reader may review; "" for who never did."""
    event = ReviewEventRow
    found: dict[UUID, str] = {}
    for person_id in person_ids:
        named = sa.select(event.author_name).where(event.author_id == person_id).order_by(event.at.desc())
        found[person_id] = session.execute(named.limit(1)).scalar_one_or_none() or ""
    return found


def _revisions(session: Session, row_ids: Collection[UUID]) -> dict[UUID, int]:
    revision = ConversationRevisionRow
    rows = sa.select(revision.conversation_id, sa.func.max(revision.revision))
    of_these = rows.where(revision.conversation_id.in_(row_ids)).group_by(revision.conversation_id)
    return dict(session.execute(of_these).all())
