"""Model Desk's HTTP API, as a training on this machine calls it. Needs the standard library alone.

What an answer means is decided here, once: a success; `Refused`, which another try does not change, or as `TooLarge`
with fewer rows alone; `OutOfReach`, which another try may change.
"""

from __future__ import annotations

import http.client
import json
import re
import sys
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

Body = dict[str, Any]

TIMEOUT_S: Final = 10.0
MOST_ANSWER: Final = 1_000_000  # bytes of an answer that are read
SUCCESS: Final = (200, 201, 202)
LATER: Final = (408, 425, 429)  # and from 500 on


class Refused(Exception):
    """The app, or what stands before it, says no: in its own sentence. code: the app's name for it."""

    def __init__(self, sentence: str, *, status: int, code: str = "") -> None:
        super().__init__(sentence)
        self.status, self.code = status, code

    @property
    def is_about_token(self) -> bool:
        """Whether another token would be taken."""
        return self.status == http.client.UNAUTHORIZED


class TooLarge(Refused):
    """The body is larger than something on the way takes."""


class OutOfReach(Exception):
    """No answer, or none that counts; the same may work later."""


class Desk:
    """The app at an address, over one connection that is kept open; used by one thread at a time."""

    def __init__(self, address: str, token: str) -> None:
        """Raises ValueError where one of them can't be what it should be."""
        url = urlsplit(address)
        if url.scheme not in ("http", "https") or not url.hostname or url.username:
            raise ValueError(f"{address!r} is no address such as https://desk.example.com")
        if re.search(r"[^!-~]", url.path):
            raise ValueError(
                f"{address!r} is no address: write what stands behind the host with %20 and the like"
            )
        if not (token.isascii() and token.isprintable()):
            raise ValueError("MODEL_DESK_TOKEN holds characters that are in no token")
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        self.address = address
        self._is_known = False  # whether it was Model Desk that answered there
        self._connection = kind(url.hostname, url.port, timeout=TIMEOUT_S)
        self._base = f"{url.path.rstrip('/')}/api/training"
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def post(self, path: str, body: Body) -> Body:
        """What the app answers. path: below /api/training. Raises Refused, TooLarge, OutOfReach."""
        payload = json.dumps(body, allow_nan=False).encode()
        was_open = self._connection.sock is not None
        try:
            status, content = self._ask(path, payload)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            if was_open:  # the app closes a connection that was idle for long
                return self.post(path, body)
            raise OutOfReach(str(error) or type(error).__name__) from error
        said = _taken(status, content, is_known=self._is_known)
        self._is_known = True
        return said

    def close(self) -> None:
        self._connection.close()

    def _ask(self, path: str, payload: bytes) -> tuple[int, bytes]:
        self._connection.request("POST", self._base + path, payload, self._headers)
        answer = self._connection.getresponse()
        content = answer.read(MOST_ANSWER)
        if not answer.isclosed():
            self._connection.close()
        return answer.status, content


def _taken(status: int, content: bytes, *, is_known: bool) -> Body:
    """A success's content. Raises Refused, TooLarge, OutOfReach.

    is_known: a redirect from where Model Desk has answered before comes from what stands in between now, such as a
    network that wants a sign-in.
    """
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        said = None
    if status in SUCCESS and isinstance(said, dict):
        return said
    if status < 300:
        raise OutOfReach("what answers there is not Model Desk")
    error = said.get("error") if isinstance(said, dict) else None
    error = error if isinstance(error, dict) else {}
    sentence = f"{error.get('message') or f'HTTP {status}.'} {error.get('hint') or ''}".strip()
    if status == http.client.REQUEST_ENTITY_TOO_LARGE:
        raise TooLarge(sentence, status=status)
    if status in LATER or status >= 500:
        raise OutOfReach(sentence)
    if 300 <= status < 400:
        if is_known:
            raise OutOfReach(f"it leads elsewhere, HTTP {status}")
        sentence = f"The address leads elsewhere (HTTP {status}). Set MODEL_DESK_URL to where the app is."
    raise Refused(sentence, status=status, code=str(error.get("code") or ""))


def say(sentence: str) -> None:
    """Tell whoever runs this, without characters that would steer their terminal."""
    plain = "".join(letter if letter.isprintable() else " " for letter in sentence)
    with suppress(OSError):  # of a terminal that is gone; to train goes on without it
        print(f"[Model Desk] {plain}", file=sys.stderr, flush=True)  # noqa: T201  # what people read
