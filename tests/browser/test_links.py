"""Links that people share: cold, deep, and to what is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.servers import app as servers
from tests.servers.app import App

pytestmark = pytest.mark.browser
# where the letters stand, without the room around them
TEXT_BOX = """selector => {
  const range = document.createRange();
  range.selectNodeContents(document.querySelector(selector));
  return range.getBoundingClientRect().toJSON();
}"""


def test_the_very_first_visitor_on_a_deep_link_gets_the_router(tmp_path: Path, page: Page) -> None:
    with servers.running(tmp_path) as app:
        page.goto(f"{app.url}/predictions")
        expect(page.get_by_role("link", name="Models")).to_be_visible()
        expect(page.get_by_role("heading", name="Predictions")).to_be_visible()
        page.reload()
        expect(page.get_by_role("link", name="Models")).to_be_visible()


@pytest.mark.parametrize(
    "path",
    [
        "/prediction?id=0b5a4c1e-0000-4000-8000-000000000000",
        "/prediction?id=nonsense",
        "/prediction",
        "/model?id=nonsense",
    ],
)
def test_a_link_to_nothing_is_a_sentence_with_a_way_on(used_app: App, page: Page, path: str) -> None:
    page.goto(f"{used_app.url}{path}")
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)


@pytest.mark.parametrize("path", ["/", "/uploads", "/predictions", "/models", "/system"])
@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_is_wider_than_its_window_and_its_title_stands_above_its_sentence(
    used_app: App, page: Page, path: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{used_app.url}{path}")
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    expect(page.get_by_role("heading").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    title, sentence = (page.evaluate(TEXT_BOX, f".st-key-heading {part}") for part in ("h1", "p"))
    assert title["bottom"] <= sentence["top"] + 2, "the two are drawn over each other"


def test_back_leaves_a_page_at_once_whatever_was_filtered_on_it(used_app: App, page: Page) -> None:
    def is_at(path: str, heading: str) -> None:
        expect(page).to_have_url(f"{used_app.url}{path}")
        expect(page.get_by_role("heading", level=1, name=heading, exact=True)).to_be_visible()
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()

    page.goto(f"{used_app.url}/models")
    is_at("/models", "Models")
    page.get_by_role("link", name="New prediction").click()
    is_at("/uploads", "New prediction")
    page.locator("[class*=st-key-upload_] button").first.click()
    expect(page).to_have_url(re.compile(r"/uploads\?upload=\d+$"))
    chosen = page.url.removeprefix(used_app.url)
    page.get_by_role("button", name="Queue it").click()
    expect(page).to_have_url(re.compile(r"/prediction\?id="))
    made = page.url.removeprefix(used_app.url)
    file_name = page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("link", name="Predictions").first.click()
    for status in ("Failed", "Completed"):
        page.get_by_role("radio", name=re.compile(rf"^{status} \d+$")).click()
        expect(page).to_have_url(f"{used_app.url}/predictions?status={status.lower()}")
    page.go_back()
    is_at(made, file_name)
    page.go_back()
    is_at(chosen, "New prediction")
    page.go_back()
    is_at("/models", "Models")
    page.go_forward()
    is_at(chosen, "New prediction")


def test_a_run_that_the_page_left_behind_adds_nothing_to_the_history(used_app: App, page: Page) -> None:
    page.goto(f"{used_app.url}/models")
    for name in ("New prediction", "Predictions"):
        page.get_by_role("link", name=name, exact=True).first.click()
        expect(page.get_by_role("heading", level=1, name=name, exact=True)).to_be_visible()
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.go_back()
    expect(page.get_by_role("heading", level=1, name="New prediction", exact=True)).to_be_visible()
    page.evaluate("for (const path of ['/predictions', '/uploads']) history.pushState({}, '', path)")
    page.go_back()
    expect(page).to_have_url(f"{used_app.url}/models")
    expect(page.get_by_role("heading", level=1, name="Models", exact=True)).to_be_visible()
    for name in ("New prediction", "Predictions"):  # one at a time: both at once may end between the two
        page.go_forward()
        expect(page.get_by_role("heading", level=1, name=name, exact=True)).to_be_visible()
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    expect(page).to_have_url(f"{used_app.url}/predictions")
    page.get_by_role("link", name="System", exact=True).click()
    expect(page).to_have_url(f"{used_app.url}/system")
    page.go_back()
    expect(page).to_have_url(f"{used_app.url}/predictions")


def test_a_new_page_takes_its_query_off_the_old_one_however_late_it_comes(used_app: App, page: Page) -> None:
    def push(address: str) -> None:
        page.evaluate("address => history.pushState({}, '', address)", address)

    page.goto(f"{used_app.url}/models")
    expect(page.get_by_role("heading", level=1, name="Models", exact=True)).to_be_visible()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.clock.install()
    push("/models?id=1")
    page.clock.fast_forward(60_000)
    push("/model?id=1")
    page.evaluate("history.back()")
    expect(page).to_have_url(f"{used_app.url}/models")


def test_a_link_from_a_filtered_page_to_one_with_the_same_query_leaves_the_filter_in_the_history(
    used_app: App, page: Page
) -> None:
    page.goto(f"{used_app.url}/models")
    expect(page.get_by_role("heading", level=1, name="Models", exact=True)).to_be_visible()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.evaluate("history.pushState({}, '', '/models?owner=all')")
    page.get_by_role("heading", level=1).click()
    page.evaluate("history.pushState({}, '', '/predictions?owner=all')")
    page.evaluate("history.back()")
    expect(page).to_have_url(f"{used_app.url}/models?owner=all")
