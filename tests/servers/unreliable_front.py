"""What may stand between a training elsewhere and the app: it answers in its place, or loses what it says."""

from __future__ import annotations

import http.client
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

LATER: Final = (408, 425, 429, 500, 502, 503, 504)
MOST_ROWS: Final = 90  # of a batch that it lets through once it is strict
FAULTS: Final = ("later", "rubbish", "unheard", "unanswered", "elsewhere")


class UnreliableFront:
    """Hands POSTs on to the app. share: of the calls that meet a fault, but for the first. is_strict: refuses large
    ones with 413. n_met: how often each fault was met. The same seed draws the same faults.
    """

    def __init__(self, address: str, *, seed: int, share: float = 0.35, is_strict: bool = False) -> None:
        self._host = urlsplit(address).netloc
        self._random, self._lock = random.Random(seed), threading.Lock()
        self._share, self._is_strict, self._is_first = share, is_strict, True
        self.n_met: Counter[str] = Counter()
        self.url = ""

    def fault(self, path: str, body: Any) -> str:
        """Which one a call meets; empty for none. One that begins a training is never led elsewhere: that is final."""
        with self._lock:
            is_first, self._is_first = self._is_first, False
            if self._is_strict and len(body.get("rows", ())) > MOST_ROWS:
                met = "too large"
            elif is_first or self._random.random() > self._share:
                return ""
            else:
                met = self._random.choice(FAULTS[:-1] if path.endswith("/local/jobs") else FAULTS)
            self.n_met[met] += 1
            return met

    def ask(self, path: str, headers: dict[str, str], payload: bytes) -> tuple[int, bytes]:
        """The app's answer. Raises OSError, HTTPException."""
        connection = http.client.HTTPConnection(self._host, timeout=30)
        try:
            connection.request("POST", path, payload, headers | {"Host": self._host})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def later(self) -> int:
        with self._lock:
            return self._random.choice(LATER)


@contextmanager
def standing(front: UnreliableFront) -> Iterator[UnreliableFront]:
    """For as long as it is entered, `front.url` leads to the app, more or less."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            payload = self.rfile.read(int(self.headers["Content-Length"]))
            kept = {
                name: value
                for name, value in self.headers.items()
                if name in ("Authorization", "Content-Type")
            }
            fault = front.fault(self.path, json.loads(payload))
            match fault:
                case "too large":
                    self._say(413, b"<html>Request Entity Too Large</html>")
                case "later":
                    self._say(front.later(), b'{"error": {"message": "Not now."}}')
                case "rubbish":
                    self._say(200, b"<html>Welcome to the network of this hotel</html>")
                case "elsewhere":
                    self._say(302, b"")
                case "unheard":
                    self.close_connection = True
                case _:
                    try:
                        status, content = front.ask(self.path, kept, payload)
                    except (OSError, http.client.HTTPException):
                        status, content = 502, b"Bad Gateway"
                    if fault == "unanswered":
                        self.close_connection = True
                    else:
                        self._say(status, content)

        def _say(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    front.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield front
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
