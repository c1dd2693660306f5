"""What any client can cause is said in the log once a second at most."""

from __future__ import annotations

import asyncio
import errno
import logging
import math
from collections.abc import Callable
from typing import Any, Final

from core import logs

_NO_DESCRIPTORS: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_REPEATED: Final = (
    "Invalid HTTP request received.",
    "Unsupported upgrade request.",
    "No supported WebSocket library",
)

log = logs.get("api")


class Seldom:
    """Whether something may be said once more, which is once a second. now: seconds of a steady clock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._said_at = -math.inf

    def __call__(self) -> bool:
        if self._now() - self._said_at < 1:
            return False
        self._said_at = self._now()
        return True


class OncePerSecond(logging.Filter):
    """Lets a warning of the server that any client can cause pass once a second, and no more."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._by_message = {message: Seldom(now) for message in _REPEATED}

    def filter(self, record: logging.LogRecord) -> bool:
        for message, seldom in self._by_message.items():
            if str(record.msg).startswith(message):
                return seldom()
        return True


class AcceptErrors:
    """The event loop's handler of errors: without descriptors, asyncio has two thousand to report each second."""

    def __init__(self, now: Callable[[], float], *, otherwise: Callable[..., object] | None) -> None:
        self._may_tell, self._otherwise = Seldom(now), otherwise

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in _NO_DESCRIPTORS and "accept" in context["message"]:
            if self._may_tell():
                log.error("connections can't be accepted", problem=error.strerror)
        elif self._otherwise is not None:
            self._otherwise(loop, context)
        else:
            loop.default_exception_handler(context)
