"""What an error of E2B's SDK means: the sandbox is gone, E2B is out of reach for now, or it refuses.

Gone and out of reach both derive from the SDK's TimeoutException, so which of them it is has to be asked first. Gone is
said at once. Out of reach is tried again until patience ends: the sandbox, and what runs in it, most likely lives on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Final, TypeVar

import httpx

from core import logs
from core.sandboxes.errors import (
    RemoteSandboxUnavailable,
    SandboxLost,
    SandboxUnavailable,
    SandboxUnreachable,
)
from core.sandboxes.protocol import OnContact

PATIENCE_S: Final = 300.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
MOST_SAID: Final = 300
KEY_REFUSED: Final = "E2B refuses the key"
CURE_KEY: Final = "Check E2B_API_KEY, and that the key was not revoked."
log = logs.get("sandboxes")
Answer = TypeVar("Answer")


class Meaning(Enum):
    """Of an error."""

    GONE = "gone"
    UNREACHABLE = "unreachable"
    KEY = "key"
    REFUSED = "refused"
    OTHER = "other"  # none of E2B's


def meaning(error: BaseException) -> Meaning:
    import e2b
    from connectrpc.errors import ConnectError

    if isinstance(error, e2b.SandboxNotRunningException | e2b.SandboxNotFoundException):
        return Meaning.GONE
    if isinstance(error, e2b.AuthenticationException):
        return Meaning.KEY
    if isinstance(error, e2b.RateLimitException | e2b.ServiceBusyException | e2b.TimeoutException):
        return Meaning.UNREACHABLE
    if isinstance(error, httpx.TransportError | httpx.StreamError | ConnectError | OSError):
        return Meaning.UNREACHABLE
    if isinstance(error, e2b.SandboxException):
        return Meaning.UNREACHABLE if (error.status_code or 0) >= 500 else Meaning.REFUSED
    return Meaning.OTHER


def said(error: BaseException) -> str:
    """An error's own words, as part of a sentence."""
    return " ".join(str(error).split())[:MOST_SAID].rstrip(".") or type(error).__name__


def refusal(error: BaseException) -> SandboxUnavailable:
    """E2B will not, and asking again would not help."""
    if meaning(error) is Meaning.KEY:
        return RemoteSandboxUnavailable(problem=KEY_REFUSED, cure=CURE_KEY)
    return RemoteSandboxUnavailable(
        problem=f"E2B refuses ({said(error)})", cure="See what your plan at E2B allows."
    )


class Contact:
    """Of one sandbox, or of E2B itself. ref: how it is named. patience_s: how long it is tried again.

    told: hears before each further try since when contact is lost, and None once it is back; what it raises comes out.
    now, pause: a steady clock in seconds, and how to wait.
    """

    def __init__(
        self,
        ref: str,
        *,
        patience_s: float = PATIENCE_S,
        told: OnContact = lambda _since: None,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.ref, self._patience_s, self._told = ref, patience_s, told
        self._now, self._pause = now, pause
        self._lost_at: float | None = None
        self._since: datetime | None = None
        self._pause_s = FIRST_PAUSE_S

    def ask(self, what: Callable[[], Answer], *, stop: Callable[[], bool] = lambda: False) -> Answer:
        """What `what` returns, as soon as it does. stop(): asked between two tries; True gives up.

        Raises SandboxLost, SandboxUnreachable, SandboxUnavailable, and what is no error of E2B's.
        """
        while True:
            try:
                answer = what()
            except Exception as error:  # noqa: BLE001  # of the SDK, whose errors have no common base
                self.failed(error, stop=stop)
            else:
                self.found()
                return answer

    def failed(self, error: Exception, *, stop: Callable[[], bool] = lambda: False) -> None:
        """Wait a little where another try may help. Raises what `ask` raises."""
        match meaning(error):
            case Meaning.OTHER:
                raise error
            case Meaning.GONE:
                raise SandboxLost(ref=self.ref) from error
            case Meaning.KEY | Meaning.REFUSED:
                raise refusal(error) from error
            case Meaning.UNREACHABLE:
                self._wait(error, stop)

    def found(self) -> None:
        """There was an answer."""
        if self._lost_at is not None:
            log.info("E2B is reached again", sandbox=self.ref, after_s=round(self._now() - self._lost_at, 1))
            self._lost_at, self._pause_s = None, FIRST_PAUSE_S
            self._told(None)

    def _wait(self, error: Exception, stop: Callable[[], bool]) -> None:
        if self._lost_at is None:
            self._lost_at = self._now()
            self._since = datetime.now(UTC)
            log.warning("no contact with E2B", sandbox=self.ref, problem=said(error))
        self._told(self._since)
        if self._now() - self._lost_at > self._patience_s or stop():
            raise SandboxUnreachable(ref=self.ref, problem=said(error)) from error
        self._pause(self._pause_s)
        self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)
