"""How often one may fail to sign in: by address and account together, by account, and by address."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from time import monotonic

from core.access.errors import TooManyAttempts

WINDOW_S = 900.0
# An account alone has a higher limit, or whoever knows an address could keep its owner out.
MOST_TOGETHER, MOST_ACCOUNT, MOST_ADDRESS = 5, 20, 30
MOST_KEYS = 20_000


class Throttle:
    """Counts failures of this process. clock: seconds, only ever growing."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def require(self, *, address: str, account: str) -> None:
        """Raises TooManyAttempts where there were too many in the last quarter of an hour."""
        now = self._clock()
        with self._lock:
            waits = [self._wait_s(key, most, now) for key, most in _keys(address, account)]
        if (wait_s := max(waits)) > 0:
            raise TooManyAttempts(wait_s=int(wait_s) + 1)

    def failed(self, *, address: str, account: str) -> None:
        """Count a failure; the oldest are forgotten when there are too many to keep."""
        now = self._clock()
        with self._lock:
            for key, most in _keys(address, account):
                times = self._failures.setdefault(key, deque(maxlen=most))
                times.append(now)
                self._failures.move_to_end(key)
            while len(self._failures) > MOST_KEYS:
                self._failures.popitem(last=False)

    def passed(self, *, address: str, account: str) -> None:
        """Whoever got in starts anew with this account from this address."""
        with self._lock:
            self._failures.pop((address, account), None)

    def _wait_s(self, key: tuple[str, str], most: int, now: float) -> float:
        times = self._failures.get(key)
        return times[0] + WINDOW_S - now if times is not None and len(times) >= most else 0.0


def _keys(address: str, account: str) -> tuple[tuple[tuple[str, str], int], ...]:
    return (
        ((address, account), MOST_TOGETHER),
        (("", account), MOST_ACCOUNT),
        ((address, ""), MOST_ADDRESS),
    )
