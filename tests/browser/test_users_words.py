"""Users' words are words: whatever a file, a column, a cell or a model is called, pages load and link nothing."""

from __future__ import annotations

import csv
import io
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from playwright.sync_api import Page, Request, expect

from tests.servers import app as servers
from tests.servers.app import App
from tests.servers.waiting import PATIENCE_S, wait_for

pytestmark = pytest.mark.browser

MOST_TIPS = 12


class Spy(BaseHTTPRequestHandler):
    """An address that nobody has a reason to ask."""

    asked: list[str] = []  # noqa: RUF012  # of the one server there is

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def spying() -> Iterator[str]:
    Spy.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Spy)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def hostile(place: str, spy: str) -> str:
    """What markdown, HTML and charts would each make something of. place: tells one from another."""
    return (
        f":red[{place}] ![i]({spy}/{place}.png) <img src={spy}/{place}> <a href={spy}>x</a> "
        f"www.example.org {spy} http://example.org $x^2$ :material/bug_report: **b** `c` :smile:"
    )


@pytest.fixture(scope="module")
def spy() -> Iterator[str]:
    with spying() as address:
        yield address


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with servers.running(tmp_path_factory.mktemp("app"), WORKERS="1") as started:
        yield started


def table(spy: str, *, labels: tuple[str, ...], n_rows: int = 120) -> bytes:
    """A file whose header, categories and outcomes are hostile; a last column of numbers tells the outcome."""
    drawn, out = random.Random(5), io.StringIO()
    writer = csv.writer(out)
    writer.writerow([hostile("category", spy), hostile("number", spy), hostile("outcome", spy)])
    for _ in range(n_rows):
        which = drawn.randrange(len(labels))
        number = f"{which + drawn.random() * 1.4:.3f}"
        writer.writerow([hostile(f"cell{drawn.randrange(3)}", spy), number, labels[which]])
    return out.getvalue().encode()


def written(client: httpx.Client, spy: str) -> tuple[str, str]:
    """The ids of a hostile template and of a job of it whose conversations are written."""
    asked: dict[str, object] = {
        "name": hostile("template", spy)[:80],
        "description": hostile("purpose", spy)[:200],
        "prompt": f"{hostile('prompt', spy)} {{{{ topic }}}} {{{{ tone }}}}",
        "system": hostile("system", spy),
        "variables": [
            {"name": "topic", "kind": "text", "required": True, "description": hostile("hint", spy)[:200]},
            {"name": "tone", "kind": "choice", "required": True, "options": [hostile("option", spy)[:100]]},
        ],
    }
    answer = client.post("/api/templates", json=asked)
    assert answer.status_code == 201, answer.text
    template_id = str(answer.json()["id"])
    values = {"topic": [hostile("value", spy)], "tone": [hostile("option", spy)[:100]]}
    asked = {"name": hostile("job", spy)[:100], "template_id": template_id, "parameters": {"grid": values}}
    answer = client.post("/api/batch-jobs", json=asked)
    assert answer.status_code == 202, answer.text
    job_id = str(answer.json()["id"])
    wait_for(
        lambda: client.get(f"/api/batch-jobs/{job_id}").json()["status"] == "completed", what="the batch job"
    )
    return template_id, job_id


@pytest.fixture(scope="module")
def addresses(desk: App, spy: str) -> list[str]:
    """Every page there is to open, once such a file was uploaded, learned from and scored, one has failed, and a batch
    of such values was written.
    """
    with httpx.Client(base_url=desk.url, trust_env=False, timeout=PATIENCE_S) as client:

        def uploaded(name: str, data: bytes) -> str:
            named = f":red[{name}] **b** `c` $x^2$ www.example.org :smile: .csv"  # of a path its end alone is kept
            answer = client.post("/api/csv", files={"file": (named, data)})
            assert answer.status_code == 201, answer.text
            return str(answer.json()["upload_id"])

        def trained(upload_id: str) -> str:
            asked = {
                "upload_id": upload_id,
                "target": hostile("outcome", spy),
                "name": hostile("model", spy)[:80],
            }
            answer = client.post("/api/models/train", json=asked)
            assert answer.status_code == 202, answer.text
            model_id = answer.json()["model_id"]
            wait_for(
                lambda: client.get(f"/api/models/{model_id}").json()["status"] in ("ready", "failed"),
                what="the training",
            )
            return str(model_id)

        two = uploaded("file", table(spy, labels=(hostile("yes", spy), hostile("no", spy))))
        numbers = tuple(f"{n / 7:.3f}" for n in range(60))
        learned = uploaded("numbers", table(spy, labels=numbers))
        same = uploaded("same", table(spy, labels=(hostile("only", spy),)))
        models = [trained(two), trained(learned), trained(same)]
        statuses = [client.get(f"/api/models/{one}").json()["status"] for one in models]
        assert statuses == ["ready", "ready", "failed"]
        predictions = []
        for upload_id, model_id in ((two, models[0]), (learned, models[1])):
            asked = {"upload_id": upload_id, "model_id": model_id, "mode": "sync", "reasons": True}
            answer = client.post("/api/predictions", json=asked)
            assert answer.status_code in (201, 202), answer.text
            predictions.append(answer.json()["prediction_id"])
        wait_for(
            lambda: (
                {client.get(f"/api/predictions/{one}").json()["status"] for one in predictions}
                == {"COMPLETED"}
            ),
            what="the predictions",
        )
        template_id, job_id = written(client, spy)
    return [
        "/", "/uploads", "/predictions", "/models", "/system", "/admin", "/account",
        f"/uploads?upload={two}", f"/uploads?upload={two}&train=1", f"/uploads?upload={same}",
        *(f"/model?id={one}" for one in models),
        "/jobs", "/templates", "/review", f"/job?id={job_id}", f"/template?id={template_id}",
        f"/template_editor?id={template_id}", f"/generator?template={template_id}",
        *(f"/prediction?id={one}" for one in predictions),
    ]  # fmt: skip


def test_every_page_shows_users_words_as_they_are(
    page: Page, desk: App, spy: str, addresses: list[str]
) -> None:
    foreign: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((f"{desk.url}/", f"ws://localhost:{desk.port}/", "data:", "blob:")):
            foreign.append(request.url)

    refused: list[str] = []
    page.on("request", note)
    page.on(
        "console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None
    )
    made: dict[str, list[str]] = {}
    for address in addresses:
        page.goto(f"{desk.url}{address}")
        settled(page)
        for tab in range(max(1, page.get_by_role("tab").count())):
            if page.get_by_role("tab").count():
                page.get_by_role("tab").nth(tab).click()
                settled(page)
            page.evaluate(
                "document.querySelectorAll('details:not([open]) > summary').forEach((one) => one.click())"
            )
            settled(page)
            new = page.locator("[data-testid=stTooltipHoverTarget]:visible:not([data-seen])")
            tips = new.element_handles()[:MOST_TIPS]
            new.evaluate_all(SEEN)  # those outside of the tabs are there in each
            for tip in tips:
                tip.hover(force=True)
                if found := page.evaluate(MADE, spy):
                    made[f"{address} {tab}"] = found
    assert made == {}, made
    assert foreign == []
    assert refused == []
    assert Spy.asked == []


@pytest.mark.parametrize("kind", ["job", "prediction", "model", "uploads"])
def test_menus_dialogs_and_toasts_show_them_as_they_are(
    page: Page, desk: App, spy: str, addresses: list[str], kind: str
) -> None:
    """The last of its kind is deleted, by its dialog."""
    address = [one for one in addresses if one.startswith(f"/{kind}?") and "train" not in one][-1]
    page.goto(f"{desk.url}{address}")
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(":red[")
    assert page.evaluate(MADE, spy) == []
    dialog.get_by_role("button", name="Delete").click()
    told = page.locator(".st-key-undo_deletion_bar").or_(page.get_by_test_id("stToast"))
    expect(told.first).to_contain_text(":red[")
    assert page.evaluate(MADE, spy) == []
    assert Spy.asked == []


def test_a_page_can_not_ask_another_address_for_anything(page: Page, desk: App, spy: str) -> None:
    page.goto(desk.url)
    settled(page)
    assert page.evaluate(ASKING, spy) == ["connect-src", "font-src", "img-src"]
    assert Spy.asked == []


# Resolves to what the page's policy has refused of a picture, a font and a call.
ASKING = """(spy) => new Promise((done) => {
    const refused = [];
    document.addEventListener("securitypolicyviolation", (event) => {
        refused.push(event.effectiveDirective);
        if (refused.length === 3) done(refused.sort());
    });
    new Image().src = `${spy}/picture.png`;
    new FontFace("foreign", `url(${spy}/font.woff2)`).load().catch(() => {});
    fetch(`${spy}/call`).catch(() => {});
})"""

# Marks all that are given.
SEEN = "tips => tips.forEach(tip => tip.dataset.seen = '')"

# What became of words that should have stayed words: pictures, links, colours, formulas, code, strong text.
MADE = """(spy) => {
    const main = document.body;  // tips stand outside of the app
    const found = [];
    for (const one of main.querySelectorAll("img, a, svg a")) {
        const to = one.getAttribute("src") || one.getAttribute("href") || one.getAttribute("xlink:href") || "";
        if (to.includes(spy) || to.includes("//www.example.org")) found.push(`${one.tagName} ${to}`);
    }
    for (const one of main.querySelectorAll(".katex, [data-testid=stMarkdownContainer] span[class*=colored]")) {
        found.push(one.outerHTML.slice(0, 200));
    }
    for (const one of main.querySelectorAll("[data-testid=stMarkdownContainer] :is(strong, code)")) {
        if (["b", "c"].includes(one.textContent)) found.push(one.parentElement.textContent.slice(0, 200));
    }
    return found;
}"""


def settled(page: Page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_function("document.querySelectorAll('[data-testid=stSkeleton]').length === 0")
