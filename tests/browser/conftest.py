"""A real Chromium, and the product as it is started by hand."""

from __future__ import annotations

import shutil
import urllib.request
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect, sync_playwright

from tests.servers import app as servers
from tests.servers.app import App
from tests.servers.parts import require
from tests.servers.waiting import PATIENCE_S, wait_for

ARGUMENTS = [
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--in-process-gpu",
    "--js-flags=--no-opt --no-maglev",  # no page of a test lives long enough to gain by better compiled scripts
]  # fmt: skip
PATIENCE_MS = PATIENCE_S * 1000
STORED = "cache_storage,cookies,file_systems,indexeddb,local_storage,service_workers"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails tells what its page showed."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.failed and report.when == "call" and isinstance(page, Page) and not page.is_closed():
        report.sections.append(("page", f"{page.url}\n{page.locator('body').inner_text()}"))
    return report


@pytest.fixture(scope="module")
def chromium() -> Iterator[tuple[BrowserType, Path]]:
    """How to start one, for the tests of a file. No longer: meanwhile the process can run no other event loop."""
    executable = require("chromium")
    with sync_playwright() as playwright:
        yield playwright.chromium, executable


@pytest.fixture(scope="module")
def browser(chromium: tuple[BrowserType, Path]) -> Iterator[Browser]:
    """One Chromium for the tests of a file, each with contexts of its own."""
    kind, executable = chromium
    started = kind.launch(executable_path=executable, args=ARGUMENTS)
    yield started
    started.close()


@pytest.fixture(scope="module")
def shared_context(
    chromium: tuple[BrowserType, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """What the tabs of a file have in common: the app's scripts, which each would fetch and compile anew.

    It has a folder, as compiled scripts are kept only there.
    """
    kind, executable = chromium
    context = kind.launch_persistent_context(
        tmp_path_factory.mktemp("chromium"),
        executable_path=executable,
        args=ARGUMENTS,
        viewport={"width": 1440, "height": 900},
        timezone_id="Europe/Berlin",
        accept_downloads=True,
        reduced_motion="reduce",  # without a graphics card, animations are drawn by the processor
    )
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page(shared_context: BrowserContext) -> Iterator[Page]:
    """A tab of its own, in Berlin, that fails the test on an error of our scripts, and leaves nothing to the next."""
    expect.set_options(timeout=PATIENCE_MS)
    tab = shared_context.new_page()
    errors: list[str] = []
    origins: set[str] = set()
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("framenavigated", lambda frame: origins.add("/".join(frame.url.split("/")[:3])))
    yield tab
    if tab.is_closed():
        tab = shared_context.new_page()
    forgetting = shared_context.new_cdp_session(tab)
    for origin in origins:
        forgetting.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": STORED})
    for one in shared_context.pages:
        one.close()
    shared_context.clear_cookies()
    assert errors == []


@pytest.fixture(scope="module")
def sample_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The product after a first start: with its sample, and a worker inside."""
    with servers.running(tmp_path_factory.mktemp("app"), SAMPLE="true") as started:
        yield started


@pytest.fixture(scope="module")
def app_without_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The product with nobody who takes work by itself."""
    with servers.running(tmp_path_factory.mktemp("app"), SAMPLE="true", WORKERS="0") as started:
        yield started


@pytest.fixture(scope="module")
def used_app(scored_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The product with a model and a file that it has scored, and a worker inside."""
    folder = tmp_path_factory.mktemp("app")
    shutil.copytree(scored_model, folder / "data")
    with servers.running(folder) as started:
        yield started


def wait_for_a_model(app: App) -> None:
    """The sample's model is trained."""

    def ready() -> bool:
        with urllib.request.urlopen(f"{app.url}/api/models") as answer:
            return b'"status":"ready"' in answer.read()

    wait_for(ready, what="the sample's model")


@pytest.fixture
def customers(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file that no other test uploads, with its outcome in the column `churned`."""
    from core.system import sample

    path = tmp_path / "customers.csv"
    sample.write_sample(path, n_rows=600, seed=zlib.crc32(request.node.nodeid.encode()))
    return path
