"""Cancels of jobs whose worker is gone: what may have been paid for is counted, what has come is kept."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from core import db, llm, queue, storage
from core.api.schemas.generation import BatchJob
from core.db.tables.generation.batch_jobs import BatchItemRow, BatchJobRow
from core.db.tables.tasks import TaskRow
from core.errors import Conflict
from core.generation.engine.ledger.checking import Checking
from core.generation.engine.ledger.ledger import Ledger
from core.generation.jobs import jobs, progress
from core.generation.quality.thresholds import DEFAULT
from core.settings import Settings
from tests.batches import LEASE_S, Bench
from tests.faults.batch_invariant import wrongs
from tests.servers.claude import ClaudeServer, message


def test_a_cancel_whose_worker_dies_counts_what_was_in_flight(bench: Bench, claude: ClaudeServer) -> None:
    job_id = bench.create(3)
    _begin(bench, job_id, n=2)
    assert _cancel(bench, job_id).status == "processing"  # its worker is to see it, and dies
    _die(bench, job_id)
    job = bench.job(job_id)
    assert (job.status, job.requested_status) == ("queued", "cancelled")
    _require_counted(bench, job_id, claude)


def test_a_cancel_after_the_worker_has_died_counts_what_was_in_flight(
    bench: Bench, claude: ClaudeServer
) -> None:
    job_id = bench.create(3)
    _begin(bench, job_id, n=2)
    _expire(bench, job_id)
    assert _cancel(bench, job_id).requested_status == "cancelled"
    assert _cancel(bench, job_id).requested_status == "cancelled"  # clicked twice
    with db.session_scope(bench.user) as session:
        told = progress.of(session, batch_job_id=job_id)
        assert BatchJob.of_job(jobs.get(session, batch_job_id=job_id), told).cancel_requested
    _require_counted(bench, job_id, claude)


def test_a_cancel_of_a_paused_job_counts_what_was_in_flight(bench: Bench, claude: ClaudeServer) -> None:
    job_id = bench.create(3)
    _begin(bench, job_id, n=2)
    _expire(bench, job_id)
    with db.session_scope(bench.user, write=True) as session:
        assert jobs.pause(session, batch_job_id=job_id).status == "paused"
    assert _cancel(bench, job_id).status == "queued"
    _require_counted(bench, job_id, claude)


def test_a_reply_that_a_dead_worker_has_stored_is_kept_by_a_cancel(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    job_id = small_bench.create(2)
    _begin(small_bench, job_id, n=2)
    files = storage.from_settings(small_bench.settings)
    files.put_all([(f"conversation-files/raw/{job_id}/0-1.json", json.dumps(message()).encode())])
    _expire(small_bench, job_id)
    _cancel(small_bench, job_id)
    assert small_bench.attempt(job_id).status == "cancelled"
    assert small_bench.states(job_id) == ["completed", "cancelled"]
    assert [call.is_repeated for call in small_bench.calls(job_id)] == [False, True]
    assert wrongs(job_id, storage=files) == []
    assert claude.asked == []


def test_a_job_that_is_being_cancelled_is_not_paused_instead(small_bench: Bench) -> None:
    job_id = small_bench.create(2)
    _begin(small_bench, job_id, n=1)
    _cancel(small_bench, job_id)
    with pytest.raises(Conflict), db.session_scope(small_bench.user, write=True) as session:
        jobs.pause(session, batch_job_id=job_id)
    other = small_bench.create(1)
    ledger = Ledger(
        small_bench.claim(other),
        batch_job_id=other,
        user_id=small_bench.user.id,
        lease_s=1.0,
        daily_cap=None,
        checking=Checking(batch_job_id=other, user_id=small_bench.user.id, asked=DEFAULT),
    )
    ledger.pause_others(llm.provider(small_bench.settings), queue.Reason("llm_key_refused", "No."))
    assert small_bench.job(job_id).requested_status == "cancelled"


def test_a_job_of_another_provider_can_be_cancelled(small_bench: Bench, settings: Settings) -> None:
    job_id = small_bench.create(2)
    _begin(small_bench, job_id, n=1)
    _expire(small_bench, job_id)
    _cancel(small_bench, job_id)
    assert Bench(settings, small_bench.user).attempt(job_id).status == "cancelled"


def _begin(bench: Bench, job_id: UUID, *, n: int) -> None:
    """As a worker leaves it that is asking for the first n items."""
    bench.claim(job_id)
    with db.session_scope(db.WORKER, write=True) as session:
        these = BatchItemRow.batch_job_id == job_id, BatchItemRow.idx < n
        session.execute(sa.update(BatchItemRow).where(*these).values(state="processing", n_asked=1))


def _cancel(bench: Bench, job_id: UUID) -> BatchJobRow:
    with db.session_scope(bench.user, write=True) as session:
        jobs.cancel(session, batch_job_id=job_id)
    return bench.job(job_id)


def _expire(bench: Bench, job_id: UUID) -> None:
    """The lease of its dead worker is over."""
    with db.session_scope(db.WORKER, write=True) as session:
        this = sa.update(TaskRow).where(TaskRow.id == bench.job(job_id).task_id)
        session.execute(this.values(lease_until=TaskRow.created_at))


def _die(bench: Bench, job_id: UUID) -> None:
    """Its worker is dead, and another one looks for work."""
    _expire(bench, job_id)
    task_id = bench.job(job_id).task_id
    with db.session_scope(db.WORKER, write=True) as session:
        assert queue.claim_one(session, task_id=task_id, worker_id=uuid4(), lease_s=LEASE_S) is None


def _require_counted(bench: Bench, job_id: UUID, claude: ClaudeServer) -> None:
    """Once somebody takes it up, it is cancelled, nothing was asked, and two requests may have been paid for."""
    assert bench.attempt(job_id).status == "cancelled"
    assert bench.states(job_id) == ["cancelled"] * 3
    calls = bench.calls(job_id)
    assert [(call.item_idx, call.code, call.is_repeated, call.cost > 0) for call in calls] == [
        (0, "lost", True, True),
        (1, "lost", True, True),
    ]
    assert claude.asked == []
    assert wrongs(job_id, storage=storage.from_settings(bench.settings)) == []
