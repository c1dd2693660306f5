"""A database in which conversations wait for review: jobs of the offline generator, with what its requests came to.

The offline generator writes the words; who decided what, scores and findings are drawn by a seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from core import access, db, queue
from core.db import migrate, postgres
from core.db.tables.generation.batch_jobs import BatchCallRow, BatchJobRow
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.db.tables.generation.review_events import ReviewEventRow
from core.db.tables.tasks import TaskRow
from core.generation.conversations import messages
from core.generation.jobs import follow
from core.generation.templates import shipped
from core.generation.templates.rendering import CompiledTemplate
from core.llm.offline import conversations as offline
from core.queue import TaskState

CHUNK = 2_000
N_JOBS, DAYS = 20, 30
STATES = {"pending": 60, "approved": 30, "rejected": 10}
CODES = ("near_duplicate_in_job", "repeated_opener", "placeholder", "email", "other_language", "short_turn")
REASONS = ("Off topic", "Wrong facts", "Too short", "Repetitive")
THINGS = ("parcel", "invoice", "router", "loan", "visa", "battery", "refund", "laptop", "contract", "flight")
FAULTS = ("late", "broken", "missing", "charged twice", "rejected", "overheating", "lost", "too slow")
PLACES = ("Berlin", "Lyon", "Porto", "Oslo", "Graz", "Turin", "Leeds", "Ghent", "Gdańsk", "Bern")


def write(url: str, n: int, *, seed: int = 0) -> None:
    """Migrate the database, fill it for its local user, and stay connected to it."""
    database = db.connect(url)
    migrate.upgrade(database)
    user = access.settle_local_user()
    shipped.ensure()
    _Made(user, n, random.Random(seed)).write()  # no secret
    if not database.is_sqlite:  # as autovacuum does of itself
        with postgres.connect(url) as connection:
            connection.execute("VACUUM (ANALYZE)")


@dataclass
class _Made:
    user: db.User
    n: int
    chance: random.Random
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def write(self) -> None:
        with db.session_scope(db.WORKER, write=True) as session:
            rows = session.execute(sa.select(PromptTemplateRow).order_by(PromptTemplateRow.name)).scalars()
            templates = list(rows)[:4]
            jobs = [self._job(session, templates[at % len(templates)], at) for at in range(N_JOBS)]
        compiled = {row.id: CompiledTemplate.of(row) for row in templates}
        made = self._conversations(jobs, compiled)
        while some := list(islice(made, CHUNK)):
            with db.session_scope(db.WORKER, write=True) as session:
                for row, at in ((ConversationRow, 0), (BatchCallRow, 1), (ReviewEventRow, 2)):
                    if values := [found for one in some if (found := one[at])]:
                        session.execute(sa.insert(row), values)

    def _job(self, session: Any, template: PromptTemplateRow, at: int) -> BatchJobRow:
        task_id = queue.enqueue(session, kind_name=follow.KIND, user_id=self.user.id, payload={}, total=1)
        session.execute(
            sa.update(TaskRow).where(TaskRow.id == task_id).values(state=TaskState.SUCCEEDED, attempt=1)
        )
        begun = self.now - timedelta(days=DAYS * (N_JOBS - at) / N_JOBS)
        row = BatchJobRow(
            id=uuid4(), user_id=self.user.id, name=f"Batch {at + 1}", template_id=template.id,
            provider="offline", model="offline-generator", concurrency=10, max_tokens=2_000,
            n_items=self.n // N_JOBS, task_id=task_id, status="completed", created_at=begun, started_at=begun,
            finished_at=begun,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row

    def _conversations(
        self, jobs: list[BatchJobRow], compiled: dict[UUID, CompiledTemplate]
    ) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any] | None]]:
        for n in range(self.n):
            job, idx = jobs[n * N_JOBS // self.n], n % (self.n // N_JOBS)
            template = compiled[job.template_id]
            params = {one.name: self._value(n) for one in template.variables if one.required}
            prompt = "".join(f'<variable name="{key}">{value}</variable>' for key, value in params.items())
            said = offline.write(prompt, seed=f"{job.id}{idx}")
            begun = job.created_at + timedelta(seconds=idx)
            yield self._rows(job, idx, params, said, begun)

    def _rows(
        self, job: BatchJobRow, idx: int, params: dict[str, str], said: list[dict[str, str]], at: datetime
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any] | None]:
        (status,) = self.chance.choices(list(STATES), list(STATES.values()))
        codes = self.chance.sample(CODES, self.chance.choice((0, 0, 0, 1, 1, 2)))
        reason = self.chance.choice(REASONS) if status == "rejected" else None
        decided = None if status == "pending" else at + (self.now - at) * self.chance.random()
        conversation = {
            "id": uuid4(), "conversation_id": uuid4(), "user_id": self.user.id, "batch_job_id": job.id,
            "idx": idx, "template_id": job.template_id, "params": params, "provider": "offline",
            "model": "offline-generator", "is_offline": True, "status": status, "reason": reason,
            "score": max(0, 100 - 22 * len(codes) - self.chance.randint(0, 12)),
            "findings": [
                {"code": code, "message_idx": 0, "start": 0, "end": 5, "detail": ""} for code in codes
            ],
            "reviewer_id": self.user.id if decided else None, "decided_at": decided, "created_at": at,
            "updated_at": decided or at, **messages.columns(said),
        }  # fmt: skip
        call = {
            "id": uuid4(), "batch_job_id": job.id, "item_idx": idx, "n": 1, "model": "claude-haiku-5-5",
            "status": 200, "n_input": 620, "n_output": 640, "cost": 382_000, "latency_s": 3.0, "asked_at": at,
        }  # fmt: skip
        event = decided and {
            "id": uuid4(), "conversation_id": conversation["id"], "action": status, "reason": reason,
            "revision": 0, "row_version": 1, "old_status": "pending", "author_id": self.user.id,
            "author_name": self.user.name, "at": decided,
        }  # fmt: skip
        return conversation, call, event or None

    def _value(self, n: int) -> str:
        pick = self.chance.choice
        return f"{pick(THINGS)} {pick(FAULTS)} in {pick(PLACES)}, case {n}"
