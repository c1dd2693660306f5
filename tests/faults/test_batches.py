"""Real workers on real batch jobs, killed, stopped, and left without database, storage or key: nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import pytest

from core import db
from core.errors import Conflict
from core.generation.jobs import jobs
from core.generation.jobs.states import SETTLED, JobStatus
from core.settings import Settings
from core.storage import LocalStorage
from tests import enrichments, generation
from tests.batches import without_storage
from tests.faults.batch_desk import AT_ONCE, Desk
from tests.servers.claude_process import claude_process
from tests.servers.postgres import Cluster
from tests.servers.waiting import wait_for

pytestmark = pytest.mark.faults
N_ITEMS = 24


def test_a_job_outlives_what_happens_to_its_worker_its_database_its_storage_and_its_key(
    database: db.Database,
    settings: Settings,
    user: db.User,
    storage: LocalStorage,
    request: pytest.FixtureRequest,
) -> None:
    """Each on Postgres, and on SQLite what is written when a process dies; `make chaos` does all to both."""
    with claude_process(latency_s=0.25, tells_apart=True) as claude:
        desk = Desk(settings, user, claude, storage)
        try:
            desk.start()
            _kill_the_child(desk)
            _kill_the_child_in_an_enrichment(desk)
            if database.is_sqlite:
                return
            cluster: Cluster = request.getfixturevalue("postgres")
            _restart_the_database(desk, cluster.crash)
            _take_storage_away_and_kill_the_child(desk)
            _stop_the_worker(desk)
            _revoke_the_key(desk)
            _cancel_with_the_last_item(desk)
        finally:
            desk.end()


def _kill_the_child(desk: Desk) -> None:
    job_id = desk.begin(N_ITEMS, n_done=N_ITEMS // 4)
    desk.workers[0].kill_children()
    desk.rests(job_id, JobStatus.COMPLETED)
    told, again = desk.told(job_id), desk.claude.ask("again")
    assert told.completed == N_ITEMS
    assert again <= AT_ONCE + 1, "more was asked again than was in flight"
    assert again <= told.n_maybe_twice <= AT_ONCE + 1, "what was asked again is not counted"


def _kill_the_child_in_an_enrichment(desk: Desk) -> None:
    ids, before = generation.conversations(desk.bench.user, 2 * N_ITEMS), desk.claude.ask("again")
    job_id = enrichments.create(desk.bench, ids)
    wait_for(lambda: desk.told(job_id).completed >= N_ITEMS // 2, what="an enrichment to be in the middle")
    desk.workers[0].kill_children()
    wait_for(lambda: desk.bench.job(job_id).status == JobStatus.COMPLETED, what="the enrichment to be done")
    told, calls = desk.told(job_id), desk.bench.calls(job_id)
    assert told.completed == len(ids)
    assert [item.conversation_id for item in desk.bench.items(job_id)] == ids
    assert None not in enrichments.found(ids)
    good = Counter(call.item_idx for call in calls if call.status == 200)
    assert set(good.values()) == {1}, "what was stored was asked for again"
    assert len(good) == len(ids)
    assert desk.claude.ask("again") - before <= told.n_maybe_twice, "what was asked again is not counted"
    stored = set(desk.storage.keys(f"conversation-files/raw/{job_id}/"))
    assert {call.raw_key for call in calls if call.status == 200} == stored


def _restart_the_database(desk: Desk, crash: Callable[[], None]) -> None:
    job_id, before = desk.begin(N_ITEMS, n_done=N_ITEMS // 4), desk.claude.ask("again")
    crash()
    desk.rests(job_id, JobStatus.COMPLETED)
    assert desk.told(job_id).completed == N_ITEMS
    assert desk.claude.ask("again") == before, "a database that comes back costs no reply"
    assert desk.told(job_id).n_maybe_twice == 0


def _take_storage_away_and_kill_the_child(desk: Desk) -> None:
    job_id, before = desk.begin(N_ITEMS, n_done=N_ITEMS // 4), desk.claude.ask("again")
    with without_storage(desk.settings):
        wait_for(
            lambda: desk.n_kept(job_id) == desk.told(job_id).processing > 0,
            what="replies to be in their rows",
        )
        desk.workers[0].kill_children()
    desk.rests(job_id, JobStatus.COMPLETED)
    assert desk.told(job_id).completed == N_ITEMS
    assert desk.claude.ask("again") == before, "a reply that was kept in its row was asked for again"


def _stop_the_worker(desk: Desk) -> None:
    job_id, before = desk.begin(N_ITEMS, n_done=N_ITEMS // 4), desk.claude.ask("again")
    assert desk.workers.pop().end() == 0
    task, told = desk.task(job_id), desk.told(job_id)
    assert (task.state, task.n_released, told.processing) == ("QUEUED", 1, 0)
    assert told.queued > 0
    desk.start()
    desk.rests(job_id, JobStatus.COMPLETED)
    assert desk.claude.ask("again") == before, "what was in flight was not waited for"


def _revoke_the_key(desk: Desk) -> None:
    desk.claude.hold()
    both = [desk.begin(N_ITEMS) for _ in range(2)]
    wait_for(lambda: desk.claude.ask("in flight") == 2 * AT_ONCE, what="both jobs to ask")
    waiting = desk.bench.create(1)
    desk.claude.revoke_key()
    desk.claude.go_on()
    for job_id in (*both, waiting):
        reason = desk.rests(job_id, JobStatus.PAUSED).reason
        assert reason is not None
        assert reason["code"] == "llm_key_refused"
    desk.claude.restore_key()
    for job_id in (*both, waiting):
        with db.session_scope(desk.bench.user, write=True) as session:
            jobs.resume(session, batch_job_id=job_id)
    for job_id in (*both, waiting):
        desk.rests(job_id, JobStatus.COMPLETED)


def _cancel_with_the_last_item(desk: Desk) -> None:
    """In the moment in which its reply is there, and the job's end is not."""
    for _ in range(3):
        job_id = desk.bench.create(1)
        wait_for(lambda: desk.claude.ask("in flight"), what="the only item to be asked", every_s=0.005)
        wait_for(lambda: not desk.claude.ask("in flight"), what="its reply", every_s=0.001)
        with suppress(Conflict), db.session_scope(desk.bench.user, write=True) as session:
            jobs.cancel(session, batch_job_id=job_id)
        job = desk.rests(job_id, *SETTLED)
        assert job.status in (JobStatus.COMPLETED, JobStatus.CANCELLED)
