"""What is deleted is hidden at once, can be undone until its task begins, and leaves nothing behind."""

from __future__ import annotations

from functools import partial
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from core import db, queue, storage
from core.access.errors import NotAllowed, OwnedByAnother
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.tasks import TaskRow
from core.errors import Conflict, NotFound
from core.generation.conversations import conversations, files, review, review_queue
from core.generation.conversations.conversations import Filter
from core.generation.conversations.errors import BusinessKeyGiven, TooManyNamed
from core.generation.conversations.states import Status
from core.generation.deletions import deletions
from core.generation.deletions.errors import CountChanged, NothingToDelete, TooLateToUndo
from core.generation.export import plan
from core.generation.export.errors import NothingToExport
from core.generation.export.wanted import Wanted
from core.generation.jobs import jobs, listing
from core.settings import Settings
from core.system import unreferenced_files
from tests import generation
from tests.batches import Bench, Told, without_storage
from tests.core.generation.deletions.carried_out import claim, counted, delete, finish, undo
from tests.journeys import ask
from tests.principals import as_role

OF_A_JOB = ("batch_jobs", "batch_items", "batch_calls", "batch_log_lines", "conversations")
REVISIONS, HIDDEN = "conversation_revisions", ("deleted_conversations", "deleted_batch_jobs")


@pytest.fixture
def reviewer(stranger: db.User) -> db.User:
    """Somebody else, who reviews."""
    return as_role(stranger, "reviewer")


def shown(user: db.User) -> list[UUID]:
    return [row.id for row in ask(user, partial(conversations.page, asked=Filter())).items]


def made_by_a_job(bench: Bench, n: int = 3) -> tuple[UUID, list[UUID]]:
    """A job that has ended, as its worker leaves it, and its conversations."""
    job_id = bench.create(n)
    assert bench.attempt(job_id).status == "completed"
    with db.session_scope(db.WORKER, write=True) as session:  # what it cost is of another day
        session.execute(sa.text("UPDATE batch_calls SET cost = 0"))
    return job_id, [row.id for row in bench.conversations(job_id)]


def test_a_conversation_is_hidden_from_everybody_at_once_and_back_after_undo(
    database: db.Database, user: db.User, reviewer: db.User
) -> None:
    kept, row_id = generation.conversations(user, 2, status="approved")
    made = delete(user, deletions.one, row_id=row_id)
    for who in (user, reviewer, as_role(reviewer, "admin")):
        assert shown(who) == [kept]
        with pytest.raises(NotFound):
            ask(who, partial(conversations.get, row_id=row_id))
        with db.session_scope(who, write=True) as session:
            assert conversations.counts(session, asked=Filter())[Status.APPROVED] == 1
            assert review_queue.first(session, asked=Filter()) == kept
            (decided,) = review.decide(session, decision=Status.REJECTED, ids=[row_id]).results
            assert isinstance(decided.error, NotFound)
        with pytest.raises(NothingToExport), db.session_scope(who) as session:
            plan.make(session, Wanted(asked=Filter(), ids=(row_id,)))
    with pytest.raises(NotFound):
        delete(user, deletions.one, row_id=row_id)  # a second click
    for who, refusal in ((reviewer, NotFound), (as_role(reviewer, "admin"), OwnedByAnother)):
        with pytest.raises(refusal):
            undo(who, made.id)
    undo(user, made.id)
    undo(user, made.id)
    assert shown(reviewer) == [row_id, kept]
    assert counted(*HIDDEN) == [0, 0]


def test_nothing_of_a_conversation_is_left(bench: Bench) -> None:
    job_id, (first, second, third) = made_by_a_job(bench)
    me, stored = bench.user, storage.from_settings(bench.settings)
    with db.session_scope(me, write=True) as session:
        review.edit(session, row_id=second, row_version=1, new=generation.talk("Other?", "Words."))
    files.rewrite(me, files=stored, staging_dir=bench.settings.staging_dir, row_id=second)
    before, key = set(stored.keys("")), ask(me, partial(conversations.get, row_id=second)).conversation_id
    assert counted(REVISIONS) == [1]
    finish(delete(me, deletions.one, row_id=second).id, bench.settings)
    removed = {key.rpartition("/")[2] for key in before - set(stored.keys(""))}
    assert removed == {f"{key}.json", "1-1.json"}
    assert counted(REVISIONS, *HIDDEN) == [0, 0, 0]
    assert [row.id for row in bench.conversations(job_id)] == [first, third]
    assert bench.states(job_id) == ["completed"] * 3
    assert [call.raw_key is None for call in bench.calls(job_id)] == [False, True, False]
    assert unreferenced_files.find(stored).n == 0


def test_a_job_goes_with_its_conversations_and_leaves_nothing(bench: Bench) -> None:
    job_id, ids = made_by_a_job(bench)
    me, stored = bench.user, storage.from_settings(bench.settings)
    with db.session_scope(me, write=True) as session:
        review.decide(session, decision=Status.APPROVED, ids=[ids[0]])
    with pytest.raises(CountChanged, match="would delete 2 conversations, and 3"):
        delete(me, deletions.job, batch_job_id=job_id, with_conversations=True, n_confirmed=3)
    assert ask(me, listing.counts)["completed"] == 1, "nothing was hidden"  # type: ignore[index]
    made = delete(
        me, deletions.job, batch_job_id=job_id, with_conversations=True, n_confirmed=3, include_approved=True
    )
    assert (made.n_conversations, shown(me), ask(me, listing.page).items) == (3, [], [])
    for verb in (jobs.get, jobs.resume, jobs.cancel):
        with pytest.raises(NotFound), db.session_scope(me, write=True) as session:
            verb(session, batch_job_id=job_id)
    assert finish(made.id, bench.settings) == {"n": 3}
    assert counted(*OF_A_JOB, *HIDDEN) == [0] * 7
    assert list(stored.keys("")) == []


def test_approved_conversations_go_only_where_that_is_said(database: db.Database, user: db.User) -> None:
    job_id = generation.job(user)
    approved = generation.conversation(user, job_id=job_id, status="approved")
    generation.conversation(user, job_id=job_id, idx=1)
    of_job = Filter(batch_job_id=job_id)
    found = ask(user, partial(deletions.find, asked=of_job))
    assert (found.n, found.n_approved) == (2, 1)
    made = delete(user, deletions.job, batch_job_id=job_id, with_conversations=True, n_confirmed=1)
    assert shown(user) == [approved]
    undo(user, made.id)
    delete(user, deletions.filtered, asked=of_job, n_confirmed=1)
    assert shown(user) == [approved]
    with pytest.raises(NothingToDelete):
        delete(user, deletions.filtered, asked=of_job, n_confirmed=0)
    delete(user, deletions.filtered, asked=of_job, n_confirmed=1, include_approved=True)
    assert shown(user) == []


def test_a_filter_deletes_what_was_counted_or_nothing(
    database: db.Database, user: db.User, reviewer: db.User
) -> None:
    mine = generation.conversations(reviewer, 2, status="rejected")
    theirs = generation.conversation(user, idx=5, status="rejected")
    rejected = Filter(statuses=(Status.REJECTED,))
    assert ask(reviewer, partial(deletions.find, asked=rejected)).n == 2, "a reviewer deletes no other's"
    for n in (0, 1, 3, 10**9):
        with pytest.raises(CountChanged, match="confirm 2") as raised:
            delete(reviewer, deletions.filtered, asked=rejected, n_confirmed=n)
        assert raised.value.http_status == 409
    with pytest.raises(NothingToDelete):
        delete(user, deletions.filtered, asked=Filter(statuses=(Status.PENDING,)), n_confirmed=0)
    with pytest.raises(NotAllowed):
        delete(user, deletions.filtered, asked=Filter(owner="all"), n_confirmed=1)
    assert counted("tasks", *HIDDEN)[1:] == [0, 0]
    assert delete(reviewer, deletions.filtered, asked=rejected, n_confirmed=2).n_conversations == 2
    assert set(shown(reviewer)) == {theirs}
    assert counted("conversations") == [len(mine) + 1]


def test_named_ones_go_and_ids_that_are_gone_are_told(
    database: db.Database, user: db.User, reviewer: db.User
) -> None:
    first, second = generation.conversations(user, 2, status="approved")
    key = uuid4()
    with_key = generation.conversation(user, idx=4, conversation_id=key)
    gone = uuid4()
    made = delete(user, deletions.named, ids=[second, gone, second])
    assert (made.n_conversations, made.missing) == (1, [gone])
    with pytest.raises(NothingToDelete):
        delete(user, deletions.named, ids=[gone, second])
    with pytest.raises(TooManyNamed):
        delete(user, deletions.named, ids=[uuid4() for _ in range(1_001)])
    for verb, asked in ((deletions.named, {"ids": [first]}), (deletions.one, {"row_id": first})):
        with pytest.raises(OwnedByAnother):
            delete(reviewer, verb, **asked)
    with pytest.raises(BusinessKeyGiven, match=str(with_key)):
        delete(user, deletions.one, row_id=key)
    assert shown(user) == [with_key, first]


def test_it_can_not_be_undone_once_it_has_begun(small_bench: Bench) -> None:
    job_id, ids = made_by_a_job(small_bench)
    me = small_bench.user
    made = delete(me, deletions.named, ids=ids)
    assert ask(me, partial(deletions.can_undo, deletion_id=made.id))
    claim(made.id)
    assert not ask(me, partial(deletions.can_undo, deletion_id=made.id))
    with pytest.raises(TooLateToUndo) as raised:
        undo(me, made.id)
    assert raised.value.http_status == 409
    for unknown in (uuid4(), small_bench.job(job_id).task_id):
        with pytest.raises(NotFound):
            undo(me, unknown)


def test_its_task_waits_ten_seconds(database: db.Database, user: db.User) -> None:
    made = delete(user, deletions.one, row_id=generation.conversation(user))
    with db.session_scope(db.WORKER, write=True) as session:
        assert queue.claim(session, worker_id=uuid4(), lease_s=1.0, kinds=[deletions.KIND]) is None
        task = session.get_one(TaskRow, made.id)
        assert task.run_at is not None
        assert 9 < (task.run_at - task.created_at).total_seconds() < 11


def test_what_was_decided_by_who_saw_it_before_stays(small_bench: Bench) -> None:
    job_id, (first, second, _) = made_by_a_job(small_bench)
    made = delete(small_bench.user, deletions.named, ids=[first, second])
    with db.session_scope(db.WORKER, write=True) as session:  # a transaction that began before
        values = {"status": "approved", "row_version": ConversationRow.row_version + 1}
        session.execute(sa.update(ConversationRow).where(ConversationRow.id == first).values(values))
    before = set(storage.from_settings(small_bench.settings).keys("conversation-files/raw/"))
    assert finish(made.id, small_bench.settings) == {"n": 2}
    assert first in shown(small_bench.user)
    assert second not in [row.id for row in small_bench.conversations(job_id)]
    left = set(storage.from_settings(small_bench.settings).keys("conversation-files/raw/"))
    assert len(before - left) == 1


def test_an_attempt_that_died_is_gone_on_with_and_nothing_is_left(
    small_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, ids = made_by_a_job(small_bench, 5)
    stored = storage.from_settings(small_bench.settings)
    made = delete(small_bench.user, deletions.named, ids=ids)
    monkeypatch.setattr("core.generation.deletions.work.N_AT_ONCE", 2)
    draining = Told()
    draining.drain.set()
    assert isinstance(finish(made.id, small_bench.settings, draining), queue.GoOnLater)
    assert counted("conversations") == [3]
    stored.delete(next(key for key in stored.keys("conversation-files/") if "raw" not in key))
    claim(made.id)  # an attempt that removes a file and is killed
    assert finish(made.id, small_bench.settings) == {"n": 3}
    assert counted("conversations", *HIDDEN) == [0, 0, 0]
    assert list(stored.keys("conversation-files/")) == []


def test_while_storage_is_away_it_waits_and_stays_hidden(small_bench: Bench) -> None:
    _, ids = made_by_a_job(small_bench)
    made = delete(small_bench.user, deletions.named, ids=ids)
    with without_storage(small_bench.settings):
        ended = finish(made.id, small_bench.settings)
    assert isinstance(ended, queue.GoOnLater) and ended.delay_s > 0
    assert (shown(small_bench.user), counted("conversations")) == ([], [3])
    with pytest.raises(TooLateToUndo):
        undo(small_bench.user, made.id)
    finish(made.id, small_bench.settings)
    assert counted("conversations") == [0]


def test_a_job_that_runs_or_has_cost_money_today_is_not_deleted(
    database: db.Database, user: db.User, settings: Settings
) -> None:
    running = generation.job(user, status="processing")
    with pytest.raises(Conflict, match="processing"):
        delete(user, deletions.job, batch_job_id=running)
    theirs = generation.job(user)
    with pytest.raises(NotFound):
        delete(db.User(uuid4(), "Nobody"), deletions.job, batch_job_id=theirs)
    paused = generation.job(user, status="paused")
    made = delete(user, deletions.job, batch_job_id=paused)
    finish(made.id, settings)
    with pytest.raises(NotFound):
        ask(user, partial(jobs.get, batch_job_id=paused))
