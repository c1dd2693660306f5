"""Jobs by Message Batches, against a server whose batches end when the test says so."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa

from core import db
from core.db.tables.batch_jobs import ProviderBatchRow
from core.db.types import now_plus
from core.generation.jobs import jobs
from core.settings import Settings
from tests.batches import Bench
from tests.servers.claude import LOST, Answer, ClaudeServer, refusal


def test_a_job_is_sent_as_one_batch_and_collected_once_it_has_ended(
    bench: Bench, claude: ClaudeServer
) -> None:
    job_id = bench.create(4, mode="batches")
    assert bench.attempt(job_id).status == "queued"  # it comes back later
    assert bench.states(job_id) == ["processing"] * 4
    assert bench.attempt(job_id).status == "queued"
    (batch_id,) = claude.batches
    claude.end(batch_id)
    job = bench.attempt(job_id)
    assert (job.status, bench.states(job_id)) == ("completed", ["completed"] * 4)
    assert len(claude.batches) == 1
    assert len(bench.conversations(job_id)) == 4


def test_it_costs_half(small_bench: Bench, claude: ClaudeServer) -> None:
    job_id = small_bench.create(1, mode="batches")
    small_bench.attempt(job_id)
    claude.end("msgbatch_0")
    small_bench.attempt(job_id)
    assert [call.cost for call in small_bench.calls(job_id)] == [(120 * 100 + 90 * 500) // 2]


def test_what_errored_or_expired_goes_on_in_the_same_job(small_bench: Bench, claude: ClaudeServer) -> None:
    job_id = small_bench.create(3, mode="batches")
    small_bench.attempt(job_id)
    (row,) = _rows(job_id)
    claude.ends[f"{row.id.hex}-0"] = {"type": "errored", "error": refusal("overloaded_error")}
    claude.ends[f"{row.id.hex}-1"] = {"type": "expired"}
    claude.end("msgbatch_0")
    assert small_bench.attempt(job_id).status == "queued"
    assert small_bench.states(job_id) == ["processing", "processing", "completed"]
    claude.end("msgbatch_1")
    assert small_bench.attempt(job_id).status == "completed"
    assert small_bench.states(job_id) == ["completed"] * 3


def test_what_would_be_refused_again_fails(small_bench: Bench, claude: ClaudeServer) -> None:
    job_id = small_bench.create(2, mode="batches")
    small_bench.attempt(job_id)
    (row,) = _rows(job_id)
    claude.ends[f"{row.id.hex}-0"] = {"type": "errored", "error": refusal("invalid_request_error")}
    claude.end("msgbatch_0")
    assert small_bench.attempt(job_id).status == "completed"
    assert small_bench.states(job_id) == ["failed", "completed"]


def test_a_batch_whose_id_was_lost_is_found_again_and_not_sent_twice(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    job_id = small_bench.create(3, mode="batches")
    small_bench.attempt(job_id)
    with db.session_scope(db.WORKER, write=True) as session:  # as a crash leaves it between answer and row
        lost = {"state": "intended", "provider_id": None}
        session.execute(
            sa.update(ProviderBatchRow).where(ProviderBatchRow.batch_job_id == job_id).values(**lost)
        )
    assert small_bench.attempt(job_id).status == "queued"
    claude.end("msgbatch_0")
    assert small_bench.attempt(job_id).status == "completed"
    assert len(claude.batches) == 1


def test_a_batch_that_was_never_created_is_sent_again_later_and_counted(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    claude.paths["POST", "/v1/messages/batches"] = LOST
    job_id = small_bench.create(2, mode="batches")
    assert small_bench.attempt(job_id).status == "queued"
    del claude.paths["POST", "/v1/messages/batches"]
    assert small_bench.attempt(job_id).status == "queued"
    assert not claude.batches
    with db.session_scope(db.WORKER, write=True) as session:
        earlier = sa.update(ProviderBatchRow).where(ProviderBatchRow.batch_job_id == job_id)
        session.execute(earlier.values(created_at=now_plus(-3_600)))
    small_bench.attempt(job_id)
    assert [row.state for row in _rows(job_id)] == ["lost", "submitted"]
    assert [call.is_repeated for call in small_bench.calls(job_id)] == [True, True]
    claude.end("msgbatch_0")
    assert small_bench.attempt(job_id).status == "completed"


def test_a_cancel_reaches_the_provider_and_what_came_is_kept(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    job_id = small_bench.create(2, mode="batches")
    small_bench.attempt(job_id)
    with db.session_scope(small_bench.user, write=True) as session:
        assert jobs.cancel(session, batch_job_id=job_id).status == "queued"
    assert small_bench.attempt(job_id).status == "queued"
    assert claude.batches["msgbatch_0"]["processing_status"] == "canceling"
    (row,) = _rows(job_id)
    claude.ends[f"{row.id.hex}-0"] = {"type": "canceled"}
    claude.end("msgbatch_0")
    assert small_bench.attempt(job_id).status == "cancelled"
    assert small_bench.states(job_id) == ["cancelled", "completed"]


def test_a_refused_key_pauses_it(small_bench: Bench, claude: ClaudeServer) -> None:
    claude.key_works = False
    job_id = small_bench.create(2, mode="batches")
    job = small_bench.attempt(job_id)
    assert (job.status, (job.reason or {})["code"]) == ("paused", "llm_key_refused")


def test_a_provider_that_is_away_is_asked_later(small_bench: Bench, claude: ClaudeServer) -> None:
    claude.paths["POST", "/v1/messages/batches"] = Answer(529, refusal("overloaded_error"))
    job_id = small_bench.create(2, mode="batches")
    assert small_bench.attempt(job_id).status == "queued"


def test_the_cap_holds_for_what_the_provider_has_too(small_bench: Bench, claude: ClaudeServer) -> None:
    job_id = small_bench.create(20, mode="batches", max_tokens=500, max_cost_usd=0.0004)
    small_bench.attempt(job_id)
    n_sent = small_bench.states(job_id).count("processing")
    assert 0 < n_sent < 20
    claude.end("msgbatch_0")
    job = small_bench.attempt(job_id)
    while job.status == "queued":
        claude.end(f"msgbatch_{len(claude.batches) - 1}")
        job = small_bench.attempt(job_id)
    assert (job.reason or {})["code"] == "cap_reached"
    assert sum(call.cost for call in small_bench.calls(job_id)) <= 400_000


def test_offline_there_are_none(sqlite_database: db.Database, settings: Settings, user: db.User) -> None:
    del sqlite_database
    from core.generation.errors import NoBatches

    with pytest.raises(NoBatches):
        Bench(settings, user).create(2, mode="batches")


def _rows(job_id: UUID) -> list[ProviderBatchRow]:
    of_job = sa.select(ProviderBatchRow).where(ProviderBatchRow.batch_job_id == job_id)
    with db.session_scope(db.WORKER) as session:
        found = list(session.execute(of_job.order_by(ProviderBatchRow.created_at.desc())).scalars())
        session.expunge_all()
    return sorted(found, key=lambda row: row.created_at)
