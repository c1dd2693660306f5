"""Review by keyboard in a real browser: decide, take back, go through, edit; and words that stay words.

One app serves all of the file; each test reviews a batch of its own.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from core import access, db
from core.generation.conversations import conversations
from core.generation.conversations.conversations import Filter
from core.generation.conversations.states import Status
from tests import generation
from tests.journeys import ask, embedded
from tests.servers import app as servers
from tests.servers.app import App

HOSTILE = (
    "<b>bold</b> **stars** [link](https://evil.example) ![x](https://evil.example/x.png) :red[red] $$x^2$$"
)
STANDS_MS = 300  # of core/ui/review/keyboard/guard.js
# Notes when each conversation was drawn, and which keys came through to the page.
WATCH = """
window.drawn = []; window.passed = [];
const look = () => {
  const text = document.querySelector(".st-key-chat")?.innerText.match(/Question \\d+\\?/)?.[0];
  if (text && window.drawn.at(-1)?.text !== text) window.drawn.push({ text, at: performance.now() });
};
new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
document.addEventListener("keydown", (event) => {
  if (event.key === "a") window.passed.push({ text: window.drawn.at(-1)?.text, at: performance.now() });
});
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The product without a worker."""
    with servers.running(tmp_path_factory.mktemp("review"), WORKERS="0") as started:
        yield started


@pytest.fixture
def me(app: App) -> Iterator[db.User]:
    """The one who sits at the app, with its database open here too."""
    database = db.connect(embedded(app.data_dir).database)
    yield access.local_user()
    database.dispose()


def statuses(user: db.User, ids: Sequence[UUID]) -> list[tuple[str, str | None]]:
    found = [ask(user, partial(conversations.get, row_id=one)) for one in ids]
    return [(one.status, one.reason) for one in found]


def settled(page: Page) -> None:
    """Wait until the page is whole and its conversation has stood as long as a key asks for."""
    page.locator("[data-test-script-state=notRunning]").wait_for()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.wait_for_function(
        f"!window.reviewGuard || (window.reviewGuard.sentAt === null"
        f" && performance.now() - window.reviewGuard.drawnAt >= {STANDS_MS})"
    )


def press(page: Page, key: str) -> None:
    settled(page)
    page.keyboard.press(key)


def test_a_reviewer_needs_no_mouse(app: App, page: Page, me: db.User) -> None:
    job_id = generation.job(me, name="Support talks")
    waiting = [*generation.conversations(me, 2, job_id=job_id)]
    waiting.append(
        generation.conversation(
            me, job_id=job_id, idx=2, said=generation.talk(HOSTILE, f"{HOSTILE}\n\n  so.")
        )
    )
    page.goto(f"{app.url}/review?job={job_id}")
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

    expect(page.get_by_label("Reason")).to_have_count(1)  # the one of the conversation before is gone
    page.get_by_label("Reason").fill("axe 123")  # what is written decides nothing and chooses nothing
    page.keyboard.press("Tab")
    press(page, "x")
    expect(chat).to_contain_text("Question 2?")
    expect(page).to_have_url(re.compile(rf"id={waiting[1]}"))
    assert statuses(me, waiting[:2]) == [("rejected", "axe 123"), ("pending", None)]

    press(page, "e")
    answer = page.get_by_label("2. Assistant")
    expect(answer).to_have_value("Answer 2.")
    answer.fill("A better answer.")
    page.get_by_role("button", name="Save").click()
    expect(chat).to_contain_text("A better answer.")

    settled(page)
    page.get_by_role("button", name="Approve").dblclick()
    expect(bar).to_contain_text("1 of 1 waiting")
    expect(chat).to_contain_text("**stars**")
    assert chat.locator("a, img, b, .katex").count() == 0
    page.get_by_role("button", name="How it was made").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Support talks")
    page.keyboard.press("a")  # behind a dialog no key decides
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert statuses(me, waiting[2:]) == [("pending", None)]
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
    assert manifest["n_conversations"] == 2


def test_twenty_decisions_by_keys_alone_and_reasons_by_their_digits(
    app: App, page: Page, me: db.User
) -> None:
    job_id = generation.job(me)
    ids = generation.conversations(me, 21, job_id=job_id)
    page.goto(f"{app.url}/review?job={job_id}")
    chat = page.locator(".st-key-chat")
    for n in range(20):
        expect(chat).to_contain_text(f"Question {n + 1}?")
        settled(page)
        if n % 2:  # both before the page has drawn what the first one does
            page.keyboard.press("2")
            page.keyboard.press("x")
        else:
            page.keyboard.press("a")
    expect(chat).to_contain_text("Question 21?")
    found = statuses(me, ids[:20])
    assert [status for status, _ in found] == ["approved", "rejected"] * 10
    reasons = {reason for _, reason in found[1::2]}
    assert len(reasons) == 1  # a digit keeps its reason
    assert reasons <= {"Wrong facts", "Off topic"}  # the second, whatever was given before
    page.get_by_role("button", name="Keys").click()
    page.get_by_text("Keyboard shortcuts").click()
    expect(page).to_have_url(re.compile("keys=off"))
    settled(page)
    page.keyboard.press("Escape")
    press(page, "a")
    page.reload()
    expect(chat).to_contain_text("Question 21?")
    assert statuses(me, ids[20:]) == [("pending", None)]


def test_each_conversation_is_shown_from_its_start_and_a_form_takes_the_keys(
    app: App, page: Page, me: db.User
) -> None:
    job_id = generation.job(me)
    for idx in range(4):
        said = generation.talk(f"Question {idx + 1}?", "A long answer.\n" * (100 if idx < 3 else 1))
        generation.conversation(me, job_id=job_id, idx=idx, said=said)
    page.goto(f"{app.url}/review?job={job_id}")
    chat, undo = page.locator(".st-key-chat"), page.get_by_role("button", name="Undo")
    for n in (2, 3):  # a short or a long one after it
        settled(page)
        page.locator("[data-testid=stMain]").evaluate("main => main.scrollTo(0, 1500)")
        press(page, "a")
        expect(chat).to_contain_text(f"Question {n}?")
        page.wait_for_function(
            "document.querySelector('.st-key-chat').getBoundingClientRect().top"
            " >= document.querySelector('.st-key-review_head').getBoundingClientRect().bottom"
        )
    page.get_by_label("Reason").fill("Dull")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Reason")).not_to_be_focused()  # from here on keys decide
    press(page, "x")
    expect(chat).to_contain_text("Question 4?")
    press(page, "e")
    expect(page.get_by_label("1. User")).to_be_focused()
    for name in ("Back", "Undo"):  # whatever else were pressed, what is written here would be lost
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    page.keyboard.type("axu 1 ")
    page.get_by_role("button", name="Save").click()
    expect(chat).to_contain_text("axu 1")
    expect(undo).to_be_enabled()

    page.goto(f"{app.url}/review?job={job_id}&view=list&status=rejected")
    page.locator("[data-testid=stDataFrame]").click(position={"x": 150, "y": 50})
    expect(chat).to_contain_text("Question 3?")
    page.get_by_role("radio", name="List").click()
    expect(page.get_by_text("decide on all")).to_be_visible()
    settled(page)
    expect(page).to_have_url(re.compile("view=list"))


def test_keys_as_fast_as_they_come_decide_on_nothing_unseen(app: App, page: Page, me: db.User) -> None:
    job_id = generation.job(me)
    ids = generation.conversations(me, 60, job_id=job_id)
    page.add_init_script(WATCH)
    page.goto(f"{app.url}/review?job={job_id}")
    settled(page)
    for _ in range(400):
        page.keyboard.press("a")
    page.keyboard.down("a")  # and held down, as the machine repeats it
    for _ in range(100):
        page.keyboard.down("a")
    page.keyboard.up("a")
    settled(page)
    drawn, passed = page.evaluate("[window.drawn, window.passed]")
    first_drawn = {one["text"]: one["at"] for one in reversed(drawn)}
    n_approved = ask(me, partial(conversations.counts, asked=Filter(batch_job_id=job_id)))[Status.APPROVED]
    assert 1 <= n_approved == len(passed) < 60
    assert [status for status, _ in statuses(me, ids[:n_approved])] == ["approved"] * n_approved
    for n, key in enumerate(passed, start=1):
        assert key["text"] == f"Question {n}?"
        assert (
            key["at"] - first_drawn[key["text"]] >= STANDS_MS - 20
        )  # its own clock begins with the last element


def test_two_reviewers_at_once_on_one_queue(app: App, page: Page, me: db.User) -> None:
    job_id = generation.job(me)
    ids = generation.conversations(me, 6, job_id=job_id)
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(f"{app.url}/review?job={job_id}")
        expect(tab.locator(".st-key-chat")).to_contain_text("Question 1?")
    press(page, "a")
    expect(page.locator(".st-key-chat")).to_contain_text("Question 2?")
    press(other, "x")  # on the first, which it still shows
    expect(other.get_by_text("approved it while you were reading")).to_be_visible()
    assert statuses(me, ids[:2]) == [("approved", None), ("pending", None)]
    press(other, "ArrowRight")
    expect(other.locator(".st-key-chat")).to_contain_text("Question 2?")
    for tab, key in ((page, "a"), (other, "a")):  # both the same: nobody is bothered, and it is decided once
        press(tab, key)
        expect(tab.locator(".st-key-chat")).to_contain_text("Question 3?")
    assert [status for status, _ in statuses(me, ids)] == ["approved"] * 2 + ["pending"] * 4

    other.goto(f"{app.url}/review?job={job_id}&view=list&text=question")
    other.get_by_role("button", name="All 4 conversations").click()
    other.get_by_text("Reject all").click()
    expect(other.get_by_role("dialog")).to_contain_text("4 conversations")
    press(page, "a")
    expect(page.locator(".st-key-chat")).to_contain_text("Question 4?")
    other.get_by_role("button", name="Reject 4").click()
    expect(other.get_by_role("button", name="Undo: 3 rejected")).to_be_visible()
    expect(other.get_by_text("No matching conversations")).to_be_visible()
    assert [status for status, _ in statuses(me, ids)] == ["approved"] * 3 + ["rejected"] * 3
    press(page, "a")  # on the fourth, which was rejected meanwhile
    expect(page.get_by_text("rejected it while you were reading")).to_be_visible()
    other.get_by_role("button", name="Undo: 3 rejected").click()
    expect(other.get_by_text("3 decisions taken back")).to_be_visible()
    assert [status for status, _ in statuses(me, ids)] == ["approved"] * 3 + ["pending"] * 3
