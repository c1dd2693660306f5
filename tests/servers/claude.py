"""A server of ours that speaks like the Messages API, for what no server of others does; on loopback, in a thread.

Told what to answer next, it cuts connections, answers pages of a proxy, counts tokens, has batches whose requests fail,
refuses a key from one moment on, and keeps quotas. `python -m tests.servers.claude '{"latency_s": 0.5}'` starts one in
a process of its own and prints its port.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

TALK = {
    "messages": [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Good morning."}]
}
ENRICHED = {
    "topics": ["greeting"], "emotion": "neutral", "difficulty": "easy", "summary": "They greet each other.",
}  # fmt: skip
REASONS = {200: "OK", 429: "Too Many Requests"}


def message(text: str = json.dumps(TALK), *, stop_reason: str = "end_turn", **usage: Any) -> dict[str, Any]:
    """A reply as the API gives it."""
    return {
        "id": "msg_of_a_test", "type": "message", "role": "assistant", "model": "claude-haiku-5-5",
        "content": [{"type": "text", "text": text}], "stop_reason": stop_reason, "stop_sequence": None,
        "usage": {"input_tokens": 120, "output_tokens": 90, **usage},
    }  # fmt: skip


def refusal(kind: str, text: str = "Refused.", *, error_code: str = "") -> dict[str, Any]:
    """An error as the API tells it."""
    details = {"details": {"error_code": error_code}} if error_code else {}
    return {"type": "error", "error": {"type": kind, "message": text, **details}}


@dataclass(frozen=True)
class Answer:
    """What one request gets. body: JSON, or bytes as they are. cut: after so many bytes of all the connection ends."""

    status: int = 200
    body: Any = field(default_factory=message)
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    delay_s: float = 0.0
    cut: int | None = None
    is_endless: bool = False

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


LOST = Answer(cut=0)  # it was accepted, and nobody hears of it


@dataclass(frozen=True)
class Asked:
    """A request that came. body: as JSON."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Quota:
    """A bucket of requests. says_so: whether answers name it in their headers."""

    per_s: float
    capacity: float
    says_so: bool = True
    level: float = field(init=False)
    at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.level = self.capacity

    def take(self) -> bool:
        now = time.monotonic()
        self.level = min(self.capacity, self.level + (now - self.at) * self.per_s)
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True

    def headers(self) -> dict[str, str]:
        if not self.says_so:
            return {}
        full_at = datetime.now(UTC) + timedelta(seconds=(self.capacity - self.level) / self.per_s)
        return {
            "anthropic-ratelimit-requests-limit": str(round(self.per_s * 60)),
            "anthropic-ratelimit-requests-remaining": str(math.floor(self.level)),
            "anthropic-ratelimit-requests-reset": full_at.isoformat(timespec="seconds"),
        }


class ClaudeServer:
    """A running server; `stop` ends it.

    next: answers that are given first, each once, to POST /v1/messages. always: what is answered otherwise; None is a
    good reply. paths: answers to others, by method and path. key_works: whether the key is known. lose_answers_to: a
    path; what is sent there is done, and nobody hears of it. ends: what becomes of a batch's requests, by `custom_id`,
    where it is not "succeeded". tells_apart: whether no two replies are the same. varies: how long they
    are, by what they say that they used: half of them take up to 600 tokens, one in ten more than 1,150.
    """

    def __init__(
        self,
        *,
        latency_s: float = 0.0,
        quota: Quota | None = None,
        p_429: float = 0.0,
        p_529: float = 0.0,
        tells_apart: bool = False,
        varies: bool = False,
    ) -> None:
        self.next: deque[Answer] = deque()
        self.always: Answer | None = None
        self.paths: dict[tuple[str, str], Answer] = {}
        self.key_works = True
        self.lose_answers_to = ""
        self.ends: dict[str, dict[str, Any]] = {}
        self.asked: list[Asked] = []
        self.batches: dict[str, dict[str, Any]] = {}
        self.n_refused = self.n_in_flight = 0
        self.accepted = Counter[int]()  # good replies that were promised, and are paid for, by their prompt
        self.latency_s, self.quota, self._p_429, self._p_529 = latency_s, quota, p_429, p_529
        self._random, self._tells_apart, self._varies = Random(7), tells_apart, varies
        self._requests: dict[str, list[dict[str, Any]]] = {}
        self._goes_on = asyncio.Event()
        self._goes_on.set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=2_000), self._loop
        )
        self._server = listening.result(30)
        self.port = int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> ClaudeServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def hold(self) -> None:
        """Take requests and answer none, until `go_on`."""
        self._loop.call_soon_threadsafe(self._goes_on.clear)

    def go_on(self) -> None:
        self._loop.call_soon_threadsafe(self._goes_on.set)

    def stop(self) -> None:
        """End it, with all connections."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").split("\r\n")[:-2]
                headers = {
                    name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)
                }
                body = await reader.readexactly(int(headers.get("content-length") or 0))
                method, target, _ = first.split(" ")
                asked = Asked(method, target.partition("?")[0], headers, json.loads(body) if body else None)
                self.asked.append(asked)
                answer = self._answer(asked)
                self.n_in_flight += 1
                try:
                    if asked.path == self.lose_answers_to or not await self._write(answer, writer):
                        break
                finally:
                    self.n_in_flight -= 1
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client has left, or we do
        finally:
            writer.close()

    async def _write(self, answer: Answer, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection goes on."""
        await self._goes_on.wait()
        if answer.delay_s:
            await asyncio.sleep(answer.delay_s)
        content = answer.content()
        length = "transfer-encoding: chunked" if answer.is_endless else f"content-length: {len(content)}"
        lines = [
            f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Said')}",
            f"content-type: {answer.content_type}", length, "request-id: req_of_a_test",
            *(f"{name}: {value}" for name, value in answer.headers.items()),
        ]  # fmt: skip
        sent = "\r\n".join(lines).encode() + b"\r\n\r\n"
        if answer.is_endless:
            writer.write(sent)
            while True:
                writer.write(b"%x\r\n%s\r\n" % (len(content), content))
                await writer.drain()
        sent += content
        writer.write(sent if answer.cut is None else sent[: answer.cut])
        await writer.drain()
        return answer.cut is None

    def _answer(self, asked: Asked) -> Answer:
        if not self.key_works:
            return Answer(401, refusal("authentication_error", "invalid x-api-key"))
        if planned := self.paths.get((asked.method, asked.path)):
            return planned
        match asked.method, asked.path.removeprefix("/v1/messages"):
            case "POST", "":
                answer = self._message(asked.body)
                if answer.status == 200:
                    self.accepted[hash(json.dumps(asked.body.get("messages")))] += 1
                return answer
            case "POST", "/count_tokens":
                n = len(json.dumps(asked.body.get("messages"))) // 4
                return Answer(body={"input_tokens": n})
            case "POST", "/batches":
                return Answer(body=self._new_batch(asked.body["requests"]))
            case "GET", "/batches":
                listed = sorted(self.batches.values(), key=lambda one: str(one["created_at"]), reverse=True)
                return Answer(body={"data": listed, "has_more": False})
            case _:
                return self._of_batch(asked)

    def _message(self, body: dict[str, Any]) -> Answer:
        if self.next:
            return self.next.popleft()
        if self.always is not None:
            return self.always
        headers, chance = dict[str, str](), self._random.random()
        if chance < self._p_429 + self._p_529:
            self.n_refused += 1
            status, kind = (429, "rate_limit_error") if chance < self._p_429 else (529, "overloaded_error")
            return Answer(status, refusal(kind), {"retry-after": "1"})
        if self.quota is not None:
            is_let_in = self.quota.take()
            headers = self.quota.headers()
            if not is_let_in:
                self.n_refused += 1
                return Answer(429, refusal("rate_limit_error"), {"retry-after": "1", **headers})
        if self._varies:
            n_output = min(2_000, round(self._random.lognormvariate(math.log(600), 0.5)))
            return Answer(body=message(output_tokens=n_output), headers=headers, delay_s=self.latency_s)
        if "topics" in json.dumps(body.get("output_config")):
            return Answer(body=message(json.dumps(ENRICHED)), headers=headers, delay_s=self.latency_s)
        if not self._tells_apart:
            return Answer(headers=headers, delay_s=self.latency_s)
        said = [TALK["messages"][0], {"role": "assistant", "content": f"This is reply {len(self.asked)}."}]
        return Answer(body=message(json.dumps({"messages": said})), headers=headers, delay_s=self.latency_s)

    def _new_batch(self, requests: list[dict[str, Any]]) -> dict[str, Any]:
        now, batch_id = datetime.now(UTC), f"msgbatch_{len(self.batches)}"
        counts = {"processing": len(requests), "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
        self._requests[batch_id] = requests
        self.batches[batch_id] = {
            "id": batch_id, "type": "message_batch", "processing_status": "in_progress",
            "request_counts": counts, "created_at": now.isoformat(), "ended_at": None,
            "expires_at": (now + timedelta(days=1)).isoformat(), "results_url": None,
        }  # fmt: skip
        return self.batches[batch_id]

    def end(self, batch_id: str) -> None:
        """The batch is ready, as `ends` says."""
        batch, counts = (
            self.batches[batch_id],
            dict.fromkeys(("succeeded", "errored", "canceled", "expired"), 0),
        )
        for one in self._requests[batch_id]:
            counts[self._result(one["custom_id"])["type"]] += 1
        batch |= {"processing_status": "ended", "request_counts": {"processing": 0, **counts}}
        batch |= {"ended_at": datetime.now(UTC).isoformat(), "results_url": "http://203.0.113.1/elsewhere"}

    def _result(self, custom_id: str) -> dict[str, Any]:
        return self.ends.get(custom_id) or {"type": "succeeded", "message": message(service_tier="batch")}

    def _of_batch(self, asked: Asked) -> Answer:
        batch_id, _, what = asked.path.removeprefix("/v1/messages/batches/").partition("/")
        if (batch := self.batches.get(batch_id)) is None:
            return Answer(404, refusal("not_found_error", "Not found"))
        if what == "cancel":
            batch["processing_status"] = "canceling"
        if what != "results":
            return Answer(body=batch)
        lines = [
            {"custom_id": one["custom_id"], "result": self._result(one["custom_id"])}
            for one in reversed(self._requests[batch_id])
        ]
        content = b"\n".join(json.dumps(line).encode() for line in lines)
        return Answer(body=content, content_type="application/x-jsonl")


def main(arguments: list[str]) -> None:
    """Serve until standard input ends."""
    options = json.loads(arguments[0]) if arguments else {}
    quota = Quota(**options.pop("quota")) if "quota" in options else None
    server = ClaudeServer(quota=quota, **options)
    print(server.port, flush=True)  # noqa: T201  # whoever started it reads this
    tell: dict[str, Callable[[], object]] = {
        "refused": lambda: server.n_refused,
        "asked": lambda: len(server.asked),
        "in flight": lambda: server.n_in_flight,
        "accepted": lambda: server.accepted.total(),
        "again": lambda: server.accepted.total() - len(server.accepted),
        "revoke": lambda: setattr(server, "key_works", False),
        "restore": lambda: setattr(server, "key_works", True),
        "hold": server.hold,
        "go on": server.go_on,
    }
    for line in sys.stdin:
        print(json.dumps(tell[line.strip()]()), flush=True)  # noqa: T201
    server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
