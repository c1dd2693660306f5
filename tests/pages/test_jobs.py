"""The list of batch jobs, opened by its own link."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from core import db
from core.generation.jobs import jobs
from core.settings import Settings
from core.ui.jobs import filters, live_list
from tests.batches import Bench, template
from tests.pages.conftest import attempt, texts

OpenPage = Callable[..., AppTest]


@pytest.fixture
def bench(reader: db.User, settings: Settings) -> Bench:
    """The reader's jobs are written by the offline generator."""
    return Bench(settings, reader)


def job(bench: Bench, name: str = "Talks", **wanted: object) -> UUID:
    return bench.create(2, max_cost_usd=None, name=name, **wanted)


def test_an_empty_list_teaches_the_next_step(open_page: OpenPage) -> None:
    app = open_page("jobs.py")
    assert "No batch jobs yet" in texts(app)
    app.button(key="first_batch").click().run()
    assert app.title[0].value == "Generator"


def test_a_job_stands_in_the_list_with_its_counts(open_page: OpenPage, bench: Bench) -> None:
    attempt(bench, job(bench, "March"))
    job(bench, "April")
    app = open_page("jobs.py")
    assert "Talk v1 · offline" in texts(app).replace("\\", "")
    assert _numbers(app) == {
        "All": 2, "Queued": 1, "Processing": 0, "Paused": 0, "Completed": 1, "Failed": 0, "Cancelled": 0,
    }  # fmt: skip
    assert _names(app) == ["April", "March"]


def test_filters_are_read_from_the_address_and_can_be_cleared(open_page: OpenPage, bench: Bench) -> None:
    job(bench, "March")
    app = open_page("jobs.py", status="failed", search="Apr")
    assert "No matching batch jobs" in texts(app)
    app.button(key="clear_filters").click().run()
    assert _names(app) == ["March"]
    assert not {"status", "search"} & set(app.query_params)


def test_a_search_without_end_finds_nothing(open_page: OpenPage, bench: Bench) -> None:
    job(bench)
    app = open_page("jobs.py", search="\0" + "x" * 9_000)
    assert not app.exception
    assert "No matching batch jobs" in texts(app)


def test_older_jobs_are_a_link_away_and_the_way_back_too(open_page: OpenPage, bench: Bench) -> None:
    template_id = template()
    for n in range(filters.PER_PAGE + 1):
        job(bench, f"Job {n}", template_id=template_id)
    app = open_page("jobs.py")
    assert len(_names(app)) == filters.PER_PAGE
    assert "20 of 21\u00a0batch jobs" in texts(app)
    (older,) = (link for link in app.get("page_link") if link.proto.label == "Older")
    cursor = older.proto.query_string.partition("after=")[2]
    app = open_page("jobs.py", after=cursor)
    assert _names(app) == ["Job 0"]
    assert [link for link in app.get("page_link") if link.proto.label == "Newest"]


def test_a_cursor_that_is_none_is_said_in_place(open_page: OpenPage, bench: Bench) -> None:
    job(bench)
    app = open_page("jobs.py", after="nonsense")
    assert not app.exception
    assert "This part of the list doesn't exist" in app.error[0].value


def test_without_a_worker_the_next_one_is_done_by_hand(
    open_page: OpenPage, bench: Bench, done_by_hand: list[UUID]
) -> None:
    job_id = job(bench)
    app = open_page("jobs.py")
    assert "**No worker is running.** :gray[· 1\u00a0batch job waiting]" in texts(app)
    app.button(key="next_by_hand").click().run()
    assert done_by_hand == [bench.job(job_id).task_id]


def test_the_list_looks_again_seldom_once_nothing_is_pending(
    open_page: OpenPage, bench: Bench, reader: db.User, intervals: list[float | None]
) -> None:
    job_id = job(bench)
    app = open_page("jobs.py")
    assert intervals == [live_list.MOVING_S]
    with db.session_scope(reader, write=True) as session:
        jobs.cancel(session, batch_job_id=job_id)
    app.run()
    assert intervals[-1] == live_list.SETTLED_S


def _names(app: AppTest) -> list[str]:
    """What the rows lead to."""
    labels = [link.proto.label for link in app.get("page_link")]
    return [label.strip("*").replace("\\", "") for label in labels if label.startswith("**")]


def _numbers(app: AppTest) -> dict[str, int]:
    """What is drawn beside each pill."""
    styles = "".join(element.proto.body for element in app.get("html"))
    drawn = re.findall(r'nth-of-type\((\d)\) p::after { content: " (\d+)"; }', styles)
    return {app.pills(key="jobs_status").options[int(place) - 1]: int(number) for place, number in drawn}
