"""The handler of a batch job, in a worker's child: loads it, and runs its loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core import db, llm, queue, settings, storage
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.errors import NotFound
from core.generation.engine.batch_loop import BatchLoop
from core.generation.engine.budget import Budget
from core.generation.engine.ledger.checking import Checking
from core.generation.engine.ledger.ledger import Ledger
from core.generation.engine.ledger.records import Limits
from core.generation.engine.loop import Loop
from core.generation.engine.patience import patient
from core.generation.engine.requests import replies
from core.generation.engine.requests.asking import Asker
from core.generation.engine.requests.enriching import Enriching
from core.generation.engine.requests.flights import Origin
from core.generation.engine.requests.purpose import Asking, Purpose, Writing
from core.generation.engine.requests.reply_store import ReplyStore
from core.generation.enrichment import enrichment
from core.generation.errors import ProviderChanged
from core.generation.jobs import follow
from core.generation.jobs.states import JobStatus
from core.generation.quality import rows
from core.generation.templates.rendering import CompiledTemplate
from core.settings import part
from core.settings.parts.llm import LlmSettings
from core.settings.parts.worker import LeaseSettings

N_THREADS = 8  # for what blocks: transactions and files


@dataclass(frozen=True)
class ToDo:
    """A job as it stood when its task was taken up, and what it is done with."""

    job: BatchJobRow
    provider: llm.Provider
    ledger: Ledger
    store: ReplyStore
    budget: Budget
    checking: Checking


def load() -> None:
    """What a child loads before its first task."""
    llm.load()


def run(task: queue.Task, job: queue.Job) -> dict[str, Any] | queue.GoOnLater:
    """Returns what has become of the job. Raises TaskStopped, LeaseLost, NotFound."""
    return work(task, job, config=settings.current())


def work(task: queue.Task, job: queue.Job, *, config: settings.Settings) -> dict[str, Any] | queue.GoOnLater:
    """`run` with these settings."""
    found = _load(task)
    if found.requested_status == JobStatus.PAUSED:
        reason = queue.Reason.from_json(found.reason) if found.reason else None
        return follow.result(JobStatus.PAUSED, reason)
    provider = llm.provider(config)
    if provider.kind != found.provider:
        if found.requested_status == JobStatus.CANCELLED:  # nobody is left who could be asked
            return follow.result(JobStatus.CANCELLED)
        changed = ProviderChanged(made_for=found.provider, now=provider.kind)
        return follow.result(JobStatus.PAUSED, queue.Reason.of(changed))
    files = storage.from_settings(config)
    limits = part(config, LlmSettings)
    checking = Checking(batch_job_id=found.id, user_id=found.user_id, asked=rows.of_template(found.template))
    ledger = Ledger(
        task,
        batch_job_id=found.id,
        user_id=found.user_id,
        lease_s=part(config, LeaseSettings).lease_s,
        daily_cap=limits.max_cost_nano_usd_per_day,
        checking=checking,
    )
    spent, daily_cap = ledger.stored.spent() + ledger.stored.given_away(), limits.max_cost_nano_usd_per_day
    budget = Budget(spent=spent, cap=found.max_cost, daily_cap=daily_cap)
    store = ReplyStore(files, config.staging_dir, found.id)
    ended = asyncio.run(_loop(ToDo(found, provider, ledger, store, budget, checking), job))
    if ended is None:
        raise queue.TaskStopped(task_id=task.id)
    return ended


def _load(task: queue.Task) -> BatchJobRow:
    """The job, with its template. Raises NotFound."""
    batch_job_id = UUID(task.payload["batch_job_id"])
    with db.session_scope(db.WORKER) as session:
        found = session.execute(
            sa.select(BatchJobRow)
            .where(BatchJobRow.id == batch_job_id)
            .options(joinedload(BatchJobRow.template))
        ).scalar_one_or_none()
        if found is None:
            raise NotFound(resource="batch job", id=batch_job_id)
        session.expunge_all()
        return found


async def _loop(todo: ToDo, job: queue.Job) -> queue.GoOnLater | dict[str, Any] | None:
    batch_job, provider = todo.job, todo.provider
    is_batch = batch_job.mode == "batches"
    origin = Origin(
        batch_job.id, batch_job.template_id, batch_job.template.version, provider, batch_job.model, is_batch
    )
    purpose = _purpose(batch_job, origin)
    with ThreadPoolExecutor(N_THREADS, thread_name_prefix="keep") as threads:
        async with llm.client(provider) as client:
            asker = Asker(
                origin,
                purpose=purpose,
                client=client,
                gate=llm.gate(provider, batch_job.model, at_once=batch_job.concurrency),
                store=todo.store,
                threads=threads,
                at_once=batch_job.concurrency,
                checking=todo.checking,
            )
            if is_batch:
                return await BatchLoop(
                    job,
                    ledger=todo.ledger,
                    store=todo.store,
                    asker=asker,
                    client=client,
                    budget=todo.budget,
                    prepare=purpose.prepare,
                    wait=patient(job, threads),
                    pause_after=batch_job.pause_after,
                ).run()
            return await Loop(
                job,
                ledger=todo.ledger,
                store=todo.store,
                asker=asker,
                budget=todo.budget,
                limits=Limits(
                    batch_job.concurrency,
                    only=1 if batch_job.by_hand else None,
                    pause_after=batch_job.pause_after,
                ),
                prepare=purpose.prepare,
                threads=threads,
            ).run()


def _purpose(batch_job: BatchJobRow, origin: Origin) -> Purpose:
    """What the requests of this job are made of, and what their replies become."""
    template = CompiledTemplate.of(batch_job.template)
    if batch_job.kind == "enrich":
        asking = Asking(origin, batch_job.max_tokens, schema=enrichment.SCHEMA, effort=enrichment.EFFORT)
        return Enriching(asking, template, batch_job.user_id)
    return Writing(Asking(origin, batch_job.max_tokens, schema=replies.SCHEMA), template)
