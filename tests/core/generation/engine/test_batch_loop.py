"""Jobs by Message Batches, against a server whose batches end when the test says so."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa

from core import db
from core.db.tables.generation.batch_jobs import ProviderBatchRow
from core.db.types import now_plus
from core.generation.jobs import jobs
from core.settings import Settings
from tests.batches import Bench, template
from tests.servers.claude import LOST, Answer, ClaudeServer, refusal


class Died(BaseException):
    """The end of a worker's child, as no code of its own sees it."""


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
    _age(job_id)
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


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer(429, refusal("rate_limit_error"), {"retry-after": "1"}), "queued"),
        (Answer(401, refusal("authentication_error")), "paused"),
        (Answer(413, refusal("request_too_large")), "paused"),
    ],
)
def test_a_batch_that_the_provider_refused_costs_nothing_and_is_sent_at_the_next_look(
    small_bench: Bench, claude: ClaudeServer, answer: Answer, status: str
) -> None:
    claude.paths["POST", "/v1/messages/batches"] = answer
    job_id = small_bench.create(2, mode="batches")
    job = small_bench.attempt(job_id)
    assert (job.status, job.in_flight, small_bench.states(job_id)) == (status, 0, ["queued"] * 2)
    del claude.paths["POST", "/v1/messages/batches"]
    if status == "paused":
        with db.session_scope(small_bench.user, write=True) as session:
            jobs.resume(session, batch_job_id=job_id)
    assert small_bench.attempt(job_id).status == "queued"
    assert [item.n_asked for item in small_bench.items(job_id)] == [1, 1]
    claude.end("msgbatch_0")
    assert small_bench.attempt(job_id).status == "completed"
    assert not any(call.is_repeated for call in small_bench.calls(job_id))


def test_a_kill_between_the_claim_and_the_batch_leaves_no_item_behind(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    job_id = small_bench.create(2, mode="batches")

    def die(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("INSERT INTO provider_batches"):
            raise Died

    engine = db.current().engine
    sa.event.listen(engine, "before_cursor_execute", die)
    with pytest.raises(Died):
        small_bench.attempt(job_id)
    sa.event.remove(engine, "before_cursor_execute", die)
    assert small_bench.attempt(job_id).status == "queued"
    assert len(claude.batches) == 1
    claude.end("msgbatch_0")
    assert small_bench.attempt(job_id).status == "completed"
    assert small_bench.states(job_id) == ["completed"] * 2


def test_what_may_have_been_paid_for_a_lost_batch_counts_against_the_cap(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    claude.paths["POST", "/v1/messages/batches"] = LOST
    job_id = small_bench.create(4, mode="batches", max_tokens=500, max_cost_usd=0.0013)
    small_bench.attempt(job_id)
    del claude.paths["POST", "/v1/messages/batches"]
    _age(job_id)
    job = small_bench.attempt(job_id)
    lost = sum(call.cost for call in small_bench.calls(job_id))
    assert small_bench.states(job_id).count("processing") < 4
    assert 0 < lost < lost + job.in_flight <= 1_300_000


def test_the_cap_of_the_day_holds_for_what_a_batch_may_still_cost(small_bench: Bench) -> None:
    bench = Bench(small_bench.settings.model_copy(update={"max_cost_usd_per_day": 0.0006}), small_bench.user)
    sent = bench.create(1, mode="batches", max_tokens=500)
    other = bench.create(1, max_tokens=500)
    job = bench.attempt(sent)
    assert (job.status, 0 < job.in_flight < 600_000) == ("queued", True)  # and the provider is at work
    job = bench.attempt(other)
    assert (job.status, (job.reason or {}).get("code")) == ("paused", "daily_cap_reached")


def test_a_job_whose_batch_is_gone_can_be_cancelled(small_bench: Bench, claude: ClaudeServer) -> None:
    job_id = small_bench.create(2, mode="batches")
    small_bench.attempt(job_id)
    claude.batches.clear()
    assert small_bench.attempt(job_id).status == "paused"  # the same key may know it
    with db.session_scope(small_bench.user, write=True) as session:
        jobs.cancel(session, batch_job_id=job_id)
    assert small_bench.attempt(job_id).status == "cancelled"
    assert [call.is_repeated for call in small_bench.calls(job_id)] == [True, True]


def test_long_prompts_are_sent_as_several_batches(small_bench: Bench, claude: ClaudeServer) -> None:
    long = template(prompt="🦉" * 15_900 + "{{ topic }}")
    job_id = small_bench.create(1_050, mode="batches", template_id=long, max_cost_usd=100.0)
    assert small_bench.attempt(job_id).status == "queued"
    assert 900 < claude.batches["msgbatch_0"]["request_counts"]["processing"] < 1_050


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


def _age(job_id: UUID) -> None:
    """Its batches were sent an hour ago."""
    with db.session_scope(db.WORKER, write=True) as session:
        earlier = sa.update(ProviderBatchRow).where(ProviderBatchRow.batch_job_id == job_id)
        session.execute(earlier.values(created_at=now_plus(-3_600)))


def _rows(job_id: UUID) -> list[ProviderBatchRow]:
    of_job = sa.select(ProviderBatchRow).where(ProviderBatchRow.batch_job_id == job_id)
    with db.session_scope(db.WORKER) as session:
        found = list(session.execute(of_job.order_by(ProviderBatchRow.created_at.desc())).scalars())
        session.expunge_all()
    return sorted(found, key=lambda row: row.created_at)
