"""One request to a model's process on another machine, over TLS: with a deadline for all of it, and an end."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from typing import Final, cast
from urllib.parse import urlsplit

from core.models.errors import AnswerUnusable
from core.sandboxes import WebAddress

CHUNK_BYTES: Final = 1 << 16
HEAD_BYTES: Final = 100_000  # that an answer may have beside its body, frames of chunks included


class _Received:
    """What has come, in the shape of a socket that http.client reads an answer from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._content)


def call(address: WebAddress, method: str, target: str, body: bytes, *, deadline: float, most: int) -> bytes:
    """The body of its answer. deadline: of the steady clock. Raises OSError, TimeoutError, AnswerUnusable."""
    lines = [
        f"{method} {target} HTTP/1.1", f"Host: {address.host}", "Connection: close", "Accept-Encoding: identity",
        f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in address.headers.items()),
    ]  # fmt: skip
    request = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    answer = http.client.HTTPResponse(
        cast("socket.socket", _Received(_exchange(address, request, deadline, most)))
    )
    try:
        answer.begin()
        content = answer.read(most + 1)
    except (http.client.HTTPException, ValueError) as error:
        raise AnswerUnusable(problem="it gave no whole answer") from error
    if answer.status != http.HTTPStatus.OK:
        raise AnswerUnusable(problem="it failed on these rows")
    if len(content) > most:
        raise AnswerUnusable(problem=f"the answer is longer than {most // 1_000_000} MB")
    return content


def _exchange(address: WebAddress, request: bytes, deadline: float, most: int) -> bytes:
    """All that comes until the other side closes."""
    url = urlsplit(address.url)
    is_tls = url.scheme == "https"
    with socket.create_connection(
        (url.hostname, url.port or (443 if is_tls else 80)), _left(deadline)
    ) as plain:
        connection: socket.socket = plain
        if is_tls:
            connection = ssl.create_default_context().wrap_socket(plain, server_hostname=url.hostname)
        with connection:
            connection.sendall(request)
            answer = bytearray()
            while True:
                connection.settimeout(_left(deadline))
                try:
                    chunk = connection.recv(CHUNK_BYTES)
                except ssl.SSLEOFError:  # closed without a farewell: what is there is looked at
                    chunk = b""
                if not chunk:
                    return bytes(answer)
                answer += chunk
                if len(answer) > most + HEAD_BYTES:
                    raise AnswerUnusable(problem=f"the answer is longer than {most // 1_000_000} MB")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
