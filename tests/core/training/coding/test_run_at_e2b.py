"""Code by Claude that runs at E2B: each round in a sandbox of its own, in the emulator of both."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
import sqlalchemy as sa

from core import db, queue, sandboxes
from core.db.tables.tasks import TaskRow
from core.db.tables.training_jobs import TrainingJobRow
from core.db.types import now_plus
from core.queue import TaskState
from core.sandboxes.e2b.backend import E2BBackend
from core.training.coding.writing import Written
from core.training.deployments import rounds as kept_alive
from core.training.runs import provisioning, work
from tests.core.training.at_e2b import remote
from tests.core.training.coding.conftest import KEY, PREDICT, TRAIN, files, said, with_claude
from tests.core.training.coding.test_writing import BROKEN, MOST_EVENTS, Killed
from tests.core.training.runs.test_work import lines
from tests.servers.claude import ClaudeServer
from tests.servers.e2b import E2BServer
from tests.servers.site import Site
from tests.trainings import Bench, ToldJob

__all__ = ["remote"]
SLOWLY = """
import time
for n in range(10):
    print("step", n, flush=True)
    time.sleep(0.1)
"""


@pytest.fixture
def there(remote: Bench, claude: ClaudeServer) -> Bench:
    """With the keys of both."""
    return with_claude(remote, claude)


def codes(e2b: E2BServer, training_job_id: UUID) -> list[str]:
    """By what the code of each sandbox that was asked for is told from others, in order."""
    made = [one.body["metadata"] for one in e2b.asked if (one.method, one.path) == ("POST", "/v2/sandboxes")]
    assert {one["training_job"] for one in made} == {str(training_job_id)}
    return [one["code"] for one in made]


def key(train: str) -> str:
    return Written(train, PREDICT, "claude").key


def test_code_is_mended_in_another_sandbox_even_where_the_first_one_could_not_be_ended(
    there: Bench, claude: ClaudeServer, e2b: E2BServer
) -> None:
    claude.next.extend((said(files(train=BROKEN)), said(files())))
    training_job_id = there.trigger()

    def refuse_its_end() -> bool:
        is_first = len(claude.asked) == 1 and not e2b.faults.next
        if is_first and there.job(training_job_id).status == "training":
            e2b.faults.next.append((f"/sandboxes/{e2b.machines.all()[0].id}", 503))
        return False

    job = there.attempt(training_job_id, told=ToldJob(stop=refuse_its_end))
    assert job.status == "succeeded", job.reason
    assert (job.code_source, job.backend) == ("claude", "e2b")
    assert there.events(job.id) == [*MOST_EVENTS, "collecting", "succeeded"]
    again = claude.asked[1].body["messages"][0]["content"]
    assert "ValueError: could not convert" in again.partition("<printed>")[2]
    assert KEY not in json.dumps([str(one.body) for one in e2b.asked])
    first, second = codes(e2b, job.id)
    assert (first, second) == (key(BROKEN), key(TRAIN))
    [left] = e2b.machines.all()
    assert left.wanted["metadata"]["code"] == first
    assert left.id != job.sandbox_ref
    backend = sandboxes.configured(there.settings)
    assert isinstance(backend, E2BBackend)
    assert kept_alive.Rounds(backend).look() == 1
    assert e2b.machines.all() == []


def test_whoever_takes_over_finds_the_sandbox_of_the_code_that_was_mended(
    there: Bench, claude: ClaudeServer, e2b: E2BServer
) -> None:
    claude.next.extend((said(files(train=BROKEN)), said(files(train=SLOWLY + TRAIN))))
    training_job_id = there.trigger()
    first, others = there.claim(training_job_id), list[queue.Task]()

    def is_taken_over() -> bool:
        if not others and any(line.startswith("step") for line in lines(there, training_job_id)):
            with db.session_scope(db.WORKER, write=True) as session:
                session.execute(sa.update(TaskRow).values(lease_until=now_plus(-100)))
            others.append(there.claim(training_job_id))
        return False

    with pytest.raises(queue.LeaseLost):
        work.work(first, ToldJob(stop=is_taken_over), config=there.settings)
    [machine] = e2b.machines.all()
    result = work.work(others[0], ToldJob(), config=there.settings)
    there.settle(others[0], TaskState.SUCCEEDED, result=result)
    job = there.job(training_job_id)
    assert (job.status, job.sandbox_ref) == ("succeeded", machine.id)
    assert ("provisioning", provisioning.FOUND) in there.messages(training_job_id)
    assert codes(e2b, training_job_id) == [key(BROKEN), key(SLOWLY + TRAIN)]
    assert (len(claude.asked), e2b.machines.all()) == (2, [])


def test_one_that_is_killed_while_claude_mends_is_taken_over_and_no_sandbox_stays(
    there: Bench, claude: ClaudeServer, e2b: E2BServer
) -> None:
    claude.next.append(said(files(train=BROKEN)))
    training_job_id = there.trigger()

    def kill() -> bool:
        if len(claude.asked) == 2:
            raise Killed
        if there.job(training_job_id).status == "training":
            claude.hold()
        return False

    with pytest.raises(Killed):
        there.attempt(training_job_id, told=ToldJob(stop=kill))
    claude.go_on()
    there.abandon(training_job_id)
    claude.next.append(said(files()))
    job = there.attempt(training_job_id)
    assert (job.status, job.code_source) == ("succeeded", "claude"), job.reason
    assert codes(e2b, job.id) == [key(BROKEN), key(BROKEN), key(TRAIN)]
    assert e2b.machines.all() == []
    there.agree()


def test_lost_contact_leaves_what_else_there_is_to_know(
    there: Bench, claude: ClaudeServer, e2b: E2BServer
) -> None:
    claude.next.append(said(files(train=SLOWLY + TRAIN)))
    seen = list[TrainingJobRow]()

    def go_away_and_come_back() -> bool:
        job = there.job(training_job_id)
        if not seen and any(line.startswith("step") for line in lines(there, training_job_id)):
            seen.append(job)
            e2b.vanish()
        elif len(seen) == 1 and job.unreachable_since is not None:
            seen.append(job)
            e2b.come_back()
        return False

    with Site() as site:
        training_job_id = there.trigger(resources=("http://private.example/",))
        job = there.attempt(training_job_id, told=ToldJob(stop=go_away_and_come_back), web=site.web())
    assert job.status == "succeeded", job.reason
    assert [len(one.warnings) for one in seen] == [1, 2]
    page, contact = job.warnings
    assert page.startswith("http://private.example/ was not read")
    assert contact.startswith("No contact with the sandbox since")
