"""The states of a conversation, and the one function that moves it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.generation.conversations import ConversationRow
from core.db.types import now_plus


class Status(StrEnum):
    """pending until somebody decides; a decision may be changed and taken back, and an edit makes it pending again."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


TRANSITIONS: dict[Status, frozenset[Status]] = {status: frozenset(Status) for status in Status}
DECIDED = frozenset({Status.APPROVED, Status.REJECTED})


def move(
    session: Session, *where: sa.ColumnElement[bool], to: Status, by: UUID, reason: str | None, **values: Any
) -> dict[UUID, int]:
    """Give the conversations that `where` names this state; the row version that each has then.

    by: who decides; nobody has decided on one that is pending.
    """
    allowed: Sequence[str] = [old.value for old, new in TRANSITIONS.items() if to in new]
    is_decided = to in DECIDED
    moved = session.execute(
        sa.update(ConversationRow)
        .where(*where, ConversationRow.status.in_(allowed))
        .values(
            status=to.value,
            reason=reason if is_decided else None,
            reviewer_id=by if is_decided else None,
            decided_at=now_plus() if is_decided else None,
            row_version=ConversationRow.row_version + 1,
            updated_at=now_plus(),
            **values,
        )
        .returning(ConversationRow.id, ConversationRow.row_version),
        execution_options={"synchronize_session": False},
    )
    return {row.id: row.row_version for row in moved}
