"""Review: deciding on conversations, one or many, and editing them.

Two reviewers at once: who names the row version that they have read is told when another was first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.access import audit, ownership
from core.db.tables.conversations import ConversationRevisionRow, ConversationRow
from core.errors import AppError, NotFound
from core.generation import hidden
from core.generation.conversations import conversations, messages, states
from core.generation.conversations.conversations import RESOURCE, Filter
from core.generation.conversations.errors import ConversationChanged, NothingNamed, TooManyNamed
from core.generation.conversations.states import Status
from core.generation.quality import rows

MOST_AT_ONCE: Final = 1_000
LONGEST_REASON: Final = 500  # characters
N_A_STATEMENT: Final = 200
ACTIONS: Final = {
    Status.APPROVED: "conversation.approved",
    Status.REJECTED: "conversation.rejected",
    Status.PENDING: "conversation.reopened",
}


@dataclass(frozen=True)
class Decided:
    """What has become of one conversation. error: why nothing has; the others stand all the same."""

    id: UUID
    status: Status | None = None
    row_version: int | None = None
    error: AppError | None = None


@dataclass(frozen=True)
class Decisions:
    """What has become of all that were named. has_more: the filter lets more through than one call decides on."""

    results: Sequence[Decided]
    has_more: bool = False


def decide(
    session: Session,
    *,
    decision: Status,
    ids: Sequence[UUID] | None = None,
    asked: Filter | None = None,
    reason: str = "",
    row_versions: Mapping[UUID, int] | None = None,
) -> Decisions:
    """Approve or reject conversations, or put them back; each by itself, all in the caller's transaction.

    asked: all that fit and are not decided so already, MOST_AT_ONCE at a time. row_versions: what was read; one that
    has changed since is left alone. Raises NothingNamed, TooManyNamed, NotAllowed.
    """
    if (ids is None) == (asked is None):
        raise NothingNamed
    has_more = False
    if asked is not None:
        found = _undecided(session, asked, decision)
        has_more, ids = len(found) > MOST_AT_ONCE, found[:MOST_AT_ONCE]
    wanted = list(dict.fromkeys(ids or ()))
    if len(wanted) > MOST_AT_ONCE:
        raise TooManyNamed(n_ids=len(wanted), limit=MOST_AT_ONCE)
    by_id: dict[UUID, Decided] = {}
    n_moved = 0
    in_order = sorted(wanted)  # everybody locks so
    for start in range(0, len(in_order), N_A_STATEMENT):
        some = in_order[start : start + N_A_STATEMENT]
        for one, is_moved in _decide_some(
            session, some, decision, reason[:LONGEST_REASON], row_versions or {}
        ):
            by_id[one.id] = one
            n_moved += is_moved
    _note(session, decision, wanted, n_moved=n_moved)
    return Decisions([by_id[row_id] for row_id in wanted], has_more)


def _undecided(session: Session, asked: Filter, decision: Status) -> list[UUID]:
    rows = sa.select(ConversationRow.id).where(*asked.conditions(session), ConversationRow.status != decision)
    oldest = rows.order_by(ConversationRow.created_at, ConversationRow.id).limit(MOST_AT_ONCE + 1)
    return list(session.execute(oldest).scalars())


def _decide_some(
    session: Session, some: Sequence[UUID], decision: Status, reason: str, row_versions: Mapping[UUID, int]
) -> Iterator[tuple[Decided, bool]]:
    """Each with whether it was changed: one that is decided so already is left as it is."""
    row = ConversationRow
    held = {
        found.id: found
        for found in session.execute(
            sa.select(row.id, row.status, row.reason, row.row_version)
            .where(row.id.in_(some), ownership.reviewed(session, row.user_id), hidden.is_shown(session))
            .order_by(row.id)
            .with_for_update()
        )
    }
    errors = {row_id: error for row_id in some if (error := _refusal(row_id, held.get(row_id), row_versions))}
    kept_reason = reason or None if decision in states.DECIDED else None
    changed = [
        row_id
        for row_id, now in held.items()
        if row_id not in errors and (now.status, now.reason) != (decision, kept_reason)
    ]
    moved = (
        states.move(session, row.id.in_(changed), to=decision, by=db.owner(session), reason=kept_reason)
        if changed
        else {}
    )
    for row_id in some:
        if error := errors.get(row_id):
            yield Decided(row_id, error=error), False
        else:
            version = moved.get(row_id, held[row_id].row_version)
            yield Decided(row_id, decision, version), row_id in moved


def _refusal(row_id: UUID, now: Any, row_versions: Mapping[UUID, int]) -> AppError | None:
    """now: the row as it is held; None where there is none to be seen."""
    if now is None:
        return NotFound(resource=RESOURCE, id=row_id)
    given = row_versions.get(row_id)
    if given is not None and given != now.row_version:
        return ConversationChanged(status=now.status, given=str(given), now=str(now.row_version))
    return None


def _note(session: Session, decision: Status, ids: Sequence[UUID], *, n_moved: int) -> None:
    """One line, however many there are."""
    if len(ids) == 1 and n_moved:
        audit.note(session, ACTIONS[decision], conversations.subject(ids[0]))
    elif n_moved:
        many = audit.Subject("conversations", "", f"{n_moved:,} conversation{'s' if n_moved > 1 else ''}")
        audit.note(session, ACTIONS[decision], many, n=n_moved)


def edit(
    session: Session, *, row_id: UUID, row_version: int, new: Sequence[Mapping[str, Any]]
) -> ConversationRow:
    """Put other messages into a conversation, which is pending then; what it was is kept as a revision.

    The same messages change nothing. Raises NotFound, BusinessKeyGiven, BadMessages, ConversationChanged.
    """
    wanted = messages.checked(new)
    row = ConversationRow
    this = row.id == row_id, ownership.reviewed(session, row.user_id)
    session.execute(sa.select(row.id).where(*this).with_for_update())
    was = conversations.get(session, row_id=row_id)
    if was.row_version != row_version:
        raise ConversationChanged(status=was.status, given=str(row_version), now=str(was.row_version))
    values = messages.columns(wanted)
    if values["content_sha256"] == was.content_sha256:
        return was
    revision = ConversationRevisionRow
    newest = sa.select(sa.func.coalesce(sa.func.max(revision.revision), 0))
    n = session.execute(newest.where(revision.conversation_id == row_id)).scalar_one()
    session.add(
        revision(
            conversation_id=row_id,
            revision=n + 1,
            author_id=db.owner(session),
            messages=was.messages,
            content_sha256=was.content_sha256,
        )
    )
    session.flush()
    values |= rows.edited(session, was, wanted) | {"enrichment": None}  # what was found out about other words
    states.move(session, *this, to=Status.PENDING, by=db.owner(session), reason=None, **values)
    audit.note(session, "conversation.edited", conversations.subject(row_id), revision=n + 1)
    session.flush()
    session.expire(was)
    return conversations.get(session, row_id=row_id)
