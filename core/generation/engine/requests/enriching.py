"""Enriching conversations by the engine: each item asks about one, as it was when the job was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from core import db, llm
from core.db.tables.generation.conversations import ConversationRow
from core.errors import AppError
from core.generation.conversations.files import OFFLINE
from core.generation.engine.ledger.records import End, Item
from core.generation.engine.requests import prompts
from core.generation.engine.requests.purpose import Asking, Rows
from core.generation.enrichment import enrichment
from core.generation.enrichment.errors import ConversationGone, WordsChanged
from core.generation.jobs.states import ItemState
from core.generation.templates.rendering import CompiledTemplate, Prompt

N_A_READING: Final = 100
VARIABLE: Final = "conversation"


@dataclass(frozen=True)
class Enriching:
    """What a model finds out about conversations. user_id: whose job it is; it reads nobody else's."""

    asking: Asking
    template: CompiledTemplate
    user_id: UUID

    def prepare(self, rows: Rows) -> list[Item]:
        """The messages of a hundred conversations are read at a time."""
        items: list[Item] = []
        for start in range(0, len(rows), N_A_READING):
            some = rows[start : start + N_A_READING]
            texts = self._texts([UUID(row.params[VARIABLE]) for row in some])
            items += [self._item(row, texts.get(UUID(row.params[VARIABLE]))) for row in some]
        return items

    def end(self, item: Item, reply: llm.Reply) -> End:
        """With what was found out, and what it rests on."""
        origin = self.asking.origin
        model = reply.model or origin.model
        found = {
            **enrichment.read(reply),
            "model": model,
            "source": OFFLINE if origin.provider.is_offline else model,
            "prompt_version": origin.version,
            "batch_job_id": str(origin.batch_job_id),
            "content_sha256": item.params["content_sha256"],
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        return End(item, ItemState.COMPLETED, enrichment=found)

    def _texts(self, ids: list[UUID]) -> Mapping[UUID, tuple[str, str]]:
        """The hash and the text of each that is there."""
        row = ConversationRow
        these = sa.select(row.id, row.content_sha256, row.messages)
        with db.session_scope(db.WORKER) as session:
            found = session.execute(these.where(row.id.in_(ids), row.user_id == self.user_id)).all()
        return {one.id: (one.content_sha256, enrichment.told(one.messages)) for one in found}

    def _item(self, row: sa.Row[Any], found: tuple[str, str] | None) -> Item:
        if found is None:
            return self._unfit(row, ConversationGone(resource="conversation", id=row.params[VARIABLE]))
        if found[0] != row.params["content_sha256"]:
            return self._unfit(row, WordsChanged())
        return self.asking.item(row, self.template.render({VARIABLE: found[1]}))

    def _unfit(self, row: sa.Row[Any], why: AppError) -> Item:
        worst = 0
        if row.state == ItemState.PROCESSING:  # it was asked for; of a text that nobody knows any more
            longest = Prompt(self.template.system, "x" * (enrichment.LONGEST_BYTES + 2_000))
            asking = self.asking
            asked = prompts.request(longest, model=asking.origin.model, max_tokens=asking.max_tokens)
            worst = prompts.worst_case(asking.origin.provider, asked, batch=asking.origin.is_batch)
        return self.asking.unfit(row, why, worst=worst)
