"""Connections that ask for too much, against a server of this process with limits of a fraction of a second."""

from __future__ import annotations

import asyncio
import errno
import logging
import select
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from ipaddress import ip_network
from typing import Any

import pytest
import structlog
import uvicorn
from websockets.asyncio.client import connect
from websockets.protocol import State

from core.api.http import bounded_protocol
from core.api.http.connections import Connections, Limits, origin_of
from core.api.http.seldom import AcceptErrors, OncePerSecond, Seldom

QUICK = Limits(head_s=0.2, window_s=0.2, body_rate=1_000, unread_s=0.2, per_address=3, in_all=5)
PATIENT = Limits(head_s=60, window_s=60, per_address=3, in_all=5)
GET = b"GET / HTTP/1.1\r\nHost: x\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Reads all of a body and says how long it is; streams without end where that is asked for."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    n_bytes, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        n_bytes, more = n_bytes + len(message["body"]), message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    gone = asyncio.ensure_future(receive())
    while scope["path"] == "/endless" and not gone.done():
        await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": str(n_bytes).encode()})


@asynccontextmanager
async def served(limits: Limits, *, trusted: str = "") -> AsyncIterator[int]:
    """A server with these limits; its port."""
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, ws="websockets-sansio", timeout_keep_alive=1
    )
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # type: ignore[method-assign]
    bounded_protocol.bound(server, trusted_proxies=trusted, limits=limits)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0)
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = server.force_exit = True
            await serving


async def answered(port: int, *parts: bytes, local: str = "127.0.0.1") -> bytes:
    """What comes back until the server closes. local: the address that it comes from."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(local, 0))
    for part in parts:
        writer.write(part)
        await writer.drain()
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


def run(attack: Callable[[int], Any], limits: Limits = QUICK, **options: str) -> Any:
    async def main() -> Any:
        async with served(limits, **options) as port:
            return await attack(port)

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (GET + b"X-Long: " + b"a" * 17_000 + b"\r\n\r\n", b"431"),
        (GET + b"X: y\r\n" * 3_000 + b"\r\n", b"431"),
        (GET + b"X-Long: " + b"a" * 20_000, b"431"),  # without an end
        (GET + b"Range: bytes=" + b" " * 2_100 + b"x\r\n\r\n", b"431"),
        (GET + b"CONTENT-TYPE:" + b";" * 2_100 + b"\r\n\r\n", b"431"),
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
)
def test_a_head_that_is_too_large_is_refused_with_its_reason(head: bytes, status: bytes) -> None:
    answer = run(lambda port: answered(port, head), PATIENT)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b'{"error": {"code": "' in answer


def test_a_head_behind_another_request_has_the_same_limit() -> None:
    first = GET + b"Content-Length: 3\r\n\r\nabc"
    answer = run(lambda port: answered(port, first + GET + b"X: " + b"a" * 60_000 + b"\r\n\r\n"), PATIENT)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 431" in answer
    assert answer.count(b"HTTP/1.1") == 2


def test_large_cookies_and_tokens_of_others_pass() -> None:
    head = GET + b"Cookie: a=" + b"a" * 7_000 + b"\r\nAuthorization: Bearer " + b"b" * 4_000
    answer = run(lambda port: answered(port, head + b"\r\nConnection: close\r\n\r\n"), PATIENT)
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", b""),
        (b"GET / HT", b"HTTP/1.1 408"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nab", b"HTTP/1.1 408"),
        (GET + b"\r\nGET / HT", b"HTTP/1.1 200"),  # the second is late
    ],
)
def test_what_never_ends_is_cut_off(sent: bytes, status: bytes) -> None:
    answer = run(lambda port: answered(port, sent))
    assert answer.startswith(status)
    assert answer or not status


def test_a_body_that_keeps_coming_may_take_longer_than_any_window() -> None:
    async def upload(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET + b"Connection: close\r\nContent-Length: 5000\r\n\r\n")
        for turn in range(10):
            asyncio.get_running_loop().call_later(0.06 * turn, writer.write, b"x" * 500)
        try:
            return await reader.read()
        finally:
            writer.close()

    answer = run(upload)
    assert b"5000" in answer


def test_a_client_that_reads_nothing_of_an_answer_loses_it() -> None:
    async def stare(port: int) -> int:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
            reset = select.poll()
            reset.register(client, 0)  # errors and the end alone
            return len(await asyncio.to_thread(reset.poll, 10_000))

    assert run(stare) == 1


def test_connections_of_one_address_and_in_all_are_capped() -> None:
    async def crowd(port: int) -> tuple[bytes, bytes, bytes]:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        refused = await answered(port)
        others = [
            await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0)) for _ in range(2)
        ]
        refused_to_all = await answered(port, local="127.0.0.3")
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
        again = await answered(port, GET + b"Connection: close\r\n\r\n")
        for _, writer in others:
            writer.close()
        return refused, refused_to_all, again

    refused, refused_to_all, again = run(crowd, PATIENT)
    assert refused.startswith(b"HTTP/1.1 503")
    assert b"Too many connections are open." in refused
    assert refused_to_all.startswith(b"HTTP/1.1 503")
    assert again.startswith(b"HTTP/1.1 200")


def test_a_trusted_proxy_brings_many_people_and_has_the_cap_of_all_alone() -> None:
    async def crowd(port: int) -> tuple[bytes, bytes]:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
        fifth = await answered(port, GET + b"Connection: close\r\n\r\n")
        held.append(await asyncio.open_connection("127.0.0.1", port))
        sixth = await answered(port)
        for _, writer in held:
            writer.close()
        return fifth, sixth

    fifth, sixth = run(crowd, PATIENT, trusted="127.0.0.0/8, ::1")
    assert fifth.startswith(b"HTTP/1.1 200")
    assert sixth.startswith(b"HTTP/1.1 503")


def test_a_websocket_counts_until_it_is_closed_and_has_no_deadline() -> None:
    async def sockets(port: int) -> tuple[bytes, bytes]:
        opened = [await connect(f"ws://127.0.0.1:{port}/") for _ in range(3)]
        refused = await answered(port)
        await asyncio.wait([asyncio.ensure_future(opened[0].wait_closed())], timeout=2 * QUICK.head_s)
        assert opened[0].state is State.OPEN
        for one in opened:
            await one.close()
        again = await answered(port, GET + b"Connection: close\r\n\r\n")
        return refused, again

    refused, again = run(sockets)
    assert refused.startswith(b"HTTP/1.1 503")
    assert again.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_an_address_counts_with_those_that_one_machine_has(address: str, origin: str) -> None:
    assert origin_of(address) == origin


def test_an_ipv6_proxy_is_exempt_by_its_own_address() -> None:
    held = Connections(Limits(per_address=1), [ip_network("2001:db8::1")])
    assert [held.take(origin_of("2001:db8::1")) for _ in range(2)] == [True, True]
    assert [held.take(origin_of("2001:db8:9::1")) for _ in range(2)] == [True, False]


def test_something_is_said_once_a_second() -> None:
    now = 5.0
    may_tell = Seldom(lambda: now)
    said = []
    for at in (5.0, 5.9, 6.0, 6.1):
        now = at
        said.append(may_tell())
    assert said == [True, False, True, False]


def test_the_servers_warnings_about_clients_are_said_once_a_second_each() -> None:
    now = 0.0
    once = OncePerSecond(lambda: now)

    def record(message: str) -> logging.LogRecord:
        return logging.LogRecord("uvicorn.error", logging.WARNING, "", 0, message, None, None)

    garbage, other = record("Invalid HTTP request received."), record("Something else")
    assert [once.filter(one) for one in (garbage, garbage, other, other)] == [True, False, True, True]
    now = 1.0
    assert once.filter(garbage)


def test_out_of_descriptors_is_said_once_a_second_and_other_errors_as_ever() -> None:
    loop, now, others = asyncio.new_event_loop(), 0.0, list[dict[str, Any]]()
    handler = AcceptErrors(lambda: now, otherwise=lambda _loop, context: others.append(context))
    full = {"message": "socket.accept() out of system resource", "exception": OSError(errno.EMFILE, "full")}
    with structlog.testing.capture_logs() as logged:
        for _ in range(1_000):
            handler(loop, full)
        now = 1.0
        handler(loop, full)
    handler(loop, {"message": "Task exception was never retrieved", "exception": ValueError()})
    loop.close()
    assert [one["event"] for one in logged] == ["connections can't be accepted"] * 2
    assert len(others) == 1
