"""One attempt at a job after another, against a server that answers as it is told."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from core import db, queue, storage
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.db.types import now_plus
from core.errors import Conflict
from core.generation.deletions import deletions
from core.generation.engine.requests import replies
from core.generation.engine.requests.conversations import business_key
from core.generation.jobs import by_hand, jobs, progress
from core.settings import Settings
from tests.batches import NANO, Bench, Told
from tests.core.generation.deletions.carried_out import delete, finish
from tests.servers.claude import TALK, Answer, ClaudeServer, message, refusal

REFUSAL = Answer(body=message("", stop_reason="refusal"))


def test_every_item_becomes_a_conversation_and_the_job_is_completed(
    bench: Bench, claude: ClaudeServer
) -> None:
    job_id = bench.create(5)
    job = bench.attempt(job_id)
    assert (job.status, bench.states(job_id)) == ("completed", ["completed"] * 5)
    made = bench.conversations(job_id)
    assert [one.id for one in made] == [item.conversation_id for item in bench.items(job_id)]
    assert [one.conversation_id for one in made] == [business_key(job_id, idx, 1) for idx in range(5)]
    assert {(one.status, one.is_offline, one.row_version) for one in made} == {("pending", False, 1)}
    assert len(claude.asked) == 5


def test_the_reply_and_the_conversation_are_stored_under_their_keys(small_bench: Bench) -> None:
    job_id = small_bench.create(2)
    small_bench.attempt(job_id)
    files = storage.from_settings(small_bench.settings)
    raw = sorted(files.keys(f"conversation-files/raw/{job_id}/"))
    assert raw == [f"conversation-files/raw/{job_id}/{idx}-1.json" for idx in range(2)]
    made = small_bench.conversations(job_id)[0]
    with files.open(f"conversation-files/{made.conversation_id}.json") as stream:
        stored = json.load(stream)
    assert stored["messages"] == TALK["messages"]
    with files.open(f"batch-logs/{job_id}/log.txt") as stream:
        log = stream.read().decode()
    assert "completed" in log
    assert "topic 0" not in log


def test_what_each_reply_cost_is_kept(small_bench: Bench) -> None:
    job_id = small_bench.create(2)
    small_bench.attempt(job_id)
    calls = small_bench.calls(job_id)
    assert [(call.status, call.n_input, call.n_output) for call in calls] == [(200, 120, 90)] * 2
    assert [call.cost for call in calls] == [
        120 * 100 + 90 * 500
    ] * 2  # nano-dollars at 0.10 and 0.50 a million


def test_without_a_key_the_offline_generator_writes_and_says_so(
    sqlite_database: db.Database, settings: Settings, user: db.User
) -> None:
    bench = Bench(settings, user)
    job_id = bench.create(4, max_cost_usd=None)
    job = bench.attempt(job_id)
    assert (job.status, job.provider) == ("completed", "offline")
    assert {one.is_offline for one in bench.conversations(job_id)} == {True}
    assert sum(call.cost for call in bench.calls(job_id)) == 0


def test_a_refusal_to_slow_down_counts_against_nobody(small_bench: Bench, claude: ClaudeServer) -> None:
    claude.next.extend(Answer(429, refusal("rate_limit_error"), {"retry-after-ms": "10"}) for _ in range(8))
    job_id = small_bench.create(2, concurrency=1)
    job = small_bench.attempt(job_id)
    assert (job.status, small_bench.states(job_id)) == ("completed", ["completed"] * 2)
    assert [item.n_failed for item in small_bench.items(job_id)] == [0, 0]
    assert sum(call.status == 429 for call in small_bench.calls(job_id)) == 8


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(401, refusal("authentication_error")), "llm_key_refused"),
        (Answer(403, refusal("permission_error")), "llm_key_refused"),
        (Answer(402, refusal("billing_error")), "llm_key_refused"),
    ],
)
def test_a_refused_key_pauses_the_job_and_every_other_of_that_key(
    small_bench: Bench, claude: ClaudeServer, answer: Answer, code: str
) -> None:
    first, waiting = small_bench.create(3), small_bench.create(2)
    claude.always = answer
    job = small_bench.attempt(first)
    assert job.status == "paused"
    assert job.reason is not None
    assert job.reason["code"] == code
    assert small_bench.states(first) == ["queued"] * 3
    other = small_bench.job(waiting)
    assert (other.status, (other.reason or {}).get("code")) == ("paused", code)

    claude.always = None
    for job_id in (first, waiting):
        with db.session_scope(small_bench.user, write=True) as session:
            jobs.resume(session, batch_job_id=job_id)
        assert small_bench.attempt(job_id).status == "completed"


def test_a_running_job_of_a_refused_key_pauses_when_it_next_looks(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    del claude
    job_id = small_bench.create(3)
    reason = queue.Reason("llm_key_refused", "The key is refused.")
    with db.session_scope(db.WORKER, write=True) as session:
        wanted = {"requested_status": "paused", "reason": reason.to_json()}
        session.execute(sa.update(BatchJobRow).where(BatchJobRow.id == job_id).values(**wanted))
    job = small_bench.attempt(job_id)
    assert (job.status, job.reason and job.reason["message"]) == ("paused", "The key is refused.")


def test_a_request_that_is_refused_fails_its_item_alone(small_bench: Bench, claude: ClaudeServer) -> None:
    claude.next.extend([Answer(), Answer(400, refusal("invalid_request_error", "Too long."))])
    job_id = small_bench.create(3, concurrency=1)
    job = small_bench.attempt(job_id)
    assert (job.status, small_bench.states(job_id)) == ("completed", ["completed", "failed", "completed"])
    error = small_bench.items(job_id)[1].error
    assert error is not None
    assert error["code"] == "llm_request_refused"


def test_five_requests_refused_alike_at_the_start_pause_the_job(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    claude.always = Answer(404, refusal("not_found_error", "model: unknown"))
    job_id = small_bench.create(9, concurrency=1)
    job = small_bench.attempt(job_id)
    assert (job.status, (job.reason or {})["code"]) == ("paused", "all_refused")
    assert small_bench.states(job_id) == ["failed"] * 5 + ["queued"] * 4


def test_a_refusal_of_the_model_fails_the_item_in_the_providers_words(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    body = message("", stop_reason="refusal")
    body["stop_details"] = {"category": "frontier_llm", "explanation": "Not for training."}
    claude.next.extend([Answer(body=body)])
    job_id = small_bench.create(2, concurrency=1)
    assert small_bench.attempt(job_id).status == "completed"
    item = small_bench.items(job_id)[0]
    assert (item.state, item.n_asked) == ("failed", 1)
    assert "frontier_llm: Not for training." in (item.error or {})["message"]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (message(""), "empty"),
        (message("Of course! Here it is."), "no valid JSON"),
        (message('{"messages": []}'), "there are 0"),
        (
            message(
                '{"messages": [{"role": "assistant", "content": "Hi"}, {"role": "user", "content": "Yo"}]}'
            ),
            "turn",
        ),
        (message(json.dumps(TALK)[:-9], stop_reason="max_tokens"), "cut off"),
        (message("[" * 100_000), "nested"),
        (message('{"messages": %s}' % ("1" * 5_000)), "endless number"),
        (message("```" + "\n" * 20_000 + "!"), "no valid JSON"),
        (b'{"type": "message", "content": 7}', "no message"),
    ],
)
def test_a_useless_reply_is_asked_for_twice_more_and_then_fails_with_the_place(
    small_bench: Bench, claude: ClaudeServer, bad: object, told: str
) -> None:
    claude.next.extend(Answer(body=bad) for _ in range(3))
    job_id = small_bench.create(1)
    job = small_bench.attempt(job_id)
    item = small_bench.items(job_id)[0]
    assert (job.status, item.state, item.n_asked, item.n_bad) == ("failed", "failed", 3, 3)
    assert told in (item.error or {})["message"]
    assert [call.status for call in small_bench.calls(job_id)] == [200] * 3
    assert all(call.cost > 0 for call in small_bench.calls(job_id))  # it was paid for, useless or not


@pytest.mark.parametrize("fence", ["```", "```json", " ```JSON \n"])
def test_a_reply_that_is_fenced_as_code_is_read(fence: str) -> None:
    assert replies.messages(f"\n{fence}\n{json.dumps(TALK)}\n ```\n") == TALK["messages"]


def test_what_a_server_calls_itself_is_kept_as_far_as_a_database_takes_it(
    bench: Bench, claude: ClaudeServer
) -> None:
    odd = message(stop_reason="end\0turn") | {"model": "x\0\ud800" * 100}
    claude.next.append(Answer(body=odd))
    job_id = bench.create(1)
    assert bench.attempt(job_id).status == "completed"
    (call,), (made,) = bench.calls(job_id), bench.conversations(job_id)
    assert (call.stop_reason, made.model) == ("end\ufffdturn", "x\ufffd?" * 33 + "x")


def test_a_useless_reply_and_then_a_good_one_completes_the_item(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    claude.next.append(Answer(body=message("nothing")))
    job_id = small_bench.create(1)
    assert small_bench.attempt(job_id).status == "completed"
    assert [call.raw_key for call in small_bench.calls(job_id)] == [
        f"conversation-files/raw/{job_id}/0-{n}.json" for n in (1, 2)
    ]


def test_a_cap_is_never_passed_and_a_higher_one_lets_it_go_on(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    # One item may cost $0.0003 at worst (500 tokens of output at $0.50 a million, and its input), and costs $0.000057.
    job_id = small_bench.create(20, concurrency=4, max_tokens=500, max_cost_usd=0.001)
    job = small_bench.attempt(job_id)
    with db.session_scope(small_bench.user) as session:
        found = progress.of(session, batch_job_id=job_id)
    assert (job.status, (job.reason or {})["code"]) == ("paused", "cap_reached")
    assert 0 < found.completed < 20
    assert found.cost <= 0.001 * NANO
    assert found.queued == 20 - found.completed
    assert len(claude.asked) == found.completed

    with db.session_scope(small_bench.user, write=True) as session:
        jobs.resume(session, batch_job_id=job_id, max_cost=NANO)
    assert small_bench.attempt(job_id).status == "completed"


def test_the_cap_of_the_day_holds_for_all_jobs_together(small_bench: Bench) -> None:
    bench = Bench(small_bench.settings.model_copy(update={"max_cost_usd_per_day": 0.001}), small_bench.user)
    first, second = (bench.create(30, concurrency=4, max_tokens=500) for _ in range(2))
    jobs_then = bench.attempt(first), bench.attempt(second)
    spent = sum(call.cost for job_id in (first, second) for call in bench.calls(job_id))
    assert spent <= 0.001 * NANO
    assert [(job.reason or {}).get("code") for job in jobs_then] == ["daily_cap_reached"] * 2


def test_a_job_that_cost_money_today_stays_until_tomorrow_and_a_free_one_goes(
    small_bench: Bench, settings: Settings
) -> None:
    paid, free = small_bench.create(1), Bench(settings, small_bench.user).create(1, max_cost_usd=None)
    small_bench.attempt(paid)
    Bench(settings, small_bench.user).attempt(free)
    me = small_bench.user
    with pytest.raises(Conflict, match="today's spending"):
        delete(me, deletions.job, batch_job_id=paid)
    finish(delete(me, deletions.job, batch_job_id=free).id, settings)
    files = storage.from_settings(settings)
    assert list(files.keys(f"conversation-files/raw/{free}/")) == []
    assert list(files.keys(f"batch-logs/{free}/")) == []
    assert list(files.keys(f"conversation-files/raw/{paid}/")) != []
    assert small_bench.items(free) == []


def test_a_pilot_pauses_after_its_items(small_bench: Bench) -> None:
    job_id = small_bench.create(12, pilot=True)
    job = small_bench.attempt(job_id)
    assert (job.status, (job.reason or {})["code"]) == ("paused", "pilot_done")
    assert small_bench.states(job_id).count("completed") == 5


def test_by_hand_exactly_one_item_is_done_and_the_last_completes_the_job(small_bench: Bench) -> None:
    job_id = small_bench.create(2)
    for n_left in (1, 0):
        with db.session_scope(small_bench.user, write=True) as session:
            begun = by_hand.begin(session, batch_job_id=job_id)
        job = small_bench.attempt(job_id)
        assert small_bench.states(job_id).count("queued") == n_left
        assert not job.by_hand
        with db.session_scope(small_bench.user) as session:
            done = by_hand.outcome(session, begun)
        assert done is not None
        assert done.conversation is not None
    assert job.status == "completed"


def test_a_click_whose_process_died_does_not_keep_others_from_the_job(bench: Bench) -> None:
    job_id = bench.create(2)
    this = BatchJobRow.id == job_id
    for left in ("not begun", "before the clock was set back", "begun"):
        with db.session_scope(bench.user, write=True) as session:
            by_hand.begin(session, batch_job_id=job_id)
        with pytest.raises(Conflict), db.session_scope(bench.user, write=True) as session:
            by_hand.begin(session, batch_job_id=job_id)
        with db.session_scope(db.WORKER, write=True) as session:
            if left != "begun":
                clicked_at = now_plus(-by_hand.GIVEN_UP_S - 1 if left == "not begun" else 7_200)
                session.execute(sa.update(BatchJobRow).where(this).values(updated_at=clicked_at))
                continue
            task_id = session.get_one(BatchJobRow, job_id).task_id
            queue.claim_one(session, task_id=task_id, worker_id=uuid4(), lease_s=-1.0)
    with db.session_scope(bench.user, write=True) as session:
        assert by_hand.begin(session, batch_job_id=job_id).task_id == task_id
    bench.attempt(job_id)
    assert sorted(bench.states(job_id)) == ["completed", "queued"]


def test_a_cancel_ends_the_job_and_what_waits_is_cancelled(small_bench: Bench) -> None:
    job_id = small_bench.create(3)
    told = Told()
    told.stop.set()
    job = small_bench.attempt(job_id, told)
    assert (job.status, set(small_bench.states(job_id)) - {"completed"}) == ("cancelled", {"cancelled"})


def test_a_drain_hands_the_job_back_and_the_next_attempt_completes_it(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    claude.always = Answer(delay_s=0.2)
    job_id = small_bench.create(6, concurrency=2)
    told = Told()
    told.drain.set()
    assert small_bench.attempt(job_id, told).status == "queued"
    assert "processing" not in small_bench.states(job_id)
    assert small_bench.attempt(job_id).status == "completed"
    assert len(claude.asked) == 6


def test_a_job_of_another_provider_pauses_and_says_so(small_bench: Bench, settings: Settings) -> None:
    job_id = small_bench.create(2)
    offline = Bench(settings, small_bench.user)
    job = offline.attempt(job_id)
    assert (job.status, (job.reason or {})["code"]) == ("paused", "provider_changed")


def test_what_was_asked_when_the_worker_died_is_asked_again_and_counted(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    job_id = small_bench.create(3)
    _interrupt(small_bench, job_id, idxs=(0, 1))
    job = small_bench.attempt(job_id)
    assert job.status == "completed"
    lost = [call for call in small_bench.calls(job_id) if call.is_repeated]
    assert [(call.item_idx, call.n, call.code) for call in lost] == [(0, 1, "lost"), (1, 1, "lost")]
    assert all(call.cost > 0 for call in lost)
    assert len(claude.asked) == 3


def test_a_reply_that_was_stored_before_the_worker_died_is_not_asked_for_again(
    small_bench: Bench, claude: ClaudeServer
) -> None:
    job_id = small_bench.create(2)
    _interrupt(small_bench, job_id, idxs=(0, 1))
    files = storage.from_settings(small_bench.settings)
    with storage.stage(small_bench.settings.staging_dir) as staged:
        staged.write(json.dumps(message()).encode())
        staged.close()
        files.put(f"conversation-files/raw/{job_id}/0-1.json", staged.path)
    assert small_bench.attempt(job_id).status == "completed"
    assert len(claude.asked) == 1
    assert [call.is_repeated for call in small_bench.calls(job_id)] == [False, True, False]


def _interrupt(bench: Bench, job_id: UUID, *, idxs: tuple[int, ...]) -> None:
    """As a worker leaves it that is killed while these are asked."""
    bench.claim(job_id)
    from core.db.tables.generation.batch_jobs import BatchItemRow

    with db.session_scope(db.WORKER, write=True) as session:
        these = BatchItemRow.batch_job_id == job_id, BatchItemRow.idx.in_(idxs)
        session.execute(sa.update(BatchItemRow).where(*these).values(state="processing", n_asked=1))
