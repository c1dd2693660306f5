"""Review by keyboard in a real browser: decide, take back, go through, edit; and words that stay words."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from core import access, db
from core.generation.quality.findings import Finding
from tests import generation
from tests.journeys import embedded
from tests.servers import app as servers
from tests.servers.app import App

HOSTILE = (
    "<b>bold</b> **stars** [link](https://evil.example) ![x](https://evil.example/x.png) :red[red] $$x^2$$"
)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """The product without a worker."""
    with servers.running(tmp_path, WORKERS="0") as started:
        yield started


@pytest.fixture
def waiting(app: App) -> Iterator[Sequence[UUID]]:
    """Three conversations that wait, the last one's words hostile."""
    database = db.connect(embedded(app.data_dir).database)
    me = access.local_user()
    job_id = generation.job(me, name="Support talks")
    ids = [*generation.conversations(me, 2, job_id=job_id)]
    last = generation.conversation(
        me, job_id=job_id, idx=2, said=generation.talk(HOSTILE, f"{HOSTILE}\n\n  so.")
    )
    yield [*ids, last]
    database.dispose()


def press(page: Page, key: str) -> None:
    """A key, once the page is whole: before its buttons are drawn, nothing listens."""
    page.locator("[data-test-script-state=notRunning]").wait_for()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.keyboard.press(key)


def test_a_reviewer_needs_no_mouse(app: App, page: Page, waiting: Sequence[UUID]) -> None:
    page.goto(f"{app.url}/review")
    chat, bar = page.locator(".st-key-chat"), page.locator(".st-key-review_bar")
    expect(chat).to_contain_text("Question 1?")
    expect(bar).to_contain_text("1 of 3 waiting")

    press(page, "a")
    expect(chat).to_contain_text("Question 2?")
    expect(bar).to_contain_text("1 of 2 waiting")
    press(page, "u")
    expect(chat).to_contain_text("Question 1?")
    expect(bar).to_contain_text("1 of 3 waiting")
    press(page, "ArrowRight")
    expect(chat).to_contain_text("Question 2?")
    press(page, "ArrowLeft")
    expect(chat).to_contain_text("Question 1?")

    page.get_by_label("Reason").fill("axe")  # the letters are written and decide nothing
    page.keyboard.press("Tab")
    press(page, "x")
    expect(chat).to_contain_text("Question 2?")
    expect(page).to_have_url(re.compile(rf"id={waiting[1]}"))

    press(page, "e")
    answer = page.get_by_label("2. Assistant")
    expect(answer).to_have_value("Answer 2.")
    answer.fill("A better answer.")
    page.get_by_role("button", name="Save").click()
    expect(chat).to_contain_text("A better answer.")

    page.locator("[data-test-script-state=notRunning]").wait_for()
    page.get_by_role("button", name="Approve").dblclick()
    expect(bar).to_contain_text("1 of 1 waiting")
    expect(chat).to_contain_text("**stars**")
    assert chat.locator("a, img, b, .katex").count() == 0
    press(page, "a")
    expect(page.get_by_text("All reviewed")).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("button", name="Export 2 approved").click()
        page.get_by_role("link", name="Download zip").click()
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
        lines = [json.loads(line) for line in archive.read("data/train.jsonl").splitlines()]
        manifest = json.loads(archive.read("manifest.json"))
    assert [line["id"] for line in lines] == [str(one) for one in waiting[1:]]
    assert {line["source"] for line in lines} == {"OFFLINE"}
    assert (manifest["n_conversations"], manifest["filters"]) == (2, {"status": ["approved"]})


def test_what_was_found_is_marked_at_its_place_and_stays_text(app: App, page: Page) -> None:
    words = f"{HOSTILE}\n  Write to jo@acme-mail.de \u202efor <i>it</i>."
    start = words.index("jo@")
    found = [
        Finding("email", 1, start, start + 15),
        Finding("placeholder", 1, 0, 12),
        Finding("short_turn", 0),
    ]
    database = db.connect(embedded(app.data_dir).database)
    said = generation.talk("Where is it?", words)
    row_id = generation.conversation(
        access.local_user(), said=said, score=25, findings=[one.to_json() for one in found]
    )
    database.dispose()
    page.goto(f"{app.url}/review?id={row_id}")
    chat = page.locator(".st-key-chat")
    marks = chat.locator("mark")
    expect(marks).to_have_text(["<b>bold</b> ", "jo@acme-mail.de"])
    assert marks.evaluate_all("all => all.map(one => one.title)") == ["Placeholder", "E-mail address"]
    assert words in chat.locator("p").evaluate_all("all => all.map(one => one.textContent)")
    assert chat.locator("a, img, b, i, .katex").count() == 0
    expect(page.locator(".st-key-quality")).to_contain_text("25 · poor")
