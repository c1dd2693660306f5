"""What a database and a storage that go away, and a worker that wakes too late, leave of a job: all of it, once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from core import db, storage
from core.db.tables.generation.batch_jobs import BatchCallRow
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.generation.conversations import files
from core.generation.engine.requests import conversations
from core.generation.engine.requests.reply_store import ReplyStore
from core.settings import Settings
from tests.batches import Bench, Told, with_provider, without_storage
from tests.faults.batch_invariant import wrongs
from tests.servers.claude import TALK, Answer, ClaudeServer, message
from tests.servers.wire import Wire

REFUSAL = Answer(body=message("", stop_reason="refusal"))


class Died(BaseException):
    """The end of a worker's child, as no code of its own sees it."""


@dataclass
class Watching(Told):
    """Does something once something is so, while the job runs."""

    once: Callable[[], Any] = field(default=lambda: False)
    then: Callable[[], Any] | None = None

    def stop_requested(self) -> bool:
        if self.then is not None and self.once():
            done, self.then = self.then, None
            done()
        return super().stop_requested()


def die() -> None:
    raise Died


@pytest.mark.postgres
@pytest.mark.parametrize(
    "lost", [b"INSERT INTO conversations", b"INSERT INTO batch_calls", b"INSERT INTO provider"]
)
def test_a_commit_of_which_nobody_heard_is_not_written_twice(
    postgres_database: db.Database, settings: Settings, user: db.User, claude: ClaudeServer, lost: bytes
) -> None:
    url = postgres_database.engine.url
    with Wire(f"http://127.0.0.1:{url.port}") as wire:
        by_wire = url.set(port=urlsplit(wire.endpoint).port)
        database = db.connect(by_wire.render_as_string(hide_password=False))
        bench = Bench(with_provider(settings, claude.url), user)
        mode = "batches" if b"provider" in lost else "realtime"
        claude.next.append(REFUSAL if b"calls" in lost else Answer())
        job_id = bench.create(4, mode=mode)
        wire.loses_commit_of = lost
        job = bench.attempt(job_id)
        if mode == "batches":
            claude.end("msgbatch_0")
            job = bench.attempt(job_id)
        assert wire.n_cut == 1
        assert job.status == "completed"
        assert wrongs(job_id, storage=storage.from_settings(settings)) == []
        assert len(claude.batches) == (mode == "batches")
        database.dispose()


def test_replies_that_storage_does_not_take_are_in_the_database_before_anything_else(
    bench: Bench, claude: ClaudeServer
) -> None:
    job_id = bench.create(6, concurrency=3)
    with without_storage(bench.settings), pytest.raises(Died):
        bench.attempt(job_id, Watching(once=lambda: _n_kept() == 3, then=die))
    asked = len(claude.asked)
    assert bench.states(job_id).count("completed") == 0
    assert bench.attempt(job_id).status == "completed"
    assert (asked, len(claude.asked)) == (3, 6), "a reply that was kept was asked for again"
    assert wrongs(job_id, storage=storage.from_settings(bench.settings)) == []


def test_replies_of_items_that_are_done_reach_storage_by_a_later_attempt(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    claude.next.append(REFUSAL)
    job_id = small_bench.create(3, concurrency=1)
    with without_storage(small_bench.settings), pytest.raises(Died):
        small_bench.attempt(job_id, Watching(once=lambda: "failed" in small_bench.states(job_id), then=die))
    assert small_bench.attempt(job_id).status == "completed"
    assert wrongs(job_id, storage=storage.from_settings(small_bench.settings)) == []


def test_a_useless_reply_while_storage_is_away_does_not_stop_the_job_for_good(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    claude.next.extend([REFUSAL, Answer(body=message("nothing"))])
    job_id = small_bench.create(3, concurrency=1)
    with ExitStack() as stack:
        stack.enter_context(without_storage(small_bench.settings))
        told = Watching(once=lambda: _n_kept() == 1, then=stack.pop_all().close)
        job = small_bench.attempt(job_id, told)
    assert (job.status, small_bench.states(job_id)) == ("completed", ["failed", "completed", "completed"])
    assert wrongs(job_id, storage=storage.from_settings(small_bench.settings)) == []


def test_a_cancel_is_heard_while_storage_is_away(small_bench: Bench, claude: ClaudeServer) -> None:
    claude.next.append(REFUSAL)
    job_id = small_bench.create(3, concurrency=1)
    stop = threading.Event()
    with without_storage(small_bench.settings):
        told = Watching(stop, once=lambda: _n_kept() == 1, then=stop.set)
        assert small_bench.attempt(job_id, told).status == "cancelled"


def test_a_drain_is_heard_while_only_replies_are_left_that_storage_does_not_take(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    claude.next.append(REFUSAL)
    job_id = small_bench.create(1)

    class Waiting(Told):
        """Is to end once the job has said again that it still lives, with nothing left to ask."""

        def report(self, done: int | None = None, *, total: int | None = None) -> None:
            super().report(done, total=total)
            if self.reported[-3:].count(self.reported[-1]) == 3 and _n_kept():
                self.drain.set()

    with without_storage(small_bench.settings):
        assert small_bench.attempt(job_id, Waiting()).status == "queued"
    assert small_bench.attempt(job_id).status == "failed"
    assert wrongs(job_id, storage=storage.from_settings(small_bench.settings)) == []


def test_of_two_replies_to_one_item_row_and_file_have_the_same(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    """A worker that was frozen past its lease has stored its own reply's conversation, and may wake at any moment."""
    job_id = small_bench.create(1)
    job, item = small_bench.job(job_id), small_bench.items(job_id)[0]
    with db.session_scope(db.WORKER) as session:
        version = session.get_one(PromptTemplateRow, job.template_id).version
    its_own = conversations.values(
        [dict(TALK["messages"][0]), {"role": "assistant", "content": "Good evening."}],
        batch_job_id=job_id, idx=0, template_id=job.template_id, version=version, params=item.params,
        provider=job.provider, model=job.model, is_offline=False,
    )  # fmt: skip
    store = ReplyStore(storage.from_settings(small_bench.settings), small_bench.settings.staging_dir, job_id)
    store.keep([(files.key(its_own["conversation_id"]), files.document(ConversationRow(**its_own)))])
    assert small_bench.attempt(job_id).status == "completed"
    assert len(claude.asked) == 1
    assert [one.content_sha256 for one in small_bench.conversations(job_id)] == [its_own["content_sha256"]]
    assert wrongs(job_id, storage=store.files) == []


def _n_kept() -> int:
    with db.session_scope(db.WORKER) as session:
        kept = sa.select(sa.func.count()).where(BatchCallRow.raw.is_not(None))
        return session.execute(kept).scalar_one()
