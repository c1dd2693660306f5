"""What must hold of a batch job after any fault: job, task, items, requests, conversations and files agree."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, undefer

from core import db
from core.db.tables.generation.batch_jobs import BatchCallRow, BatchItemRow, BatchJobRow
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations import files
from core.generation.engine.requests.conversations import business_key
from core.generation.engine.requests.reply_store import log_key
from core.generation.jobs import progress
from core.generation.jobs.states import SETTLED, ItemState, JobStatus
from core.queue import TaskState
from core.storage import NotStored, Storage

# What a job may be while its task is in each state.
OF_TASK = {
    TaskState.QUEUED: {JobStatus.QUEUED},
    TaskState.RUNNING: {JobStatus.PROCESSING},
    TaskState.SUCCEEDED: {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.PAUSED, JobStatus.CANCELLED},
    TaskState.FAILED: {JobStatus.FAILED},
    TaskState.CANCELLED: {JobStatus.CANCELLED, JobStatus.PAUSED},
}


@dataclass(frozen=True)
class _Found:
    """All of a job, read in one transaction."""

    job: BatchJobRow
    items: list[BatchItemRow]
    calls: list[BatchCallRow]
    made: dict[UUID, ConversationRow]
    told: progress.Progress


def wrongs(batch_job_id: UUID, *, storage: Storage) -> list[str]:
    """All that does not hold of a job that has ended or is paused, in words; nothing is what we want."""
    found = _read(batch_job_id)
    return [*_of_job(found), *_of_items(found), *_of_calls(found, storage), *_of_files(found, storage)]


def _read(batch_job_id: UUID) -> _Found:
    with db.session_scope(db.WORKER) as session:

        def rows(kind: type[Any], *options: Any) -> list[Any]:
            these = sa.select(kind).where(kind.batch_job_id == batch_job_id).options(*options)
            return list(session.execute(these).scalars())

        this = sa.select(BatchJobRow).where(BatchJobRow.id == batch_job_id)
        whole = joinedload(BatchJobRow.task), joinedload(BatchJobRow.template)
        found = _Found(
            session.execute(this.options(*whole)).scalar_one(),
            sorted(rows(BatchItemRow), key=lambda item: int(item.idx)),
            rows(BatchCallRow, undefer(BatchCallRow.raw)),
            {row.id: row for row in rows(ConversationRow, undefer(ConversationRow.messages))},
            progress.of(session, batch_job_id=batch_job_id),
        )
        session.expunge_all()
        return found


def _of_job(found: _Found) -> Iterator[str]:
    job, task, told = found.job, found.job.task, found.told
    if job.status not in OF_TASK[TaskState(task.state)]:
        yield f"the job is {job.status}, its task {task.state}"
    states = Counter(item.state for item in found.items)
    if {state.value: getattr(told, state.value) for state in ItemState} != {
        state.value: states[state] for state in ItemState
    } or told.total != job.n_items:
        yield f"progress tells {told}, and there are {dict(states)} of {job.n_items}"
    if (is_over := job.status in SETTLED) and states[ItemState.PROCESSING]:
        yield f"{states[ItemState.PROCESSING]} items of an ended job are processing"
    if is_over != (job.finished_at is not None):
        yield f"a job that is {job.status} has ended at {job.finished_at}"
    if job.status in (JobStatus.COMPLETED, JobStatus.CANCELLED) and told.remaining:
        yield f"{told.remaining} items of a job that is {job.status} are open"
    if job.requested_status is not None or job.by_hand or job.in_flight:
        yield f"a job at rest has {job.requested_status}, by hand {job.by_hand}, in flight {job.in_flight}"
    if told.cost != sum(call.cost for call in found.calls):
        yield f"progress tells a cost of {told.cost}, its requests have another"


def _of_items(found: _Found) -> Iterator[str]:
    version = found.job.template.version
    owner_of = Counter(item.conversation_id for item in found.items if item.conversation_id)
    for item in found.items:
        place, row = (
            f"item {item.idx}",
            found.made.get(item.conversation_id) if item.conversation_id else None,
        )
        if (item.state == ItemState.COMPLETED) != (row is not None):
            yield f"{place} is {item.state}, its conversation {item.conversation_id}"
        if (item.state == ItemState.FAILED) != (item.error is not None):
            yield f"{place} is {item.state}, its error {item.error}"
        if row is not None:
            expected = business_key(found.job.id, item.idx, version)
            if (row.conversation_id, row.idx) != (expected, item.idx):
                yield f"{place} has the conversation {row.conversation_id} of item {row.idx}"
            if row.conversation_id == item.conversation_id:
                yield f"{place} holds a business key"
    if more := [key for key in found.made if owner_of[key] != 1]:
        yield f"{len(more)} conversations belong to no item, or to two"


def _of_calls(found: _Found, storage: Storage) -> Iterator[str]:
    good = Counter(call.item_idx for call in found.calls if call.status == 200)
    n_asked = {item.idx: item.n_asked for item in found.items}
    stored = set(storage.keys(f"conversation-files/raw/{found.job.id}/"))
    for call in found.calls:
        place = f"request {call.n} of item {call.item_idx}"
        is_paid = call.status == 200 or call.is_repeated
        if is_paid != (call.cost > 0) and found.job.provider != "offline":
            yield f"{place} costs {call.cost} at status {call.status}"
        if call.item_idx is None or call.n > n_asked[call.item_idx]:
            yield f"{place} was made, and {n_asked.get(call.item_idx or 0)} are counted"
        if call.status == 200 and call.raw_key not in stored:
            yield f"the reply to {place} is not stored"
        if call.raw is not None:
            yield f"the reply to {place} is still in its row"
    for item in found.items:
        if item.state == ItemState.COMPLETED and not good[item.idx]:
            yield f"item {item.idx} is completed, and no reply was counted"


def _of_files(found: _Found, storage: Storage) -> Iterator[str]:
    for row in found.made.values():
        try:
            with storage.open(files.key(row.conversation_id)) as stream:
                if json.load(stream)["content_sha256"] != row.content_sha256:
                    yield f"the file of the conversation of item {row.idx} says something else than its row"
        except NotStored:
            yield f"the conversation of item {row.idx} has no file"
    try:
        with storage.open(log_key(found.job.id)) as stream:
            if f"The job is {found.job.status}" not in stream.read().decode():
                yield f"the log does not say that the job is {found.job.status}"
    except NotStored:
        if found.job.started_at is not None:
            yield "the job has no log"
