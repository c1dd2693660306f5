"""The conversation that is open, with all that its page says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.db.tables.generation.review_events import ReviewEventRow
from core.generation.conversations import conversations, receipts, review_queue
from core.generation.conversations.conversations import Filter, Origin
from core.generation.conversations.review_queue import Order, Place
from core.generation.quality import rows
from core.generation.quality.thresholds import Thresholds


@dataclass(frozen=True)
class Opened:
    """n_edits: how often it was edited. asked: what its template asks of its quality. recent: the reader's reasons."""

    conversation: ConversationRow
    place: Place
    origin: Origin
    n_edits: int
    asked: Thresholds
    events: Sequence[ReviewEventRow]
    recent: Sequence[str]


def read(session: Session, *, asked: Filter, order: Order, row_id: UUID | None) -> Opened | None:
    """The one with this id, else the first of the queue; None where that is empty. Raises NotFound, NotAllowed."""
    row_id = row_id or review_queue.first(session, asked=asked, order=order)
    if row_id is None:
        return None
    found = conversations.get(session, row_id=row_id)
    return Opened(
        found,
        review_queue.place(session, asked=asked, of=found, order=order),
        conversations.origin(session, found),
        len(conversations.revisions(session, row_id=row_id)),
        rows.of_template(session.get_one(PromptTemplateRow, found.template_id)),
        receipts.of_conversation(session, row_id=row_id),
        receipts.recent_reasons(session),
    )
