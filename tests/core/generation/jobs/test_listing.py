"""Lists of batch jobs, figures over many of them, and why items failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from core import db
from core.access.errors import NotAllowed
from core.db.pagination import BadCursor
from core.db.tables.generation.batch_jobs import BatchCallRow
from core.generation.jobs import failures, listing, spend
from core.generation.jobs.states import ItemState, JobStatus
from tests.batches import NANO, Bench, template
from tests.servers.claude import Answer, ClaudeServer, message

REFUSAL = Answer(body=message("", stop_reason="refusal"))
BAD = Answer(body=message("oh"))


def names(page: listing.Page[listing.BatchJobRow]) -> list[str]:
    return [row.name for row in page.items]


def test_pages_follow_each_other_newest_first_with_templates_and_without_prompts(bench: Bench) -> None:
    template_id = template()
    for n in range(5):
        bench.create(1, name=f"Job {n}", template_id=template_id)
    with db.session_scope(bench.user) as session:
        first = listing.page(session, limit=3)
        rest = listing.page(session, limit=3, cursor=first.next_cursor)
        assert [names(first), names(rest)] == [["Job 4", "Job 3", "Job 2"], ["Job 1", "Job 0"]]
        assert (first.items[0].template.name, rest.next_cursor) == ("Talk", None)
        with pytest.raises(sa.exc.InvalidRequestError):
            _ = first.items[0].template.prompt
        with pytest.raises(BadCursor):
            listing.page(session, cursor="nonsense")


def test_counts_and_pages_are_of_the_whole_by_status_and_a_part_of_the_name(bench: Bench) -> None:
    bench.create(1, name="March 100%")
    bench.attempt(bench.create(1, name="March"))
    bench.create(1, name="April")
    with db.session_scope(bench.user) as session:
        counts = listing.counts(session, search="march")
        assert (counts[JobStatus.QUEUED], counts[JobStatus.COMPLETED], sum(counts.values())) == (1, 1, 2)
        assert names(listing.page(session, search="0%")) == ["March 100%"]
        assert names(listing.page(session, statuses=["completed"])) == ["March"]
        assert listing.n_waiting(session) == 2


def test_others_jobs_are_listed_for_admins_alone(bench: Bench, stranger: db.User) -> None:
    bench.create(1)
    with db.session_scope(stranger) as session:
        assert names(listing.page(session)) == []
        with pytest.raises(NotAllowed):
            listing.page(session, whose="all")


def test_the_next_one_is_what_a_worker_has_left_and_then_the_oldest(bench: Bench) -> None:
    with db.session_scope(bench.user) as session:
        assert listing.next_waiting(session) is None
    oldest, left = bench.create(1), bench.create(1)
    with db.session_scope(bench.user) as session:
        assert listing.next_waiting(session) == oldest
    task = bench.claim(left)
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(
            sa.text("update tasks set lease_until = created_at where id = :id"),
            {"id": task.id.hex if session.bind.dialect.name == "sqlite" else task.id},
        )
    with db.session_scope(bench.user) as session:
        assert listing.abandoned(session) == [left]
        assert listing.next_waiting(session) == left


def test_a_pace_is_of_the_last_minute(bench: Bench) -> None:
    lately, before = bench.create(4), bench.create(4)
    for job_id in (lately, before):
        bench.attempt(job_id)
    _date(lately, datetime.now(UTC) - timedelta(seconds=20))
    _date(before, datetime.now(UTC) - timedelta(hours=2))
    with db.session_scope(bench.user) as session:
        paces = listing.paces(session)
    assert set(paces) == {lately}
    assert paces[lately] == pytest.approx(4 / 20, rel=0.3)


def test_items_are_read_by_place_and_by_state(bench: Bench, claude: ClaudeServer) -> None:
    job_id = bench.create(6, concurrency=1)
    claude.next.extend([REFUSAL, REFUSAL])
    bench.attempt(job_id)
    with db.session_scope(bench.user) as session:
        counts = listing.item_counts(session, batch_job_id=job_id)
        assert (counts[ItemState.COMPLETED], counts[ItemState.FAILED], counts[ItemState.QUEUED]) == (4, 2, 0)
        every = listing.items(session, batch_job_id=job_id, offset=4, limit=10)
        done = listing.items(session, batch_job_id=job_id, offset=3, limit=10, state=ItemState.COMPLETED)
        assert [row.idx for row in every] == [4, 5]
        assert len(done) == 1


def test_failures_are_grouped_by_reason_the_largest_first(bench: Bench, claude: ClaudeServer) -> None:
    job_id = bench.create(5, concurrency=1)
    claude.next.extend([BAD, BAD, BAD, REFUSAL, REFUSAL])
    bench.attempt(job_id)
    with db.session_scope(bench.user) as session:
        groups = failures.by_reason(session, batch_job_id=job_id)
    assert [(group.n, group.example.code) for group in groups] == [(2, "refused"), (1, "bad_reply")]
    assert "no valid JSON" in groups[1].example.message


def test_spend_is_told_by_the_hour_and_for_today(bench: Bench, stranger: db.User) -> None:
    now = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    job_id = bench.create(3)
    bench.attempt(job_id)
    moments = [now - timedelta(hours=1), now - timedelta(days=1), now - timedelta(days=30)]
    with db.session_scope(db.WORKER, write=True) as session:
        for idx, at in enumerate(moments):
            session.execute(
                sa.update(BatchCallRow)
                .where(BatchCallRow.batch_job_id == job_id, BatchCallRow.item_idx == idx)
                .values(asked_at=at, cost=(idx + 1) * NANO)
            )
    with db.session_scope(bench.user) as session:
        told = spend.by_hour(session, since=now - timedelta(days=14))
        assert told == [(moments[1], 2 * NANO), (moments[0], NANO)]
        assert spend.today(session, now=now) == NANO
    with db.session_scope(stranger) as session:
        assert spend.by_hour(session, since=now - timedelta(days=14)) == []


def _date(job_id: UUID, at: datetime) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(
            sa.update(BatchCallRow)
            .where(BatchCallRow.batch_job_id == job_id)
            .values(asked_at=at, latency_s=0.0)
        )
