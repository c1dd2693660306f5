"""The writer against servers that answer anything: what counts as told, what is tried again, and what is refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from core.training.package.files import predictions_writer
from core.training.package.files.desk import Desk, OutOfReach, Refused
from core.training.package.files.predictions_writer import SENT, SPOOL, PredictionsWriter
from core.training.package.files.spool import Progress, Spool, last
from tests.servers.posts import Answer, answering
from tests.servers.waiting import PATIENCE_S

JOB = {"job_id": "j", "attempt": 1, "model_name": "Churn"}
HELLO = (200, json.dumps({"job_id": "j", "user_id": "u"}).encode())
OK = (200, b'{"accepted": 1}')


@dataclass
class Server:
    """Answers as `script` says, and keeps what came."""

    script: Callable[[str, Any], Answer]
    url: str = ""
    got: list[tuple[str, Any]] = field(default_factory=list)

    def rows(self, kind: str) -> list[Any]:
        return [row for path, body in self.got if f"/{kind}/" in path for row in body["rows"]]


@contextmanager
def serving(script: Callable[[str, Any], Answer]) -> Iterator[Server]:
    server = Server(script)

    def say(path: str, _headers: Mapping[str, str], payload: bytes) -> Answer:
        body = json.loads(payload)
        answer = server.script(path, body)
        if answer in (HELLO, OK):
            server.got.append((path, body))
        return answer

    with answering(say) as server.url:
        yield server


def desk(server: Server) -> Desk:
    return Desk(server.url, "token")


def is_hello(path: str) -> bool:
    return path.endswith("/local/jobs")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that nobody has to wait for."""
    monkeypatch.setattr(predictions_writer, "SHORTEST_PAUSE_S", 0.001)
    monkeypatch.setattr(predictions_writer, "LONGEST_PAUSE_S", 0.002)


def told(writer: PredictionsWriter, n_rows: int) -> None:
    writer.begin()
    for n in range(1, n_rows + 1):
        writer.prediction(n, actual="a", predicted="b", probability=0.5)
    writer.end("succeeded")


@pytest.mark.parametrize(
    "rubbish",
    [
        (200, b"<html>Sign in to the network</html>"),
        (200, b"[" * 100_000),
        (200, b"[]"),
        (204, b""),
        (408, b""),
        (425, b"{"),
        (429, b'{"error": "slow"}'),
        (500, b"\xff\xfe"),
        (503, b'{"error": {"message": 7, "hint": null}}'),
        (302, b""),  # a network that wants a sign-in, in mid-run
    ],
)
def test_what_does_not_count_is_tried_again_until_it_does(tmp_path: Path, rubbish: Answer) -> None:
    left = [rubbish] * 3

    def script(path: str, body: Any) -> Answer:
        if is_hello(path):
            return HELLO
        return left.pop() if left else OK

    with serving(script) as server:
        writer = PredictionsWriter(desk(server), tmp_path, job=JOB)
        told(writer, 3)
        assert writer.finish(PATIENCE_S) == "sent"
        writer.close()
    assert [row["row"] for row in server.rows("predictions")] == [1, 2, 3]
    assert {row["user_id"] for row in server.rows("predictions")} == {"u"}
    assert server.got[-1][0].endswith("/end")


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 422])
def test_what_is_refused_stops_at_once_and_is_kept(tmp_path: Path, status: int) -> None:
    error = json.dumps({"error": {"code": "c", "message": "No\x1b[31m.", "hint": "Try."}}).encode()
    stopped = threading.Event()

    def script(path: str, body: Any) -> Answer:
        return HELLO if is_hello(path) else (status, error)

    with serving(script) as server:
        writer = PredictionsWriter(desk(server), tmp_path, job=JOB, on_stop=stopped.set)
        told(writer, 3)
        assert stopped.wait(PATIENCE_S)
        assert writer.finish(PATIENCE_S) == "refused"
        writer.close()
    assert writer.refusal is not None
    assert writer.refusal.status == status
    assert (tmp_path / SPOOL).stat().st_size > 0


def test_a_batch_that_is_too_large_on_the_way_is_halved_until_it_fits(tmp_path: Path) -> None:
    def script(path: str, body: Any) -> Answer:
        if is_hello(path):
            return HELLO
        return (413, b"too large") if len(body.get("rows", ())) > 60 else OK

    with serving(script) as server:
        writer = PredictionsWriter(desk(server), tmp_path, job=JOB)
        told(writer, 1_100)
        assert writer.finish(PATIENCE_S) == "sent"
        writer.close()
    assert [row["row"] for row in server.rows("predictions")] == list(range(1, 1_101))
    numbers = [body["batch"] for path, body in server.got if "/predictions/" in path]
    assert numbers == list(range(1, len(numbers) + 1))


def test_where_something_else_leads_away_from_the_start_it_is_a_refusal(tmp_path: Path) -> None:
    with serving(lambda path, body: (301, b"")) as server:
        writer = PredictionsWriter(desk(server), tmp_path, job=JOB)
        with pytest.raises(Refused, match="MODEL_DESK_URL"):
            writer.begin()
        writer.close()


def test_what_no_database_keeps_is_told_in_other_letters(tmp_path: Path) -> None:
    with serving(lambda path, body: HELLO if is_hello(path) else OK) as server:
        writer = PredictionsWriter(desk(server), tmp_path, job=JOB)
        writer.begin()
        writer.prediction(1, actual="a\0", predicted="\ud800", probability=None)
        writer.end("failed", "\0\udfff" + 2_000 * "ü")
        assert writer.finish(PATIENCE_S) == "sent"
        writer.close()
    (row,) = server.rows("predictions")
    assert (row["actual"], row["prediction"]) == ("a?", "?")
    assert server.got[-1][1]["reason"] == "??" + 998 * "ü"


def test_a_damaged_spool_stops_it_by_name(tmp_path: Path) -> None:
    stopped = threading.Event()
    (tmp_path / SPOOL).write_bytes(b'{"kind": "metr\n{"kind": "end", "status": "succeeded", "reason": ""}\n')
    with serving(lambda path, body: HELLO if is_hello(path) else OK) as server:
        writer = PredictionsWriter(desk(server), tmp_path, job=JOB, on_stop=stopped.set)
        writer.begin()
        assert writer.finish(PATIENCE_S) == "out of reach"
        writer.close()
    assert stopped.is_set()
    assert SPOOL in str(writer.spool_error)


def test_the_last_line_of_a_spool_says_whether_a_run_has_ended(tmp_path: Path) -> None:
    path = tmp_path / SPOOL
    assert last(path) is None
    for line, status in (
        (b'{"kind": "metrics", "rows": []}\n', None),
        (b'{"kind": "end", "status": "succeeded", "reason": "' + 12_000 * b"x" + b'"}\n', "succeeded"),
        (b'{"kind": "end", "status": "fai', "succeeded"),  # torn
        (b'led"}\n' + b'{"kind": "predictions", "rows": [' + 30_000 * b" " + b"]}\n", None),
    ):
        with path.open("ab") as file:
            file.write(line)
        found = last(path)
        assert (found and found["status"]) == status


def test_a_row_that_is_too_large_by_itself_is_a_refusal(tmp_path: Path) -> None:
    with serving(lambda path, body: HELLO if is_hello(path) else (413, b"")) as server:
        writer = PredictionsWriter(desk(server), tmp_path, job=JOB)
        told(writer, 2)
        assert writer.finish(PATIENCE_S) == "refused"
        writer.close()


def test_another_process_goes_on_where_the_last_one_was_ended_with_the_same_numbers(tmp_path: Path) -> None:
    """The last one was killed after the app had taken a batch and before it could note that."""
    first: list[Any] = []

    def script(path: str, body: Any) -> Answer:
        if is_hello(path):
            return HELLO
        first.append(body)
        return (503, b"") if len(first) > 1 else OK

    with serving(script) as server:
        writer = PredictionsWriter(desk(server), tmp_path, job=JOB)
        told(writer, 1_200)
        assert writer.finish(0.2) == "out of reach"
        writer.close()
        Progress().write(tmp_path / SENT)
        seen: list[Any] = []

        def again(path: str, body: Any) -> Answer:
            seen.append(body)
            return HELLO if is_hello(path) else OK

        with serving(again) as later:
            writer = PredictionsWriter(desk(later), tmp_path, job=JOB)
            writer.begin()
            assert writer.finish(PATIENCE_S) == "sent"
            writer.close()
    sent = [body for body in first if "batch" in body]
    assert next(body for body in seen if "batch" in body) == sent[0]
    assert [row["row"] for row in later.rows("predictions")] == list(range(1, 1_201))


def test_a_line_that_was_torn_is_no_line(tmp_path: Path) -> None:
    path = tmp_path / "spool.jsonl"
    path.write_bytes(b'{"a": 1}\n{"b": "' + b"x" * 3_000_000)
    spool = Spool(path)
    spool.append('{"c": 3}')
    first = spool.at(0)
    assert first is not None
    assert (first[0], spool.at(first[1]), spool.at(spool.size)) == ({"a": 1}, ({"c": 3}, spool.size), None)
    spool.close()


def test_no_answer_at_all_and_a_foreign_one_are_out_of_reach(tmp_path: Path) -> None:
    with serving(lambda path, body: HELLO) as server:
        pass
    with pytest.raises(OutOfReach):
        desk(server).post("/local/jobs", {})


@pytest.mark.parametrize(
    "address", ["", "desk", "ftp://desk", "http://", "http://u:p@desk", "http://[::1", "http://desk/my desk"]
)
def test_an_address_that_is_none_is_said_before_anything_is_sent(address: str) -> None:
    with pytest.raises(ValueError):  # each says it in its own way
        Desk(address, "")


@pytest.mark.parametrize("token", ["a\nb", "a\0b", "töken", "\ud800"])
def test_a_token_that_is_none_is_said_before_anything_is_sent(token: str) -> None:
    with pytest.raises(ValueError, match="MODEL_DESK_TOKEN"):
        Desk("http://desk", token)


def test_a_refusal_at_the_start_is_raised_before_anything_is_trained(tmp_path: Path) -> None:
    with serving(lambda path, body: (401, b'{"error": {"message": "No."}}')) as server:
        writer = PredictionsWriter(desk(server), tmp_path, job=JOB)
        with pytest.raises(Refused, match="No") as refused:
            writer.begin()
        writer.close()
    assert refused.value.is_about_token
