"""One item at a time, and a job started twice: by programs that ask at the same moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from core import db, queue
from core.generation.jobs import listing
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys
from tests.batches import Bench, template
from tests.faults.batch_invariant import wrongs
from tests.servers.claude import ClaudeServer

KEY = {"Idempotency-Key": "the only start"}


@pytest.fixture
def claude() -> Iterator[ClaudeServer]:
    with ClaudeServer(latency_s=0.2) as server:
        yield server


@pytest.fixture
def settings(settings: Settings, claude: ClaudeServer) -> Settings:
    """A process that takes no task by itself, with a key."""
    given = {"anthropic_api_key": "sk-ant-only-for-this-test", "anthropic_base_url": claude.url}
    return type(settings)(**{**settings.model_dump(), **given})


@pytest.fixture
def here(settings: Settings, me: db.User) -> Iterator[None]:
    """This process does work when asked."""
    del me
    with journeys.running(settings, slots=0) as runner:
        queue.local_runner.serve(runner.run_now)
        try:
            yield
        finally:
            queue.local_runner.serve(None)


def test_of_two_clicks_at_once_one_does_an_item_and_the_other_is_refused(
    client: httpx.Client,
    me: db.User,
    settings: Settings,
    storage: LocalStorage,
    claude: ClaudeServer,
    here: None,
) -> None:
    bench = Bench(settings, me)
    with db.as_worker():
        job_id = bench.create(2)
    path = f"/api/batch-jobs/{job_id}/process-next"
    first, second = _at_once(lambda: client.post(path), n=2)
    assert sorted((first.status_code, second.status_code)) == [200, 409]
    done = next(one.json() for one in (first, second) if one.status_code == 200)
    assert (done["item"]["state"], done["remaining_items"], done["progress"]) == ("completed", 1, 0.5)
    last = client.post(path).json()
    assert (last["remaining_items"], last["progress"]) == (0, 1.0)
    assert client.get(f"/api/batch-jobs/{job_id}").json()["status"] == "completed"
    none_left = client.post(path)
    assert (none_left.status_code, none_left.json()["item"]) == (200, None)
    assert len(claude.asked) == 2
    with db.as_worker():
        assert wrongs(job_id, storage=storage) == []


def test_a_start_clicked_twice_with_its_key_makes_one_job(client: httpx.Client, me: db.User) -> None:
    with db.as_worker():
        wanted = {
            "name": "Talks", "template_id": str(template()), "max_cost_usd": 1,
            "parameters": {"rows": [{"topic": f"topic {n}"} for n in range(50)]},
        }  # fmt: skip
    answers = _at_once(lambda: client.post("/api/batch-jobs", json=wanted, headers=KEY), n=4)
    told = Counter(answer.status_code for answer in answers)
    assert told[202] >= 1
    assert told[202] + told[409] == 4, [answer.text for answer in answers]
    again = client.post("/api/batch-jobs", json=wanted, headers=KEY)
    made = {answer.json()["id"] for answer in (*answers, again) if answer.status_code == 202}
    listed = journeys.ask(me, lambda session: listing.page(session)).items
    assert {str(job.id) for job in listed} == made
    assert len(made) == 1


def _at_once(ask: Any, *, n: int) -> list[httpx.Response]:
    with ThreadPoolExecutor(n) as threads:
        return [asked.result() for asked in [threads.submit(ask) for _ in range(n)]]
