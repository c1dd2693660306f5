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
from core.db.tables.generation.conversations import ConversationRevisionRow, ConversationRow
from core.db.tables.generation.review_events import ReviewEventRow
from core.errors import AppError, NotFound
from core.generation import hidden
from core.generation.conversations import conversations, messages, receipts, states
from core.generation.conversations.conversations import RESOURCE, Filter
from core.generation.conversations.errors import ConversationChanged, NothingNamed, TooManyNamed
from core.generation.conversations.receipts import Before
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
SOMEBODY: Final = "Somebody"
DID: Final = {
    Status.APPROVED: "approved it",
    Status.REJECTED: "rejected it",
    Status.PENDING: "took their decision back",
    receipts.EDITED: "edited it",
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
    bulk_id: UUID | None = None,
    at_most: int = MOST_AT_ONCE,
) -> Decisions:
    """Approve or reject conversations, or put them back; each by itself, all in the caller's transaction.

    asked: all that fit and are not decided so already, `at_most` of them. row_versions: what was read; one that has
    changed since is left alone. bulk_id: what several calls have in common. Raises NothingNamed, TooManyNamed,
    NotAllowed.
    """
    if (ids is None) == (asked is None):
        raise NothingNamed
    has_more = False
    if asked is not None:
        at_most = min(at_most, MOST_AT_ONCE)
        found = _undecided(session, asked, decision, at_most + 1)
        has_more, ids = len(found) > at_most, found[:at_most]
    wanted = list(dict.fromkeys(ids or ()))
    if len(wanted) > MOST_AT_ONCE:
        raise TooManyNamed(n_ids=len(wanted), limit=MOST_AT_ONCE)
    reason, by_id, n_moved = reason[:LONGEST_REASON], dict[UUID, Decided](), 0
    in_order = sorted(wanted)  # everybody locks so
    for start in range(0, len(in_order), N_A_STATEMENT):
        some = in_order[start : start + N_A_STATEMENT]
        for one, is_moved in _decide_some(session, some, decision, reason, row_versions or {}, bulk_id):
            by_id[one.id] = one
            n_moved += is_moved
    note(session, decision, wanted, n_moved=n_moved)
    return Decisions([by_id[row_id] for row_id in wanted], has_more)


def n_undecided(session: Session, *, asked: Filter, decision: Status) -> int:
    """On how many `decide` would decide by this filter, call by call. Raises NotAllowed."""
    rows = sa.select(sa.func.count()).select_from(ConversationRow)
    return session.execute(rows.where(*_without(session, asked, decision))).scalar_one()


def _undecided(session: Session, asked: Filter, decision: Status, limit: int) -> list[UUID]:
    rows = sa.select(ConversationRow.id).where(*_without(session, asked, decision))
    oldest = rows.order_by(ConversationRow.created_at, ConversationRow.id).limit(limit)
    return list(session.execute(oldest).scalars())


def _without(session: Session, asked: Filter, decision: Status) -> list[sa.ColumnElement[bool]]:
    return [*asked.conditions(session), ConversationRow.status != decision]


def _decide_some(
    session: Session,
    some: Sequence[UUID],
    decision: Status,
    reason: str,
    row_versions: Mapping[UUID, int],
    bulk_id: UUID | None,
) -> Iterator[tuple[Decided, bool]]:
    """Each with whether it was changed: one that is decided so already is left as it is."""
    held = _held(session, some)
    errors = _refusals(session, some, held, row_versions)
    kept_reason = reason or None if decision in states.DECIDED else None
    changed = [
        row_id
        for row_id, now in held.items()
        if row_id not in errors and (now.status, now.reason) != (decision, kept_reason)
    ]
    moved = (
        states.move(
            session, ConversationRow.id.in_(changed), to=decision, by=db.owner(session), reason=kept_reason
        )
        if changed
        else {}
    )
    before = [Before(one, held[one].status, held[one].reason, moved[one]) for one in changed]
    receipts.add(session, before, action=decision, reason=kept_reason, bulk_id=bulk_id)
    for row_id in some:
        if error := errors.get(row_id):
            yield Decided(row_id, error=error), False
        else:
            version = moved.get(row_id, held[row_id].row_version)
            yield Decided(row_id, decision, version), row_id in moved


def _held(session: Session, some: Sequence[UUID]) -> dict[UUID, Any]:
    """Those that are to be seen, locked, by id."""
    row = ConversationRow
    rows = sa.select(row.id, row.status, row.reason, row.row_version).where(
        row.id.in_(some), ownership.reviewed(session, row.user_id), hidden.is_shown(session)
    )
    return {found.id: found for found in session.execute(rows.order_by(row.id).with_for_update())}


def _refusals(
    session: Session, some: Sequence[UUID], held: Mapping[UUID, Any], row_versions: Mapping[UUID, int]
) -> dict[UUID, AppError]:
    """Why some of them are left alone."""
    changed = {
        row_id: given
        for row_id, now in held.items()
        if (given := row_versions.get(row_id)) is not None and given != now.row_version
    }
    missing = {row_id: NotFound(resource=RESOURCE, id=row_id) for row_id in some if row_id not in held}
    done = receipts.last(session, changed) if changed else {}
    return missing | {
        row_id: _changed(held[row_id], given, done.get(row_id)) for row_id, given in changed.items()
    }


def _changed(now: Any, given: int, event: ReviewEventRow | None) -> ConversationChanged:
    """now: the row. event: what was done to it last."""
    versions = {"given": str(given), "now": str(now.row_version)}
    if event is None or event.row_version != now.row_version:  # by whoever leaves no receipt
        return ConversationChanged(status=now.status, **versions)
    return ConversationChanged(
        status=now.status, by=event.author_name or SOMEBODY, did=DID[event.action], **versions
    )


def note(session: Session, decision: Status, ids: Sequence[UUID], *, n_moved: int) -> None:
    """One line in the audit trail, however many there are."""
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
        raise _changed(was, row_version, receipts.last(session, [row_id]).get(row_id))
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
    moved = states.move(session, *this, to=Status.PENDING, by=db.owner(session), reason=None, **values)
    before = Before(row_id, was.status, was.reason, moved[row_id])
    receipts.add(session, [before], action=receipts.EDITED, revisions={row_id: n + 1})
    audit.note(session, "conversation.edited", conversations.subject(row_id), revision=n + 1)
    session.flush()
    session.expire(was)
    return conversations.get(session, row_id=row_id)
