"""How many connections there are, by the address that they come from, and what one may ask of the server."""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from core.api.http.seldom import Seldom


@dataclass(frozen=True)
class Limits:
    """Of one connection, and of all. Seconds, and bytes per second over `window_s`.

    unread_s: so long a client may read nothing of an answer.
    """

    head_s: float = 10.0
    window_s: float = 20.0
    body_rate: float = 200.0
    unread_s: float = 120.0
    per_address: int = 200
    in_all: int = 1_000


@dataclass
class Connections:
    """Those that are open, by address. exempt: proxies, whose connections are those of many people."""

    limits: Limits
    exempt: Sequence[IPv4Network | IPv6Network] = ()
    n_open: int = 0
    by_origin: Counter[str] = field(default_factory=Counter)
    may_tell: Seldom = field(default_factory=lambda: Seldom(time.monotonic))

    def take(self, origin: str) -> bool:
        """Count one more, unless that is too many. origin: what `origin_of` says of its address."""
        if self.n_open >= self.limits.in_all:
            return False
        if self.by_origin[origin] >= self.limits.per_address and not self._is_exempt(origin):
            return False
        self.n_open += 1
        self.by_origin[origin] += 1
        return True

    def release(self, origin: str) -> None:
        """One that was counted is closed."""
        self.n_open -= 1
        self.by_origin[origin] -= 1
        if not self.by_origin[origin]:
            del self.by_origin[origin]

    def _is_exempt(self, origin: str) -> bool:
        network = ip_network(origin) if origin else None
        return network is not None and any(
            network.version == one.version and network.overlaps(one) for one in self.exempt
        )


def origin_of(address: str) -> str:
    """What connections are counted by: an IPv4 address, or the /64 of an IPv6 one, which one machine has whole."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if found.version == 4:
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped) if mapped else str(ip_network((found, 64), strict=False))


def affordable(limits: Limits) -> Limits:
    """No more connections than half of the files that this process may have open."""
    n_files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if n_files == resource.RLIM_INFINITY:
        return limits
    return Limits(in_all=max(20, min(limits.in_all, n_files // 2)))
