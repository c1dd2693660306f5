"""What follows a job that enriches by itself: another job, with what the cap leaves, and none twice."""

from __future__ import annotations

import json
from uuid import UUID

import sqlalchemy as sa

from core import db
from core.db.tables.generation.batch_jobs import BatchJobRow, BatchLogLineRow
from core.generation.jobs import jobs
from core.generation.templates import shipped
from tests import enrichments
from tests.batches import NANO, Bench
from tests.servers.claude import TALK, Answer, ClaudeServer, message, refusal


def children(job_id: UUID) -> list[BatchJobRow]:
    with db.session_scope(db.WORKER) as session:
        rows = sa.select(BatchJobRow).where(BatchJobRow.parent_id == job_id).order_by(BatchJobRow.created_at)
        found = list(session.execute(rows).scalars())
        session.expunge_all()
        return found


def log(job_id: UUID) -> str:
    with db.session_scope(db.WORKER) as session:
        lines = sa.select(BatchLogLineRow.text).where(BatchLogLineRow.batch_job_id == job_id)
        return "\n".join(session.execute(lines).scalars())


def spent(bench: Bench, *job_ids: UUID) -> int:
    return sum(call.cost for job_id in job_ids for call in bench.calls(job_id))


def test_it_gets_what_the_cap_leaves_and_enriches_all(bench: Bench, claude: ClaudeServer) -> None:
    shipped.ensure()
    job_id = bench.create(3, auto_enrich=True, max_cost_usd=0.5)
    assert bench.attempt(job_id).status == "completed"
    (child,) = children(job_id)
    assert (child.kind, child.status, child.n_items, child.user_id) == ("enrich", "queued", 3, bench.user.id)
    assert child.max_cost == NANO // 2 - spent(bench, job_id)
    assert "3 conversations are enriched by another job" in log(job_id)
    claude.always = enrichments.reply()
    assert bench.attempt(child.id).status == "completed"
    assert None not in enrichments.found([one.id for one in bench.conversations(job_id)])
    assert children(child.id) == []


def test_without_the_wish_there_is_none(small_bench: Bench) -> None:
    shipped.ensure()
    job_id = small_bench.create(2)
    assert small_bench.attempt(job_id).status == "completed"
    assert children(job_id) == []


def test_a_retried_job_enriches_only_what_has_none_and_both_stay_below_the_cap(
    bench: Bench, claude: ClaudeServer
) -> None:
    shipped.ensure()
    claude.next.append(Answer(400, refusal("invalid_request_error")))
    job_id = bench.create(4, auto_enrich=True, concurrency=1, max_cost_usd=0.01)
    bench.attempt(job_id)
    (child,) = children(job_id)
    assert child.n_items == 3

    with db.session_scope(bench.user, write=True) as session:
        jobs.retry_failed(session, batch_job_id=job_id)
    job = bench.attempt(job_id)
    assert (job.status, (job.reason or {}).get("code")) == ("paused", "cap_reached"), (
        "the rest is the child's"
    )

    claude.always = enrichments.reply()
    bench.attempt(child.id)
    claude.always = Answer(body=message(json.dumps(TALK)))
    with db.session_scope(bench.user, write=True) as session:
        jobs.resume(session, batch_job_id=job_id)
    assert bench.attempt(job_id).status == "completed"
    first, second = children(job_id)
    assert (second.n_items, second.max_cost) == (1, NANO // 100 - spent(bench, job_id, first.id))
    claude.always = enrichments.reply()
    bench.attempt(second.id)
    assert None not in enrichments.found([one.id for one in bench.conversations(job_id)])
    assert spent(bench, job_id, first.id, second.id) <= NANO // 100


def test_with_nothing_left_of_the_cap_no_job_is_made_and_the_log_says_so(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    shipped.ensure()
    claude.next.append(Answer(body=message(output_tokens=50_000)))  # more than the provider was asked for
    job_id = small_bench.create(1, auto_enrich=True, max_cost_usd=0.01)
    assert small_bench.attempt(job_id).status == "completed"
    assert children(job_id) == []
    assert "Nothing is enriched, as nothing is left of the limit of $0.01." in log(job_id)
