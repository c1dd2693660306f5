"""The API as people meet it: inside the whole app, in a process of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import psutil
import pytest
from playwright.sync_api import sync_playwright

from tests.servers.app import App, running
from tests.servers.parts import require
from tests.servers.waiting import PATIENCE_S

LINE = b"some text in a cell,12.5,category one,2026-01-01,a longer text to fill up the line a bit more\n"
MEGABYTE = LINE * (1_000_000 // len(LINE))
N_MEGABYTES = 200
BOUNDARY = "7MA4YWxkTrZu0gW"

# What the page's own component does: a form with a file, sent with progress.
SEND = """(n) => new Promise((done) => {
    const form = new FormData()
    form.append("file", new Blob(["name,amount\\n", "Ada,1\\n".repeat(n)]), "from the browser.csv")
    const request = new XMLHttpRequest()
    let moves = 0
    request.upload.onprogress = () => { moves += 1 }
    request.onload = () => done({status: request.status, moves, answer: JSON.parse(request.responseText)})
    request.onerror = () => done({status: 0, moves, answer: null})
    request.open("POST", "/api/csv")
    request.send(form)
})"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One app for the tests of this file."""
    with running(tmp_path_factory.mktemp("desk"), WORKERS="0", MAX_UPLOAD_MB="250") as app:
        yield app


@pytest.fixture
def program(desk: App) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=desk.url, trust_env=False, timeout=PATIENCE_S) as client:
        yield client


def _upload(program: httpx.Client, n_megabytes: int) -> dict[str, str]:
    def body() -> Iterator[bytes]:
        yield f"--{BOUNDARY}\r\n".encode()
        yield b'Content-Disposition: form-data; name="file"; filename="big.csv"\r\n\r\na,b,c,d,e\n'
        for _ in range(n_megabytes):
            yield MEGABYTE
        yield f"\r\n--{BOUNDARY}--\r\n".encode()

    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = program.post("/api/csv", content=body(), headers=headers)
    assert answer.status_code == 201, answer.text
    received: dict[str, str] = answer.json()
    return received


class Memory:
    """The largest resident size of a process while the block runs, in bytes."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look)
        self.peak_bytes = self.before_bytes = self._process.memory_info().rss

    def _look(self) -> None:
        while not self._ended.wait(0.01):
            self.peak_bytes = max(self.peak_bytes, self._process.memory_info().rss)

    def __enter__(self) -> Memory:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watch.join()

    @property
    def grown_mb(self) -> float:
        return (self.peak_bytes - self.before_bytes) / 1e6


def test_a_large_file_streams_in_and_out_in_flat_memory(desk: App, program: httpx.Client) -> None:
    _upload(program, 20)  # what the first upload brings into memory stays: libraries, pools
    with Memory(desk.pid) as coming:
        received = _upload(program, N_MEGABYTES)
    assert coming.grown_mb < N_MEGABYTES / 2
    assert int(received["rows"]) == N_MEGABYTES * MEGABYTE.count(b"\n")

    path = f"/api/uploads/{received['upload_id']}/file"
    n_bytes = 0
    with (
        Memory(desk.pid) as going,
        program.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer,
    ):
        for chunk in answer.iter_raw():
            n_bytes += len(chunk)
    assert going.grown_mb < N_MEGABYTES / 4
    assert (
        n_bytes == int(answer.headers["content-length"]) == len(b"a,b,c,d,e\n") + N_MEGABYTES * len(MEGABYTE)
    )
    assert answer.headers["content-encoding"] == "identity"

    part = program.get(path, headers={"Range": "bytes=0-9", "Accept-Encoding": "gzip"})
    assert (part.status_code, part.content) == (206, b"a,b,c,d,e\n")


def test_the_api_answers_under_its_mount_and_never_with_a_page(program: httpx.Client) -> None:
    for path in ("/api", "/api/", "/api/health", "/api/health/", "/api/nothing", "/api/uploads/x"):
        answer = program.get(path)
        assert answer.headers["content-type"] == "application/json", path
        assert answer.status_code == (404 if path.endswith(("nothing", "x")) else 200), path
    assert program.get("/").headers["content-type"].startswith("text/html")


def test_a_foreign_host_or_origin_is_refused_by_the_running_app(program: httpx.Client) -> None:
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        answer = program.get("/api/uploads", headers=headers)
        assert answer.status_code == 403
        assert answer.json()["error"]["hint"]


@pytest.mark.browser
def test_our_own_page_sends_a_file_with_progress(desk: App) -> None:
    program = str(require("chromium"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        page = browser.new_page()
        page.goto(f"{desk.url}/api")
        sent = page.evaluate(SEND, 2_000_000)
        too_large = page.evaluate(SEND, 45_000_000)
        browser.close()
    assert sent["status"] == 201
    assert sent["moves"] >= 1
    assert sent["answer"]["rows"] == 2_000_000
    assert (too_large["status"], too_large["answer"]["error"]["code"]) == (413, "too_large")
