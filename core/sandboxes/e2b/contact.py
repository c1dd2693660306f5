"""What an error of E2B's SDK means: the sandbox is gone, E2B is out of reach for now, or it refuses.

Gone and out of reach both derive from the SDK's TimeoutException, so which of them it is has to be asked first. Gone is
said at once. Out of reach is tried again until patience ends: the sandbox, and what runs in it, most likely lives on.

The SDK's errors have no common base: what it can't read comes out as whatever its parser raised. So all that is neither
gone nor a refusal in so many words is out of reach, be it a proxy's page where an answer was expected.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, TypeVar

from core import logs
from core.errors import AppError
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
STATUS: Final = re.compile(r"([1-5]\d\d): ")  # of errors of a sandbox's own agent, in their words alone
WAITS: Final = (408, 425, 429)  # refusals that another try may not meet
FINAL: Final = re.compile(
    r"Code\.(PERMISSION_DENIED|UNIMPLEMENTED|FAILED_PRECONDITION|OUT_OF_RANGE|ALREADY_EXISTS)\b"
)
KEY_REFUSED: Final = "E2B refuses the key"
CURE_KEY: Final = "Check E2B_API_KEY, and that the key was not revoked."
CURE_REFUSED: Final = (
    "See what your plan at E2B allows, and whether it has the template that E2B_TEMPLATE names."
)
log = logs.get("sandboxes")
Answer = TypeVar("Answer")


class Ours(Exception):
    """Raised by code of ours while the SDK was asked: it says nothing of E2B."""


class Meaning(Enum):
    """Of an error."""

    GONE = "gone"
    UNREACHABLE = "unreachable"
    KEY = "key"
    REFUSED = "refused"
    OTHER = "other"  # none of E2B's


def meaning(error: BaseException) -> Meaning:
    import e2b

    if isinstance(error, AppError | Ours) or not isinstance(error, Exception):
        return Meaning.OTHER
    if isinstance(error, e2b.SandboxNotRunningException | e2b.SandboxNotFoundException):
        return Meaning.GONE
    if isinstance(error, e2b.AuthenticationException):
        return Meaning.KEY
    if isinstance(error, e2b.RateLimitException | e2b.TimeoutException):
        return Meaning.UNREACHABLE
    if isinstance(error, e2b.SandboxException) and _is_final(error):
        return Meaning.REFUSED
    return Meaning.UNREACHABLE


def _is_final(error: Any) -> bool:
    """Whether E2B has said no, and would say so again. error: a SandboxException."""
    import e2b

    found = STATUS.match(str(error))
    status = error.status_code or (int(found[1]) if found else 0)
    if status:
        return 400 <= status < 500 and status not in WAITS
    return type(error) is not e2b.SandboxException or FINAL.match(str(error)) is not None


def said(error: BaseException) -> str:
    """An error's own words, as part of a sentence."""
    words = " ".join(str(error).split())[:MOST_SAID].rstrip(".")
    is_of_a_parser = isinstance(error, LookupError | TypeError | ValueError | AttributeError)
    if is_of_a_parser or not words:
        return f"its answer can't be read ({type(error).__name__})"
    return words


def refusal(error: BaseException) -> SandboxUnavailable:
    """E2B will not, and asking again would not help."""
    if meaning(error) is Meaning.KEY:
        return RemoteSandboxUnavailable(problem=KEY_REFUSED, cure=CURE_KEY)
    return RemoteSandboxUnavailable(problem=f"E2B refuses ({said(error)})", cure=CURE_REFUSED)


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
