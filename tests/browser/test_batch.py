"""A batch from a template to an export, in a real browser: nothing is set, so the offline generator writes."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.servers import app as servers

SETTLED_MS = 60_000


def test_a_template_becomes_reviewed_conversations_to_train_with(tmp_path: Path, page: Page) -> None:
    with servers.running(tmp_path, WORKERS="1") as app:
        page.goto(f"{app.url}/generator")
        page.get_by_role("combobox", name="Template").click()
        page.get_by_role("option", name=re.compile("Support: product question")).click()
        page.get_by_role("textbox", name="Product").fill("Router\nTablet")
        page.get_by_role("textbox", name="Question").fill("Why is it slow?\nHow do I reset it?")
        page.keyboard.press("Tab")
        page.get_by_role("button", name="Start 4 items").dblclick()

        page.wait_for_url("**/job?id=*")
        assert len(page.request.get(f"{app.url}/api/batch-jobs").json()["items"]) == 1, "of two clicks"
        expect(page.get_by_text("4 of 4")).to_be_visible(timeout=SETTLED_MS)
        expect(page.get_by_text("OFFLINE").first).to_be_visible()
        page.get_by_role("button", name="Review 4 conversations").click()

        bar = page.locator(".st-key-review_bar")
        expect(bar).to_contain_text("1 of 4 waiting")
        page.get_by_role("button", name="Approve").click()
        expect(bar).to_contain_text("1 of 3 waiting")
        with page.expect_download() as download:
            page.get_by_role("button", name="Export 1 approved").click()
            page.get_by_role("link", name="Download zip").click()
        with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
            (line,) = (json.loads(one) for one in archive.read("data/train.jsonl").splitlines())
        assert [message["role"] for message in line["messages"]][::2][:1] == ["user"]
        assert "OFFLINE" in json.dumps(line)
