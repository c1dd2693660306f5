"""Where a conversation comes from: the prompt that was sent, each request for it, what it cost, and the raw replies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from core import db
from core.db.tables.generation.batch_jobs import BatchCallRow
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.errors import AppError
from core.generation.conversations import conversations
from core.generation.conversations.conversations import Origin
from core.generation.templates.rendering import CompiledTemplate, Prompt
from core.storage import NotStored, Storage

MOST_BYTES: Final = 1_000_000  # of a reply that are told


@dataclass(frozen=True)
class Provenance:
    """prompt: filled in anew, with the rules that this version of the product adds; None, and why, where it can't be.

    calls: every request for it, oldest first; none where its job was deleted.
    """

    origin: Origin
    prompt: Prompt | None
    problem: AppError | None
    calls: Sequence[BatchCallRow]

    @property
    def cost(self) -> int:
        """Of all requests, in nano-dollars."""
        return sum(call.cost for call in self.calls)


@dataclass(frozen=True)
class RawReply:
    """What came back, as it came. n: of which request. text: None where no file is left of it. is_cut: it is longer."""

    n: int
    text: str | None
    is_cut: bool = False


def of(session: Session, conversation: ConversationRow) -> Provenance:
    """Of a conversation that the caller has read."""
    template = session.get_one(PromptTemplateRow, conversation.template_id)
    prompt, problem = None, None
    try:
        prompt = CompiledTemplate.of(template).render(conversation.params)
    except AppError as error:
        problem = error
    return Provenance(
        conversations.origin(session, conversation), prompt, problem, _calls(session, conversation)
    )


def raw_replies(user: db.User, conversation: ConversationRow, *, files: Storage) -> list[RawReply]:
    """Of a conversation that the user has read, all replies, also those that could not be used.

    Raises StorageUnavailable.
    """
    with db.session_scope(user) as session:
        calls = _calls(session, conversation, undefer(BatchCallRow.raw))
    return [_reply(call, files) for call in calls if call.raw is not None or call.raw_key]


def _calls(session: Session, conversation: ConversationRow, *options: object) -> Sequence[BatchCallRow]:
    call = BatchCallRow
    if conversation.batch_job_id is None:
        return ()
    rows = sa.select(call).where(
        call.batch_job_id == conversation.batch_job_id, call.item_idx == conversation.idx
    )
    return session.execute(rows.order_by(call.n).options(*options)).scalars().all()  # type: ignore[arg-type]  # loaders


def _reply(call: BatchCallRow, files: Storage) -> RawReply:
    content = call.raw  # while storage was away
    if content is None:
        assert call.raw_key
        try:
            with files.open(call.raw_key) as stream:
                content = stream.read(MOST_BYTES + 1)
        except NotStored:
            return RawReply(call.n, None)
    return RawReply(call.n, content[:MOST_BYTES].decode("utf-8", "replace"), len(content) > MOST_BYTES)
