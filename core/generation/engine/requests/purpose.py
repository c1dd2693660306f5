"""What a job is for: how a request is made of an item, and what a reply to it is made into. All else is the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from core import llm
from core.errors import AppError
from core.generation.engine.ledger.records import End, Item
from core.generation.engine.requests import conversations, prompts, replies
from core.generation.engine.requests.flights import Origin
from core.generation.jobs.states import ItemState
from core.generation.templates.rendering import CompiledTemplate, Prompt

Rows = Sequence[sa.Row[Any]]
Prepare = Callable[[Rows], list[Item]]


class Purpose(Protocol):
    """One of `generate` and `enrich`."""

    def prepare(self, rows: Rows) -> list[Item]:
        """The items of these rows, in their order. May read the database."""
        ...

    def end(self, item: Item, reply: llm.Reply) -> End:
        """The item, completed with what the reply holds.

        Raises Refused, ContextFull; BadReply, UnreadableReply where asking again may help.
        """
        ...


@dataclass(frozen=True)
class Asking:
    """How the requests of a job are made. max_tokens: of a reply. schema: of its JSON."""

    origin: Origin
    max_tokens: int
    schema: Mapping[str, Any]
    effort: llm.Effort | None = None

    def item(self, row: sa.Row[Any], prompt: Prompt) -> Item:
        """An item that asks for this."""
        asked = prompts.request(
            prompt,
            model=self.origin.model,
            max_tokens=self.max_tokens,
            schema=self.schema,
            effort=self.effort,
        )
        worst = prompts.worst_case(self.origin.provider, asked, batch=self.origin.is_batch)
        return _item(row, request=asked, worst=worst)

    def unfit(self, row: sa.Row[Any], why: AppError, *, worst: int) -> Item:
        """An item that can't be asked for. worst: what a request may have cost that an earlier attempt has made."""
        return _item(row, request=None, worst=worst, unfit=why)


def _item(
    row: sa.Row[Any], *, request: llm.Request | None, worst: int, unfit: AppError | None = None
) -> Item:
    return Item(
        id=row.id,
        idx=row.idx,
        params=row.params,
        n_asked=row.n_asked,
        n_bad=row.n_bad,
        n_failed=row.n_failed,
        request=request,
        worst=worst,
        unfit=unfit,
    )


@dataclass(frozen=True)
class Writing:
    """A conversation for each filling of a template."""

    asking: Asking
    template: CompiledTemplate

    def prepare(self, rows: Rows) -> list[Item]:
        """Raises what rendering raises."""
        return [self.asking.item(row, self.template.render(row.params)) for row in rows]

    def end(self, item: Item, reply: llm.Reply) -> End:
        """With all of a new conversation's row but its owner."""
        origin = self.asking.origin
        values = conversations.values(
            replies.conversation(reply),
            batch_job_id=origin.batch_job_id,
            idx=item.idx,
            template_id=origin.template_id,
            version=origin.version,
            params=item.params,
            provider=origin.provider.kind,
            model=reply.model or origin.model,
            is_offline=origin.provider.is_offline,
        )
        return End(item, ItemState.COMPLETED, values)
