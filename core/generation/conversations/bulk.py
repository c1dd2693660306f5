"""Deciding on all that a filter finds, or on many that are named: a part at a time, and taken back as one.

Each part is a transaction of its own, so that nobody waits for all of it; what they have in common is the bulk's id,
which every receipt of it bears. Taking it back leaves alone what was changed since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.review_events import ReviewEventRow
from core.generation.conversations import receipts, review, states
from core.generation.conversations.conversations import Filter
from core.generation.conversations.errors import MoreThanConfirmed
from core.generation.conversations.receipts import Before
from core.generation.conversations.states import Status


@dataclass(frozen=True)
class Progress:
    """How far it has come. n_left_alone: what was changed or deleted by others meanwhile."""

    bulk_id: UUID
    n_done: int
    n_left_alone: int
    n: int


def decide(
    user: db.User,
    *,
    decision: Status,
    n: int,
    asked: Filter | None = None,
    row_versions: dict[UUID, int] | None = None,
    reason: str = "",
) -> Iterator[Progress]:
    """Decide part by part, and tell after each. Give either `asked` or what was ticked, with its `row_versions`.

    n: how many its reader has confirmed. Raises MoreThanConfirmed before anything is decided where the filter finds
    more by now; what comes while it runs is left alone beyond that number.
    """
    bulk_id, n_done, n_left_alone = uuid4(), 0, 0
    ids = sorted(row_versions or {})
    if asked is not None:
        with db.session_scope(user) as session:
            found = review.n_undecided(session, asked=asked, decision=decision)
        if found > n:
            raise MoreThanConfirmed(n_found=found, n_confirmed=n)
    while n_done + n_left_alone < n:
        start = n_done + n_left_alone
        named: dict[str, Any] = (
            {"asked": asked} if asked else {"ids": ids[start : start + review.MOST_AT_ONCE]}
        )
        with db.session_scope(user, write=True) as session:
            made = review.decide(
                session,
                decision=decision,
                reason=reason,
                row_versions=row_versions,
                bulk_id=bulk_id,
                at_most=n - start,
                **named,
            )
        n_refused = sum(one.error is not None for one in made.results)
        n_done, n_left_alone = n_done + len(made.results) - n_refused, n_left_alone + n_refused
        yield Progress(bulk_id, n_done, n_left_alone, n)
        if not made.results:  # others were quicker
            return


def take_back(user: db.User, *, bulk_id: UUID) -> Iterator[Progress]:
    """Have all as it was before one's own bulk, part by part, but for what was changed since."""
    with db.session_scope(user) as session:
        n = session.execute(sa.select(sa.func.count()).where(*_of_bulk(session, bulk_id))).scalar_one()
        unchanged = _unchanged(session, bulk_id).with_only_columns(sa.func.count())
        n_left_alone = n - session.execute(unchanged).scalar_one()
    n_done, back_id = 0, uuid4()
    while True:
        with db.session_scope(user, write=True) as session:
            n_moved = _take_some_back(session, bulk_id, back_id)
        if not n_moved:
            return
        n_done += n_moved
        yield Progress(back_id, n_done, n_left_alone, n)


def _take_some_back(session: Session, bulk_id: UUID, back_id: UUID) -> int:
    row, event = ConversationRow, ReviewEventRow
    some = _unchanged(session, bulk_id).order_by(row.id).limit(review.MOST_AT_ONCE)
    rows = session.execute(
        some.with_only_columns(
            row.id, row.status, row.reason, row.row_version, event.old_status, event.old_reason
        ).with_for_update(of=row)
    ).all()
    alike: defaultdict[tuple[str, str | None], list[Any]] = defaultdict(list)
    for found in rows:
        alike[found.old_status, found.old_reason].append(found)
    for (status, reason), group in alike.items():
        ids = [found.id for found in group]
        moved = states.move(session, row.id.in_(ids), to=Status(status), by=db.owner(session), reason=reason)
        before = [Before(one.id, one.status, one.reason, moved[one.id]) for one in group]
        receipts.add(session, before, action=status, reason=reason, bulk_id=back_id)
    if rows:
        review.note(session, Status(rows[0].old_status), [found.id for found in rows], n_moved=len(rows))
    return len(rows)


def _of_bulk(session: Session, bulk_id: UUID) -> list[sa.ColumnElement[bool]]:
    return [ReviewEventRow.bulk_id == bulk_id, ReviewEventRow.author_id == db.owner(session)]


def _unchanged(session: Session, bulk_id: UUID) -> sa.Select[UUID]:
    row, event = ConversationRow, ReviewEventRow
    joined = sa.select(row.id).join(event, event.conversation_id == row.id)
    mine = Filter().conditions(session)
    return joined.where(*_of_bulk(session, bulk_id), event.row_version == row.row_version, *mine)
