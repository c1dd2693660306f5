"""Who changes a job and who moves its task hold the two in one order, so that neither is refused for the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
import sqlalchemy as sa

from core import db, llm, queue
from core.db.tables.tasks import TaskRow
from core.generation.engine.ledger.checking import Checking
from core.generation.engine.ledger.ledger import Ledger
from core.generation.jobs import by_hand, jobs
from core.generation.quality.thresholds import DEFAULT
from core.settings import Settings
from tests.batches import Bench, with_provider
from tests.servers.waiting import wait_for

Change = Callable[[Bench, UUID, UUID], None]
WAITING = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
HELD = sa.text("SELECT id FROM batch_jobs WHERE id = :this FOR UPDATE NOWAIT")


def cancel(bench: Bench, job_id: UUID, other_id: UUID) -> None:
    with db.session_scope(bench.user, write=True) as session:
        jobs.cancel(session, batch_job_id=job_id)


def pause(bench: Bench, job_id: UUID, other_id: UUID) -> None:
    with db.session_scope(bench.user, write=True) as session:
        jobs.pause(session, batch_job_id=job_id)


def click(bench: Bench, job_id: UUID, other_id: UUID) -> None:
    with db.session_scope(bench.user, write=True) as session:
        by_hand.begin(session, batch_job_id=job_id)


def refuse_the_key(bench: Bench, job_id: UUID, other_id: UUID) -> None:
    task = bench.claim(other_id)
    ledger = Ledger(
        task,
        batch_job_id=other_id,
        user_id=bench.user.id,
        lease_s=30.0,
        daily_cap=None,
        checking=Checking(batch_job_id=other_id, user_id=bench.user.id, asked=DEFAULT),
    )
    ledger.pause_others(llm.provider(bench.settings), queue.Reason("refused", "The key is refused."))


@pytest.mark.postgres
@pytest.mark.parametrize("change", [cancel, pause, click, refuse_the_key])
def test_whoever_changes_a_job_waits_for_who_moves_its_task_and_keeps_nothing_from_him(
    postgres_database: db.Database, settings: Settings, user: db.User, change: Change
) -> None:
    bench = Bench(with_provider(settings, "http://127.0.0.1:9"), user)
    job_id, other_id = bench.create(1), bench.create(1)
    task_id = bench.job(job_id).task_id
    with ThreadPoolExecutor(1) as threads:
        with db.session_scope(db.WORKER, write=True) as session:
            session.execute(sa.select(TaskRow.id).where(TaskRow.id == task_id).with_for_update())
            changed = threads.submit(change, bench, job_id, other_id)
            wait_for(lambda: session.execute(WAITING).scalar_one(), what="the other to wait")
            session.execute(HELD, {"this": job_id})
        changed.result()
