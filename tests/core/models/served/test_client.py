"""Asking a model's process: what answers on the socket is a server of this test."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.models.errors import AnswerUnusable
from core.models.served import client

Serve = Callable[[bytes], str]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts what answers each request with these bytes; the path of its socket."""
    servers: list[socketserver.ThreadingUnixStreamServer] = []

    def start(body: bytes) -> str:
        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                head = b"".join(iter(self.rfile.readline, b"\r\n"))
                length = head.lower().partition(b"content-length:")[2].split()[0]
                self.rfile.read(int(length))
                with suppress(BrokenPipeError):  # who asked has had enough of it
                    self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + body)

        path = str(tmp_path / f"{len(servers)}.sock")
        servers.append(socketserver.ThreadingUnixStreamServer(path, Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return path

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_thousand_rows_of_fifty_classes_fit_into_an_answer(serve: Serve) -> None:
    answer = [[1 / 3 / 50 + column * 1e-4 for column in range(50)] for _ in range(1_000)]
    body = json.dumps({"predictions": answer}).encode()
    assert len(body) > client.MAX_ANSWER_BYTES
    assert client.predictions(serve(body), [{}] * 1_000, width=50) == answer


def test_an_answer_longer_than_its_rows_need_is_not_read_to_its_end(serve: Serve) -> None:
    path = serve(json.dumps({"predictions": [0.5] * 400_000}).encode())
    with pytest.raises(AnswerUnusable, match="longer than 1 MB"):
        client.predictions(path, [{}], width=2)


def test_half_an_answer_is_none(serve: Serve) -> None:
    with pytest.raises(AnswerUnusable):
        client.predictions(serve(b'{"predictions": [0.5,'), [{}], width=1)
