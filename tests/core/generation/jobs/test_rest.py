"""What the rest of a job will cost, told by the replies that it has got."""

from __future__ import annotations

from core import db, llm
from core.generation.jobs import jobs, rest
from tests.batches import Bench


def test_after_a_pilot_the_rest_costs_what_its_replies_did(bench: Bench) -> None:
    job_id = bench.create(25, pilot=True)
    assert bench.attempt(job_id).status == "paused"
    provider = llm.provider(bench.settings)
    with db.session_scope(bench.user) as session:
        job = jobs.get(session, batch_job_id=job_id)
        found = rest.of(session, job=job, n_left=20, provider=provider)
    assert found is not None
    each = 120 * 100 + 90 * 500  # nano-dollars
    assert (found.n_items, found.n_input, found.is_rough, found.n_past) == (20, 120, False, 5)
    assert found.low <= 20 * each <= found.high
    assert found.batch_high < found.high


def test_with_too_few_replies_or_nothing_left_it_tells_nothing(bench: Bench) -> None:
    job_id = bench.create(2)
    bench.attempt(job_id)
    provider = llm.provider(bench.settings)
    with db.session_scope(bench.user) as session:
        job = jobs.get(session, batch_job_id=job_id)
        assert rest.of(session, job=job, n_left=5, provider=provider) is None
        assert rest.of(session, job=job, n_left=0, provider=provider) is None
