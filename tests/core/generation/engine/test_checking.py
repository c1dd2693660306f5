"""The conversations of a job come with their score and findings, in the transaction that keeps them."""

from __future__ import annotations

import json

from core import db
from core.generation.jobs import by_hand
from core.generation.quality.duplicates import signature
from core.generation.quality.findings import Code, from_json
from tests import generation
from tests.batches import Bench, template
from tests.servers.claude import Answer, ClaudeServer, message

SAID = generation.talk(
    "My parcel has not arrived, and I ordered it two weeks ago for a birthday on Friday.",
    "I see that it left the depot this morning, so it comes tomorrow before noon at the latest.",
)
NEARLY = [SAID[0], {"role": "assistant", "content": SAID[1]["content"].replace("noon", "lunch")}]
OTHER = generation.talk(
    "How do I export a picture?", "Open the menu and write to jo@acme-mail.de for {{ topic }}."
)


def reply(said: list[dict[str, str]]) -> Answer:
    return Answer(body=message(json.dumps({"messages": said})))


def test_each_has_its_score_and_what_is_like_another_says_so(bench: Bench, claude: ClaudeServer) -> None:
    claude.next.extend(reply(one) for one in (SAID, OTHER, NEARLY))
    job_id = bench.create(3, template_id=template(), concurrency=1)
    assert bench.attempt(job_id).status == "completed"
    first, second, third = bench.conversations(job_id)
    assert [one.code for one in from_json(first.findings)] == []
    assert [one.code for one in from_json(second.findings)] == [Code.EMAIL, Code.PLACEHOLDER]
    assert [(one.code, one.detail) for one in from_json(third.findings)] == [
        (Code.NEAR_DUPLICATE_IN_JOB, str(first.id))
    ]
    assert [one.score for one in (first, second, third)] == [100, 25, 50]


def test_a_later_attempt_and_another_job_know_what_was_there(
    bench: Bench, claude: ClaudeServer, stranger: db.User
) -> None:
    generation.conversation(stranger, said=OTHER, minhash=signature(OTHER), status="approved")
    claude.next.extend(reply(one) for one in (SAID, NEARLY, OTHER))
    job_id = bench.create(3, concurrency=1)
    with db.session_scope(bench.user, write=True) as session:
        by_hand.begin(session, batch_job_id=job_id)
    assert bench.attempt(job_id).status == "queued"
    assert bench.states(job_id) == ["completed", "queued", "queued"]
    assert bench.attempt(job_id).status == "completed"
    codes = [
        [(one.code, one.detail) for one in from_json(row.findings)] for row in bench.conversations(job_id)
    ]
    first = bench.conversations(job_id)[0].id
    assert codes[1] == [(Code.NEAR_DUPLICATE_IN_JOB, str(first))]
    assert (Code.NEAR_DUPLICATE_APPROVED, "") in codes[2]
