"""What may stand between a training elsewhere and the app: it answers in its place, or loses what it says."""

from __future__ import annotations

import http.client
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from tests.servers.posts import Answer, answering

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

    def say(path: str, headers: Mapping[str, str], payload: bytes) -> Answer | None:
        fault = front.fault(path, json.loads(payload))
        match fault:
            case "too large":
                return 413, b"<html>Request Entity Too Large</html>"
            case "later":
                return front.later(), b'{"error": {"message": "Not now."}}'
            case "rubbish":
                return 200, b"<html>Welcome to the network of this hotel</html>"
            case "elsewhere":
                return 302, b""
            case "unheard":
                return None
        kept = {name: headers[name] for name in ("Authorization", "Content-Type") if name in headers}
        try:
            told = front.ask(path, kept, payload)
        except (OSError, http.client.HTTPException):
            told = 502, b"Bad Gateway"
        return None if fault == "unanswered" else told

    with answering(say) as front.url:
        yield front
