"""What the items of an enrichment are about, for pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.generation.batch_jobs import BatchItemRow
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations.conversations import Filter


@dataclass(frozen=True)
class About:
    """A conversation that an item asks about. found: what is known of it now."""

    row_id: UUID
    first_words: str
    found: Mapping[str, Any]


def of_items(session: Session, items: Sequence[BatchItemRow]) -> Mapping[UUID, About]:
    """By the item's id, as far as its conversation is there and may be read."""
    row = ConversationRow
    ids = {item.id: UUID(item.params["conversation"]) for item in items}
    these = sa.select(row.id, row.first_words, row.enrichment).where(
        row.id.in_(ids.values()), *Filter().conditions(session)
    )
    known = {one.id: About(one.id, one.first_words, one.enrichment or {}) for one in session.execute(these)}
    return {item_id: known[row_id] for item_id, row_id in ids.items() if row_id in known}
