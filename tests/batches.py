"""Batch jobs from end to end, in a few words: a template, a job, and attempts at it inside the test's own process."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from core import db, llm, queue, storage
from core.db.tables.generation.batch_jobs import BatchCallRow, BatchItemRow, BatchJobRow
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.db.tables.tasks import TaskRow
from core.generation.engine import work
from core.generation.jobs import drafting, jobs
from core.generation.jobs.drafts import Wanted
from core.generation.templates.variables import parse
from core.settings import Settings

LEASE_S = 30.0
MODEL = "claude-haiku-5-5"
NANO = 1_000_000_000


def with_provider(
    settings: Settings, url: str, *, key: str = "sk-ant-only-for-this-test", **more: Any
) -> Settings:
    """These settings, with a provider at this address."""
    given = {**settings.model_dump(), "anthropic_api_key": key, "anthropic_base_url": url, **more}
    return type(settings)(**given)


def template(
    *, prompt: str = "Write about {{ topic }}.", variables: Sequence[Mapping[str, Any]] = ({"name": "topic"},)
) -> UUID:
    """A template that everybody may use."""
    row = PromptTemplateRow(
        id=uuid4(), family_id=uuid4(), version=1, author_id=None, name="Talk", prompt=prompt,
        variables=[variable.to_json() for variable in parse(list(variables))],
    )  # fmt: skip
    with db.session_scope(db.WORKER, write=True) as session:
        session.add(row)
        session.flush()
        return row.id


@contextmanager
def without_storage(settings: Settings) -> Iterator[None]:
    """The folder of files is not there, as a disk that is no longer mounted, until the block ends."""
    there, elsewhere = settings.files_dir, settings.files_dir.with_name("unmounted")
    there.mkdir(parents=True, exist_ok=True)
    there.rename(elsewhere)
    there.touch()  # or whoever has never seen the folder would make it
    try:
        yield
    finally:
        there.unlink()
        elsewhere.rename(there)


@dataclass
class Told:
    """What a handler sees of its worker; stop and drain are set by the test."""

    stop: threading.Event = field(default_factory=threading.Event)
    drain: threading.Event = field(default_factory=threading.Event)
    reported: list[tuple[int | None, int | None]] = field(default_factory=list)

    def report(self, done: int | None = None, *, total: int | None = None) -> None:
        self.reported.append((done, total))

    def stop_requested(self) -> bool:
        return self.stop.is_set()

    def drain_requested(self) -> bool:
        return self.drain.is_set()


@dataclass(frozen=True)
class Bench:
    """An installation, and somebody who creates batch jobs in it."""

    settings: Settings
    user: db.User

    def create(self, n_items: int = 3, *, max_cost_usd: float | None = 5.0, **wanted: Any) -> UUID:
        """A job that waits."""
        rows = [{"topic": f"topic {n}"} for n in range(n_items)]
        given = {"name": "Talks", "parameters": {"rows": rows}, **wanted}
        if "template_id" not in given:
            given["template_id"] = template()
        max_cost = None if max_cost_usd is None else round(max_cost_usd * NANO)
        draft = drafting.draft(
            self.user,
            files=storage.from_settings(self.settings),
            provider=llm.provider(self.settings),
            wanted=Wanted(max_cost=max_cost, **given),
        )
        with db.session_scope(self.user, write=True) as session:
            return jobs.create(session, draft).id

    def claim(self, batch_job_id: UUID) -> queue.Task:
        """The job's task, taken as a worker takes it; also from one that is gone."""
        with db.session_scope(db.WORKER, write=True) as session:
            task_id = session.get_one(BatchJobRow, batch_job_id).task_id
            session.execute(
                sa.update(TaskRow)
                .where(TaskRow.id == task_id, TaskRow.state == "RUNNING")
                .values(
                    lease_owner=None, lease_until=sa.func.coalesce(TaskRow.started_at, TaskRow.created_at)
                )
            )
            taken = queue.claim_one(session, task_id=task_id, worker_id=uuid4(), lease_s=LEASE_S)
            assert taken is not None
            return taken

    def attempt(self, batch_job_id: UUID, told: Told | None = None) -> BatchJobRow:
        """One attempt at the job, settled as a worker settles it; the job afterwards."""
        task = self.claim(batch_job_id)
        try:
            ended: dict[str, Any] | queue.GoOnLater | None = work.work(
                task, told or Told(), config=self.settings
            )
        except queue.TaskStopped:
            ended = None
        with db.session_scope(db.WORKER, write=True) as session:
            if isinstance(ended, queue.GoOnLater):
                queue.release(session, task_id=task.id, attempt=task.attempt, delay_s=ended.delay_s)
            else:
                state = queue.TaskState.CANCELLED if ended is None else queue.TaskState.SUCCEEDED
                queue.settle(session, task_id=task.id, attempt=task.attempt, state=state, result=ended)
        return self.job(batch_job_id)

    def job(self, batch_job_id: UUID) -> BatchJobRow:
        with db.session_scope(db.WORKER) as session:
            found = session.get_one(BatchJobRow, batch_job_id)
            session.expunge(found)
            return found

    def items(self, batch_job_id: UUID) -> list[BatchItemRow]:
        """In their order."""
        return self._rows(BatchItemRow, BatchItemRow.batch_job_id == batch_job_id, BatchItemRow.idx)

    def calls(self, batch_job_id: UUID) -> list[BatchCallRow]:
        """By item and number."""
        of_job = BatchCallRow.batch_job_id == batch_job_id
        return self._rows(BatchCallRow, of_job, BatchCallRow.item_idx, BatchCallRow.n)

    def conversations(self, batch_job_id: UUID) -> list[ConversationRow]:
        return self._rows(ConversationRow, ConversationRow.batch_job_id == batch_job_id, ConversationRow.idx)

    def states(self, batch_job_id: UUID) -> list[str]:
        return [item.state for item in self.items(batch_job_id)]

    def _rows(self, kind: type[Any], where: sa.ColumnElement[bool], *order: Any) -> list[Any]:
        with db.session_scope(db.WORKER) as session:
            found = list(session.execute(sa.select(kind).where(where).order_by(*order)).scalars())
            session.expunge_all()
            return found
