"""Two people at their browsers: each signs in, sees what is theirs and nothing else, and is out after signing out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS
from tests.servers import app as servers
from tests.servers.app import App
from tests.servers.lent import Lent
from tests.servers.oidc import OidcServer
from tests.servers.ports import spare_port
from tests.servers.postgres import PAGES, Cluster
from tests.trainings import require_sandbox

LIVE_MS = 240_000

pytestmark = [pytest.mark.browser, pytest.mark.postgres]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, postgres: Cluster, lent_postgres: Lent) -> Iterator[App]:
    """The product on Postgres with row-level security, whose people sign in with a provider; Ada is its admin."""
    name = lent_postgres.fresh()
    port = spare_port()
    provider = OidcServer(f"http://localhost:{port}")
    chosen = {name.upper(): str(value) for name, value in provider.settings().items()}
    with servers.running(
        tmp_path_factory.mktemp("app"), PORT=str(port), ADMIN_EMAILS="ada@example.org",
        DATABASE_URL=postgres.url(name), USER_DATABASE_URL=postgres.url(name, login=PAGES), **chosen,
    ) as started:  # fmt: skip
        yield started
    provider.stop()


@pytest.fixture
def pages(browser: Browser) -> Iterator[tuple[Page, Page]]:
    """Tabs of two people, with cookies of their own."""
    expect.set_options(timeout=PATIENCE_MS)
    contexts = [browser.new_context(viewport={"width": 1440, "height": 900}) for _ in range(2)]
    for context in contexts:
        context.set_default_timeout(PATIENCE_MS)
    yield contexts[0].new_page(), contexts[1].new_page()
    for context in contexts:
        context.close()


def sign_in(page: Page, name: str) -> None:
    """From our sign-in page through the provider's forms, and back."""
    page.get_by_role("link", name="Continue with").click()
    page.locator("input[name=login]").fill(name)
    page.locator("input[name=password]").fill("of no importance")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()
    settled(page)


def settled(page: Page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def test_each_sees_what_is_theirs_and_nothing_after_signing_out(
    desk: App, pages: tuple[Page, Page], tmp_path: Path
) -> None:
    ada, bob = pages
    ada.goto(f"{desk.url}/uploads")
    expect(ada.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(ada, "ada")
    expect(ada).to_have_url(f"{desk.url}/uploads")
    expect(ada.get_by_role("link", name="Ada", exact=True)).to_be_visible()

    csv = tmp_path / "secret plans.csv"
    csv.write_text("a,b\n1,2\n3,4\n")
    ada.locator(".st-key-uploader input[type=file]").set_input_files(str(csv))
    expect(ada.get_by_text("secret plans.csv").first).to_be_visible()
    ada.wait_for_url("**/uploads?*upload=*")
    link = ada.url
    file_path = f"/api/uploads/{link.split('upload=')[1].split('&')[0]}/file"

    bob.goto(link)
    sign_in(bob, "bob")
    expect(bob.get_by_role("link", name="Bob", exact=True)).to_be_visible()
    expect(bob.get_by_text("There is no upload with the id")).to_be_visible()
    expect(bob.get_by_text("secret plans.csv")).to_have_count(0)
    assert bob.request.get(f"{desk.url}{file_path}").status == 404
    bob.goto(f"{desk.url}/predictions?whose=all")
    expect(bob.get_by_text("This needs the role admin; you have the role analyst.")).to_be_visible()
    assert ada.request.get(f"{desk.url}{file_path}").text() == csv.read_text()
    for hidden in ("System", "People & audit"):
        expect(bob.get_by_role("link", name=hidden)).to_have_count(0)
        expect(ada.get_by_role("link", name=hidden)).to_have_count(1)
    bob.goto(f"{desk.url}/admin")
    settled(bob)
    expect(bob.get_by_text("Audit trail")).to_have_count(0)

    other_tab = ada.context.new_page()
    other_tab.goto(f"{desk.url}/models")
    settled(other_tab)
    cookies = {str(cookie["name"]): str(cookie["value"]) for cookie in ada.context.cookies(desk.url)}
    ada.get_by_role("button", name="Sign out").click()
    expect(ada).to_have_url(f"{desk.url}/login?out=1")
    expect(other_tab).to_have_url(f"{desk.url}/login?next=%2Fmodels")
    ada.get_by_role("link", name="Sign out there too").click()
    ada.get_by_role("button", name="Yes, sign me out").click()
    other_tab.get_by_role("link", name="Continue with").click()
    expect(other_tab.locator("input[name=login]")).to_be_visible()
    ada.goto(link)
    expect(ada.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(ada.get_by_text("secret plans.csv")).to_have_count(0)
    stolen = httpx.get(f"{desk.url}{file_path}", cookies=cookies, headers={"Accept": "*/*"})
    assert stolen.status_code == 401


def test_an_admin_looks_at_what_another_has_uploaded(
    desk: App, pages: tuple[Page, Page], tmp_path: Path
) -> None:
    ada, cleo = pages
    csv = tmp_path / "cleos.csv"
    csv.write_text("a,b\n1,2\n3,4\n")
    cleo.goto(f"{desk.url}/uploads")
    sign_in(cleo, "cleo")
    cleo.locator(".st-key-uploader input[type=file]").set_input_files(str(csv))
    cleo.wait_for_url("**/uploads?*upload=*")
    ada.goto(cleo.url)
    sign_in(ada, "ada")
    expect(ada.get_by_text("You are viewing the work of Cleo")).to_be_visible()
    expect(ada.get_by_role("button", name="Delete")).to_have_count(0)
    expect(cleo.get_by_role("button", name="Delete")).to_have_count(1)
    ada.goto(f"{desk.url}/models")
    settled(ada)
    ada.get_by_label("Whose work").click()
    ada.get_by_role("option", name="Cleo").click()
    expect(ada.get_by_text("No model has been trained yet.")).to_be_visible()
    assert "whose=" in ada.url


@pytest.mark.timeout(300)  # a training, on a busy machine
def test_conversations_and_trainings_are_their_owners_and_an_admin_reviews(
    desk: App, pages: tuple[Page, Page], customers: Path
) -> None:
    other, dora = pages
    require_sandbox(customers.parent)
    dora.goto(f"{desk.url}/generator")
    sign_in(dora, "dora")
    dora.get_by_role("combobox", name="Template").click()
    dora.get_by_role("option", name=re.compile("Support: product question")).click()
    dora.get_by_role("textbox", name="Product").fill("Dora's router")
    dora.get_by_role("textbox", name="Question").fill("Why is it slow?\nHow do I reset it?")
    dora.keyboard.press("Tab")
    dora.get_by_role("button", name="Start 2 items").click()
    dora.wait_for_url("**/job?id=*")
    job = dora.url
    expect(dora.get_by_text("2 of 2")).to_be_visible()
    asked = {"upload_id": _uploaded(dora, desk, customers), "target": "churned", "goal": ""}
    headers = {"Origin": desk.url}
    triggered = dora.request.post(f"{desk.url}/api/ai/train", data=asked, headers=headers)
    assert triggered.ok, triggered.text()
    training = f"{desk.url}/training?id={triggered.json()['training_job_id']}"

    other.goto(f"{desk.url}/login?next=%2Fjobs")
    sign_in(other, "eva")
    for page, sentence in (
        ("jobs", "No batch jobs yet"),
        ("review", "No conversations yet"),
        ("workspace", "No trainings yet"),
    ):
        other.goto(f"{desk.url}/{page}")
        expect(other.get_by_text(sentence)).to_be_visible()
    other.goto(job)
    expect(other.get_by_text("There is no batch job with the id")).to_be_visible()
    other.goto(training)
    expect(other.get_by_text("There is no training with the id")).to_be_visible()

    other.context.clear_cookies()
    other.goto(f"{desk.url}/review")
    sign_in(other, "ada")
    bar = other.locator(".st-key-review_bar")
    expect(bar).to_contain_text("1 of 2 waiting")
    other.get_by_role("button", name="Approve").click()
    expect(bar).to_contain_text("1 of 1 waiting")
    other.goto(training)
    expect(other.get_by_text("You are viewing the work of Dora")).to_be_visible()
    dora.goto(f"{desk.url}/review?status=Approved")
    expect(dora.locator(".st-key-receipts")).to_contain_text("Ada approved it")

    dora.goto(training)
    live = dora.get_by_role("link", name="Open app")
    expect(live).to_be_visible(timeout=LIVE_MS)
    address = live.get_attribute("href") or ""
    other.goto(f"{desk.url}{urlparse(address).path}")
    expect(other.get_by_text("This app is somebody else's")).to_be_visible()
    refused = other.request.post(
        f"{desk.url}{urlparse(address).path}predict", data={"rows": [{}]}, headers=headers
    )
    assert refused.status == 403
    answered = dora.request.post(
        f"{desk.url}{urlparse(address).path}predict", data={"rows": [{}]}, headers=headers
    )
    assert len(answered.json()["predictions"]) == 1


def _uploaded(page: Page, desk: App, path: Path) -> str:
    file = {"name": path.name, "mimeType": "text/csv", "buffer": path.read_bytes()}
    sent = page.request.post(
        f"{desk.url}/api/csv", multipart={"file": file, "mode": "none"}, headers={"Origin": desk.url}
    )
    assert sent.ok, sent.text()
    return str(sent.json()["upload_id"])


def test_an_admin_reads_the_trail_and_keeps_somebody_out(desk: App, pages: tuple[Page, Page]) -> None:
    ada, eve = pages
    eve.goto(f"{desk.url}/models")
    sign_in(eve, "eve")
    expect(eve.get_by_role("heading", name="Models")).to_be_visible()
    ada.goto(f"{desk.url}/admin")
    sign_in(ada, "ada")
    expect(ada.locator(".st-key-audit_events")).to_contain_text("eve@example.org signed in")
    ada.get_by_role("tab", name="People").click()
    row = ada.locator(".st-key-people [data-testid=stHorizontalBlock], .st-key-people > div").filter(
        has_text="eve@example.org"
    )
    row.last.get_by_role("button", name="Block").click()
    expect(ada.get_by_text("is blocked")).to_be_visible()
    eve.goto(f"{desk.url}/predictions")
    expect(eve.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in_again = eve.get_by_role("link", name="Continue with")
    sign_in_again.click()
    expect(eve.get_by_text("an admin has blocked you")).to_be_visible()


def test_a_token_is_shown_once_and_lets_a_program_in_until_it_is_revoked(
    desk: App, pages: tuple[Page, Page]
) -> None:
    page, _ = pages
    page.goto(f"{desk.url}/account")
    sign_in(page, "carol")
    settled(page)
    page.get_by_text("New token").click()
    page.get_by_label("What is it for?").fill("Nightly export")
    page.get_by_label("What is it for?").press("Enter")  # a click is lost while the form still unfolds
    secret = page.locator(".st-key-secret code").inner_text().strip()
    bearer = {"Authorization": f"Bearer {secret}"}
    assert httpx.get(f"{desk.url}/api/me", headers=bearer).json()["name"] == "Carol"
    assert httpx.post(f"{desk.url}/api/predictions", headers=bearer, json={}).status_code == 403
    page.reload()
    settled(page)
    expect(page.get_by_text("Nightly export")).to_be_visible()
    expect(page.get_by_text(secret)).to_have_count(0)
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("button", name="Revoke token").click()
    expect(page.get_by_text("Revoked Nightly export.")).to_be_visible()
    assert httpx.get(f"{desk.url}/api/me", headers=bearer).status_code == 401
