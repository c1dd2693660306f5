"""The conversation that is open, with all that its page says of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from core.db.tables.conversations import ConversationRow
from core.db.tables.prompt_templates import PromptTemplateRow
from core.generation.conversations import conversations, review_queue
from core.generation.conversations.conversations import Filter, Origin
from core.generation.conversations.review_queue import Place
from core.generation.quality import rows
from core.generation.quality.thresholds import Thresholds


@dataclass(frozen=True)
class Opened:
    """n_edits: how often it was edited. asked: what its template asks of its quality."""

    conversation: ConversationRow
    place: Place
    origin: Origin
    n_edits: int
    asked: Thresholds


def read(session: Session, *, asked: Filter, row_id: UUID | None) -> Opened | None:
    """The one with this id, else the first of the queue; None where that is empty. Raises NotFound, NotAllowed."""
    row_id = row_id or review_queue.first(session, asked=asked)
    if row_id is None:
        return None
    found = conversations.get(session, row_id=row_id)
    return Opened(
        found,
        review_queue.place(session, asked=asked, row_id=row_id, created_at=found.created_at),
        conversations.origin(session, found),
        len(conversations.revisions(session, row_id=row_id)),
        rows.of_template(session.get_one(PromptTemplateRow, found.template_id)),
    )
