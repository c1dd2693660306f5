"""A training on somebody's own machine, in a real browser: the package, a token, a run elsewhere, and its page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_sign_in import settled, sign_in
from tests.packages import Package
from tests.servers import app as servers
from tests.servers.app import App
from tests.servers.oidc import OidcServer
from tests.servers.ports import spare_port

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[App]:
    """The product with nobody who takes work, whose people sign in: so a token is needed."""
    port = spare_port()
    provider = OidcServer(f"http://localhost:{port}")
    chosen = {name.upper(): str(value) for name, value in provider.settings().items()}
    with servers.running(tmp_path, PORT=str(port), WORKERS="0", **chosen) as started:
        yield started
    provider.stop()


def test_a_package_is_downloaded_run_with_a_token_and_its_curve_stands_on_its_page(
    desk: App, page: Page, customers: Path, tmp_path: Path
) -> None:
    page.goto(f"{desk.url}/workspace")
    sign_in(page, "ada")
    sent = page.request.post(
        f"{desk.url}/api/csv",
        multipart={
            "file": {"name": "customers.csv", "mimeType": "text/csv", "buffer": customers.read_bytes()},
            "mode": "none",
        },
        headers={"Origin": desk.url},
    )
    assert sent.ok, sent.text()
    page.goto(f"{desk.url}/workspace")
    page.get_by_text("Train on your own machine").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download package").click()
    page.get_by_role("button", name="Make a token").click()
    lines = page.locator(".st-key-own_machine code")
    expect(lines).to_contain_text(re.compile("MODEL_DESK_TOKEN=mdk_"))
    token = re.findall(r"MODEL_DESK_TOKEN=(\S+)", lines.inner_text())[0]
    assert download.value.suggested_filename in lines.inner_text()

    package = Package.unpacked(Path(download.value.path()).read_bytes(), tmp_path / "training")
    assert package.run().code == 2  # without the token
    ran = package.run(MODEL_DESK_TOKEN=token)
    assert ran.code == 0, ran.said

    page.goto(f"{desk.url}/training?id={package.job_id}")
    expect(page.get_by_text("Succeeded").first).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.locator(".st-key-local_facts")).to_contain_text("120")  # a fifth of 600 rows
    page.get_by_role("tab", name="Predictions").click()
    expect(page.get_by_text("120 rows that the model had not learnt from")).to_be_visible()
    page.goto(f"{desk.url}/account")
    settled(page)
    expect(page.locator(".st-key-tokens")).to_contain_text("Training package")
