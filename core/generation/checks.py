"""What the System page says of generation: who writes, the key, what was spent today, and what waits to be removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from core import db, llm, queue
from core.check import Check, State
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.db.tables.generation.deletions import DeletedBatchJobRow, DeletedConversationRow
from core.db.tables.tasks import TaskRow
from core.db.types import json_member
from core.errors import counted
from core.generation.jobs import spend
from core.generation.jobs.states import JobStatus
from core.llm import KeyRefused, UnknownPrice
from core.llm.prices import usd
from core.queue.tasks import is_ready
from core.room import CheckContext, SystemCheck
from core.settings import part
from core.settings.parts.llm import LlmSettings

PART: Final = "Generation"
LATE_S: Final = 600.0


def provider(context: CheckContext) -> Iterator[Check]:
    """Who writes, and whether what that costs is known. Of the key, that there is one."""
    chosen = llm.provider(context.settings)
    if chosen.is_offline:
        message = (
            "The offline generator writes synthetic text, as no ANTHROPIC_API_KEY is set. Nothing is paid."
        )
        yield Check(PART, "Provider", State.OK, message)
        return
    has_key = bool(part(context.settings, LlmSettings).anthropic_api_key.get_secret_value())
    key = "A key is set." if has_key else "No key is needed."
    message = f"{chosen.label}, model {chosen.default_model}. {key}"
    if not chosen.prices.knows(chosen.default_model):
        unknown = UnknownPrice(model=chosen.default_model)
        yield Check(PART, "Provider", State.BROKEN, f"{message} {unknown.message}", unknown.hint)
        return
    yield Check(PART, "Provider", State.OK, message)


def key(context: CheckContext) -> Iterator[Check]:
    """Jobs that are paused because the provider refuses the key; nothing where there are none."""
    refused = sa.select(sa.func.count(), sa.func.max(BatchJobRow.updated_at)).where(
        BatchJobRow.status == JobStatus.PAUSED,
        sa.cast(json_member(BatchJobRow.reason, "code"), sa.Text).contains(KeyRefused.code),
    )
    with db.session_scope(context.principal) as session:
        n_paused, _ = session.execute(refused).one()
    if n_paused:
        told = "A batch job is" if n_paused == 1 else f"{n_paused:,} batch jobs are"
        yield Check(
            PART, "Key", State.BROKEN, f"{told} paused, as the provider refused the key.", KeyRefused.hint
        )


def deleted(context: CheckContext) -> Iterator[Check]:
    """Conversations and jobs that are hidden and should have been removed long ago; nothing where there are none."""
    late = (TaskRow.state == queue.TaskState.QUEUED, is_ready(TaskRow, for_s=LATE_S))
    n_late = 0
    with db.session_scope(context.principal) as session:
        for row in (DeletedConversationRow, DeletedBatchJobRow):
            hidden = sa.select(sa.func.count()).select_from(row).join(TaskRow, row.task_id == TaskRow.id)
            n_late += session.execute(hidden.where(*late)).scalar_one()
    if n_late:
        message = f"{counted(n_late, 'deleted thing waits|deleted things wait')} for a worker to remove them."
        hint = "Start a worker (make worker). Nobody is shown them meanwhile."
        yield Check(PART, "Deleted", State.WARN, message, hint)


def spent(context: CheckContext) -> Iterator[Check]:
    """Of today, against the limit over all jobs; nothing where no money flows."""
    if not llm.provider(context.settings).costs_money:
        return
    with db.session_scope(context.principal) as session:
        today = spend.today(session, now=context.now)
    limit = part(context.settings, LlmSettings).max_cost_nano_usd_per_day
    if limit is None:
        message = f"{usd(today)} since midnight UTC. No daily limit is set (MAX_COST_USD_PER_DAY)."
        yield Check(PART, "Spent today", State.OK, message)
        return
    message = f"{usd(today)} of {usd(limit)} since midnight UTC (MAX_COST_USD_PER_DAY)."
    if today >= limit * 0.9:
        hint = "Batch jobs pause at the limit. Resume them tomorrow, or raise MAX_COST_USD_PER_DAY."
        yield Check(PART, "Spent today", State.WARN, message, hint)
    else:
        yield Check(PART, "Spent today", State.OK, message)


CHECKS: Final = (
    SystemCheck(PART, "Provider", provider, position=50),
    SystemCheck(PART, "Key", key, position=51, needs_database=True),
    SystemCheck(PART, "Spent today", spent, position=52, needs_database=True),
    SystemCheck(PART, "Deleted", deleted, position=53, needs_database=True),
)
