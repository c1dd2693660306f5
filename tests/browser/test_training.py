"""From Trigger to a prediction of the live app, in a real browser: nothing is set, so the template trains here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.servers import app as servers
from tests.trainings import require_sandbox

LIVE_MS = 240_000


@pytest.mark.timeout(300)  # three processes have to load scikit-learn, one after the other
def test_a_training_leads_the_reader_to_its_live_app_and_a_prediction(
    tmp_path: Path, page: Page, customers: Path
) -> None:
    require_sandbox(tmp_path)
    with servers.running(tmp_path, WORKERS="1") as app:
        with customers.open("rb") as file:
            sent = page.request.post(f"{app.url}/api/csv", multipart={"file": {
                "name": "customers.csv", "mimeType": "text/csv", "buffer": file.read()}, "mode": "none"})  # fmt: skip
        assert sent.ok
        page.goto(f"{app.url}/workspace")
        page.get_by_role("combobox", name=re.compile("File")).click()
        page.get_by_role("option", name=re.compile("customers.csv")).click()
        page.get_by_role("textbox", name="Goal").fill("Who will leave next month?")
        page.keyboard.press("Tab")
        page.get_by_role("button", name="Trigger training").click()

        page.wait_for_url("**/training?*")
        _follow(page)
        expect(page.locator("#state")).to_have_text("Live")
        page.get_by_role("button", name="Predict").click()
        expect(page.locator("#answer")).to_have_text(re.compile("^(Yes|No)$"))
        expect(page.locator(".share")).to_have_count(2)
        page.get_by_role("link", name="How it was trained").click()
        expect(page.get_by_text("Succeeded").first).to_be_visible()
        expect(page.locator(".st-key-live_app")).to_contain_text("/live/")


def _follow(page: Page) -> None:
    """Until the live app is open, which the page looks for two minutes at a time: longer where the machine is busy."""
    state, again = page.locator("#state"), page.get_by_role("button", name="Look again")
    while True:
        expect(state.or_(again)).to_be_visible(timeout=LIVE_MS)
        if state.is_visible():
            return
        again.click()
        expect(again).to_be_hidden()
