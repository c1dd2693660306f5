"""Asks a model's process, through its unix socket or over the web, and believes nothing of what comes back.

What answers may be code that nobody has read. So a call has one deadline, whatever drips in, and its answer an end;
what is left is read as JSON, or as plain floats, and looked at by the caller.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any, Final

from core.models.errors import AnswerUnusable, NoAnswer
from core.models.served import web
from core.sandboxes import Address, WebAddress

MAX_ANSWER_BYTES: Final = 1_000_000  # and of predictions as much more as their numbers may take
NUMBER_BYTES: Final = 28  # of one number in JSON, with what stands around it
CHUNK_BYTES: Final = 1 << 16
MOST_VISITS: Final = 1 << 53


@dataclass(frozen=True)
class Health:
    """n_visits: how often people have asked it at its own address, as it says; None where it does not."""

    n_visits: int | None


def health(address: Address, *, nonce: str, timeout_s: float = 3.0) -> bool:
    """Whether the very process answers that was given this nonce."""
    try:
        look(address, nonce=nonce, timeout_s=timeout_s)
    except AnswerUnusable:
        return False
    return True


def look(address: Address, *, nonce: str, timeout_s: float = 3.0) -> Health:
    """How the very process is that was given this nonce. Raises AnswerUnusable with what is wrong."""
    try:
        said = json.loads(call(address, "GET", "/health", timeout_s=timeout_s))
    except (ValueError, RecursionError) as error:
        raise AnswerUnusable(problem="it is not of the expected shape") from error
    if not isinstance(said, dict) or said.get("nonce") != nonce:
        raise AnswerUnusable(problem="another process answers at its address")
    n_visits = said.get("visits")
    is_count = isinstance(n_visits, int) and not isinstance(n_visits, bool) and 0 <= n_visits < MOST_VISITS
    return Health(n_visits if is_count else None)


def predictions(address: Address, rows: list[dict[str, Any]], *, width: int, timeout_s: float = 30.0) -> Any:
    """What it says of these rows, as it says it. width: how many numbers answer a row. Raises AnswerUnusable."""
    body = json.dumps({"rows": rows}, allow_nan=False).encode()
    most = MAX_ANSWER_BYTES + len(rows) * width * NUMBER_BYTES
    content = call(address, "POST", "/predict", body, timeout_s=timeout_s, max_bytes=most)
    try:
        return json.loads(content)["predictions"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise AnswerUnusable(problem="it is not of the expected shape") from error


def call(
    address: Address,
    method: str,
    target: str,
    body: bytes = b"",
    *,
    timeout_s: float,
    max_bytes: int = MAX_ANSWER_BYTES,
) -> bytes:
    """The body of its answer.

    Raises NoAnswer where it says nothing, AnswerUnusable for none in time, one too long, and any but a 200.
    """
    deadline = time.monotonic() + timeout_s
    try:
        if isinstance(address, WebAddress):
            return web.call(address, method, target, body, deadline=deadline, most=max_bytes)
        head = f"{method} {target} HTTP/1.0\r\nHost: model\r\nContent-Length: {len(body)}\r\n\r\n"
        answer = _exchange(address, head.encode() + body, deadline=deadline, most=max_bytes)
    except TimeoutError as error:
        raise AnswerUnusable(problem=f"there was no whole answer within {timeout_s:.0f} seconds") from error
    except ssl.SSLError as error:
        why = getattr(error, "verify_message", "") or error.reason or "no reason is given"
        raise AnswerUnusable(problem=f"TLS fails at its address ({why})") from error
    except OSError as error:
        raise NoAnswer(problem="it can't be reached") from error
    if not answer:
        raise NoAnswer(problem="it has closed the connection")
    head_bytes, _, content = answer.partition(b"\r\n\r\n")
    status = head_bytes.split(b" ", 2)
    if len(status) < 2 or status[1] != b"200":
        raise AnswerUnusable(problem="it failed on these rows")
    return content


def _exchange(path: str, request: bytes, *, deadline: float, most: int) -> bytes:
    """All that comes until the other side closes. Raises OSError, AnswerUnusable."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_left(deadline))
        connection.connect(path)
        connection.sendall(request)
        answer = bytearray()
        while True:
            connection.settimeout(_left(deadline))
            chunk = connection.recv(CHUNK_BYTES)
            if not chunk:
                return bytes(answer)
            answer += chunk
            if len(answer) > most:
                raise AnswerUnusable(problem=f"the answer is longer than {most // 1_000_000} MB")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
