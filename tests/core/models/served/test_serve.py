"""The server that a model's process is, where anybody reaches it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.models.served import client, serve


class Hasty(serve.PublicServer):
    idle_s, longest_s = 0.1, 0.3


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of a server beside whose model a page lies."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.html").write_text("<h1>Page</h1>")
    with Hasty("serve.sock", serve.Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield "serve.sock"
        server.shutdown()


def connected(address: str, sent: bytes = b"") -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(20.0)
    connection.connect(address)
    connection.sendall(sent)
    return connection


def status(address: str, request: bytes) -> bytes:
    with connected(address, request) as connection, connection.makefile("rb") as answer:
        return answer.readline().split()[1]


def test_who_holds_all_places_holds_them_for_a_while_alone(address: str) -> None:
    """Idle ones, and one that drips: without a bound each is a thread, and too many of them end the process."""
    n_before = threading.active_count()
    held = [connected(address) for _ in range(2 * serve.MOST_AT_ONCE)]
    dripping = connected(address, b"GET / HTT")
    assert threading.active_count() - n_before <= serve.MOST_AT_ONCE
    assert client.health(address, nonce="", timeout_s=20.0)
    assert all(connection.recv(1) == b"" for connection in held)
    with suppress(OSError):
        while True:
            dripping.sendall(b"P")
    for connection in (*held, dripping):
        connection.close()


def test_nobody_makes_it_keep_what_is_long_or_has_no_end(address: str) -> None:
    most = serve.MOST_ROWS_BYTES
    for head, answer in {
        f"POST /predict HTTP/1.0\r\nContent-Length: {most + 1}": b"413",
        "POST /predict HTTP/1.0\r\nContent-Length: -1": b"411",
        "POST /predict HTTP/1.0": b"411",
        "POST /score HTTP/1.0\r\nContent-Length: 5": b"404",
        f"POST /answer HTTP/1.0\r\nContent-Length: {serve.MOST_BYTES + 1}": b"413",
    }.items():
        assert status(address, f"{head}\r\n\r\n".encode()) == answer, head


def test_people_are_counted_and_machines_are_not(address: str) -> None:
    def visits() -> int | None:
        return client.look(address, nonce="").n_visits

    before = visits()
    assert before is not None
    for path in ("/status", "/health", "/nowhere"):
        status(address, f"GET {path} HTTP/1.0\r\n\r\n".encode())
    assert visits() == before
    assert status(address, b"GET / HTTP/1.0\r\n\r\n") == b"200"
    assert status(address, b"POST /answer HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}") == b"422"
    assert visits() == before + 2


@pytest.mark.parametrize("said", ["-1", "true", "1e9", '"9"', "null", "9" * 40])
def test_a_count_that_is_none_is_not_believed(tmp_path: Path, said: str) -> None:
    path = str(tmp_path / "s")
    body = f'{{"nonce": "n", "visits": {said}}}'.encode()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()

        def answer() -> None:
            connection, _ = listening.accept()
            connection.recv(1_000)
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + body)
            connection.close()

        threading.Thread(target=answer, daemon=True).start()
        assert client.look(path, nonce="n").n_visits is None
    assert json.loads(body)["nonce"] == "n"


def test_a_date_of_the_page_becomes_the_numbers_that_the_model_learnt_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = [
        {"name": f"day: {part}", "kind": "number", "part": part, "source": "day"}
        for part in ("month", "weekday", "hour")
    ]
    features = [{"name": "day", "kind": "number", "date": "day"}, *parts]
    features += [{"name": "at", "kind": "number", "date": "time"}]
    monkeypatch.setattr(serve, "JOB", {"features": features, "labels": []})
    seen: list[list[float]] = []

    def answers(frame: pd.DataFrame) -> np.ndarray:
        seen.append(frame.iloc[0].tolist())
        return np.zeros(1)

    monkeypatch.setattr(serve, "answers", answers)
    serve.answer_of({"rows": [{"day": "2024-07-12 14:30", "at": "06:00"}]})
    serve.answer_of({"rows": [{"day": "", "at": None}]})
    assert seen[0] == [19916 + 870 / 1440, 7, 4, 14, 0.25]
    assert np.isnan(seen[1]).all()
    for odd in ("31.02.2024", "soon", 45485, True, "9" * 40):
        with pytest.raises(ValueError, match="'day' is no date"):
            serve.answer_of({"rows": [{"day": odd}]})
    with pytest.raises(ValueError, match="no column 'day: month'"):
        serve.answer_of({"rows": [{"day: month": 7}]})
