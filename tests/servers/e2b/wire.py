"""The bytes of the emulator's requests and answers."""

from __future__ import annotations

import json
import selectors
import socket
import ssl
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, unquote_plus


def plain(text: str) -> str:
    return unquote(unquote_plus(text))


def head(connection: socket.socket) -> tuple[bytes, bytes]:
    found = b""
    while b"\r\n\r\n" not in found:
        if not (chunk := connection.recv(1 << 16)):
            return b"", b""
        found += chunk
    head, _, rest = found.partition(b"\r\n\r\n")
    return head, rest


def pass_on(client: socket.socket, inner: socket.socket) -> None:
    """Both ways, until the sandbox's side has ended; by one thread, as TLS bears no two."""
    with suppress(OSError, ValueError), selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ)
        selector.register(inner, selectors.EVENT_READ)
        while True:
            is_pending = isinstance(client, ssl.SSLSocket) and client.pending()
            ready = {key.fileobj for key, _ in selector.select(0 if is_pending else None)}
            if is_pending or client in ready:
                if data := client.recv(1 << 16):
                    inner.sendall(data)
                else:  # the client has left: nobody waits for the rest
                    return
            if inner in ready:
                if not (data := inner.recv(1 << 16)):
                    return
                client.sendall(data)


def answer(connection: socket.socket, status: int, said: Any) -> None:
    send(connection, status, b"" if said is None else json.dumps(said).encode())


def send(connection: socket.socket, status: int, content: bytes) -> None:
    lines = [
        f"HTTP/1.1 {status} Said", "content-type: application/json", f"content-length: {len(content)}",
        "connection: close",
    ]  # fmt: skip
    connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
