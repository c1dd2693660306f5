"""`make bench ONLY=heads`: what hostile heads cost while somebody else asks for the app's health.

Each is sent to each route of the running app, one after the other, by one client; another asks `/api/health` without
pause. Said of each head: the status that answers it, its slowest answer, and the slowest answer of health meanwhile.
Writes results/heads.json, and exits non-zero where health took longer than MOST_HEALTH_MS, or one head more than
MOST_HEAD_MS of the app's processor time.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tests.servers.app import App, running

RESULTS = Path(__file__).parent / "results" / "heads.json"
MOST_HEALTH_MS, MOST_HEAD_MS = 200.0, 50.0
ROUTES = ("/", "/api/uploads", "/api/predictions", "/api/models", "/api/csv", "/api/docs", "/_stcore/health",
          "/_stcore/stream", "/login", "/static/x.js", "/media/x", "/nothing")  # fmt: skip
SIZE = 15_000


def heads(port: int) -> Iterator[tuple[str, bytes]]:
    """(what it is, all lines behind the first)."""
    host = f"Host: localhost:{port}\r\n".encode()
    several: dict[str, bytes] = {
        "plain": b"",
        "cookie, quoted backslashes": b'Cookie: a="' + b"\\a" * (SIZE // 2) + b'"',
        "cookie of ours, quoted": b'Cookie: model_desk_%d="' % port + b"\\a" * (SIZE // 2) + b'"',
        "cookie, thousands": b"Cookie: " + b"a=b;" * (SIZE // 4),
        "cookie of ours, thousands": b"Cookie: " + b"_streamlit_xsrf=2|a|b|1;" * (SIZE // 24),
        "range, blanks": b"Range: bytes=" + b" " * 1_900 + b"x",
        "range, many": b"Range: bytes=" + b"0-1," * 450,
        "content type, semicolons": b"Content-Type: multipart/form-data" + b';a="b' * 380,
        "content type, quotes": b'Content-Type: multipart/form-data; boundary="' + b'\\"' * 900,
        "accept, commas": b"Accept: " + b"a/b;q=0.1," * 190,
        "accept encoding": b"Accept-Encoding: " + b"gzip;q=0.1," * 170,
        "if-none-match, commas": b"If-None-Match: " + b'"a",' * 490,
        "bearer, dots": b"Authorization: Bearer " + b"." * SIZE,
        "bearer, nested": b"Authorization: Bearer "
        + b"W1tb" * (SIZE // 8)
        + b"."
        + b"W1tb" * (SIZE // 9)
        + b".x",
        "forwarded, commas": b"X-Forwarded-For: " + b"1.1.1.1," * 240,
        "thousands of headers": b"\r\n".join(b"X%d: y" % n for n in range(1_500)),
        "one long header": b"X: " + b"a" * SIZE,
        "websocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: " + b"a" * 1_900,
        "too large": b"X: " + b"a" * 60_000,
    }
    for name, lines in several.items():
        yield name, host + (lines + b"\r\n" if lines else b"")


def main() -> int:
    with (
        tempfile.TemporaryDirectory(prefix="model-desk-heads-") as folder,
        running(Path(folder), WORKERS="0") as app,
    ):
        measured(app, "warm up", f"Host: localhost:{app.port}\r\n".encode())
        found = [measured(app, name, lines) for name, lines in heads(app.port)]
        n_tracebacks = app.log().count("Traceback")
    for one in found:
        print(
            f"{one['head']:28} {one['statuses']!s:28} {one['head_ms']:7.1f} ms   health {one['health_ms']:6.1f} ms"
        )
    print(f"{n_tracebacks} tracebacks in the log")
    RESULTS.write_text(json.dumps({"cores": os.cpu_count(), "heads": found}, indent=1) + "\n")
    slow = [one for one in found if one["health_ms"] > MOST_HEALTH_MS or one["head_ms"] > MOST_HEAD_MS]
    for one in slow:
        print(f"Too slow: {one['head']}", file=sys.stderr)
    return 1 if slow or n_tracebacks else 0


def measured(app: App, name: str, lines: bytes) -> dict[str, Any]:
    """What one head costs on the dearest route: processor time of the app, the least of three."""
    ended, slowest_s = threading.Event(), [0.0]
    watching = threading.Thread(target=_ask_for_health, args=(app.port, ended, slowest_s))
    watching.start()
    process, statuses, dearest_s = psutil.Process(app.pid), set[int](), 0.0
    for route in ROUTES:
        sent = b"GET " + route.encode() + b" HTTP/1.1\r\n" + lines + b"Connection: close\r\n\r\n"
        costs = []
        for _ in range(3):
            began = sum(process.cpu_times()[:2])
            for _ in range(3):
                statuses.add(_status(app.port, sent))
            costs.append((sum(process.cpu_times()[:2]) - began) / 3)
        dearest_s = max(dearest_s, min(costs))
    ended.set()
    watching.join()
    return {
        "head": name,
        "statuses": sorted(statuses),
        "head_ms": round(dearest_s * 1e3, 1),
        "health_ms": round(slowest_s[0] * 1e3, 1),
    }


def _ask_for_health(port: int, ended: threading.Event, slowest_s: list[float]) -> None:
    client = http.client.HTTPConnection("localhost", port)
    while not ended.wait(0.02):
        began = time.perf_counter()
        client.request("GET", "/_stcore/health")
        client.getresponse().read()
        slowest_s[0] = max(slowest_s[0], time.perf_counter() - began)
    client.close()


def _status(port: int, sent: bytes) -> int:
    """The status of the answer; 0 where there is none."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        with suppress(ConnectionError):
            client.sendall(sent)
        try:
            answer = client.recv(64)
        except ConnectionError:
            answer = b""
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else 0


if __name__ == "__main__":
    sys.exit(main())
