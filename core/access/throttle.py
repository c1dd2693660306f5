"""How often one may fail to sign in: by address and account together, by account, and by address."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv6Address, IPv6Network, ip_address
from time import monotonic

from core.access.errors import SignInFailed, TooManyAttempts
from core.errors import AppError

WINDOW_S = 900.0
# An account alone has a higher limit, or whoever knows an address could keep its owner out.
MOST_TOGETHER, MOST_ACCOUNT, MOST_ADDRESS = 5, 20, 30
MOST_KEYS = 20_000

Keys = tuple[tuple[tuple[str, str], int], ...]


class Throttle:
    """Counts failures of this process. clock: seconds, only ever growing. most_keys: what is kept has an end."""

    def __init__(self, clock: Callable[[], float] = monotonic, *, most_keys: int = MOST_KEYS) -> None:
        self._clock = clock
        self._most_keys = most_keys
        self._failures: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def attempt(self, *, address: str, account: str) -> Iterator[None]:
        """Around one attempt. It counts from its beginning, so that many at once are as many; but for one that got
        in, which also starts anew with this account from this address, and one that nobody could check.

        Raises TooManyAttempts where there were too many in the last quarter of an hour.
        """
        keys = _keys(address, account)
        began_at = self._begin(keys)
        try:
            yield
        except SignInFailed:
            raise
        except AppError:
            self._forget(keys, began_at)
            raise
        self._forget(keys, began_at)
        with self._lock:
            self._failures.pop(keys[0][0], None)

    def _begin(self, keys: Keys) -> float:
        now = self._clock()
        with self._lock:
            if (wait_s := max(self._wait_s(key, most, now) for key, most in keys)) > 0:
                raise TooManyAttempts(wait_s=int(wait_s) + 1)
            for key, most in keys:
                self._failures.setdefault(key, deque(maxlen=most)).append(now)
                self._failures.move_to_end(key)
            while len(self._failures) > self._most_keys:
                self._failures.popitem(last=False)
        return now

    def _forget(self, keys: Keys, began_at: float) -> None:
        with self._lock:
            for key, _ in keys:
                with suppress(KeyError, ValueError):  # gone already: it was among the oldest
                    self._failures[key].remove(began_at)

    def _wait_s(self, key: tuple[str, str], most: int, now: float) -> float:
        times = self._failures.get(key)
        return times[0] + WINDOW_S - now if times is not None and len(times) >= most else 0.0


def _keys(address: str, account: str) -> Keys:
    network = _network(address)
    return (
        ((network, account), MOST_TOGETHER),
        (("", account), MOST_ACCOUNT),
        ((network, ""), MOST_ADDRESS),
    )


def _network(address: str) -> str:
    """Whoever has one IPv6 address has the 2⁶⁴ that begin alike."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or IPv6Network((found, 64), strict=False))
