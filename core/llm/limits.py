"""What an answer's headers say of quotas, and how long to wait."""

from __future__ import annotations

import email.utils
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MOST_RETRY_AFTER_S: Final = 120.0
KINDS: Final = ("requests", "tokens", "input-tokens", "output-tokens")


@dataclass(frozen=True)
class Quota:
    """What is left of one of the KINDS. limit: what is given a minute. is_short: too little for a request."""

    kind: str
    limit: int
    remaining: int
    is_short: bool = False


def quotas(headers: Mapping[str, str], needed: Mapping[str, int] | None = None) -> tuple[Quota, ...]:
    """Those that an answer of the API names. needed: what the request takes of each kind that was turned away."""
    found = []
    for kind in KINDS:
        limit = _whole(headers.get(f"anthropic-ratelimit-{kind}-limit"))
        remaining = _whole(headers.get(f"anthropic-ratelimit-{kind}-remaining"))
        if limit and remaining is not None:
            found.append(
                Quota(kind, limit, remaining, needed is not None and remaining < needed.get(kind, 1))
            )
    return tuple(found)


def retry_after_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """How long the provider asks to wait, at most MOST_RETRY_AFTER_S; None where it does not say.

    now_s: seconds since 1970, as it may name a date.
    """
    wait_s = _number(headers.get("retry-after-ms"), 1_000.0)
    if wait_s is None:
        wait_s = _number(headers.get("retry-after"), 1.0)
    if wait_s is None and (date := email.utils.parsedate_tz(headers.get("retry-after") or "")):
        wait_s = email.utils.mktime_tz(date) - now_s
    return None if wait_s is None else min(max(wait_s, 0.0), MOST_RETRY_AFTER_S)


def _number(text: str | None, divisor: float) -> float | None:
    try:
        found = float(text or "") / divisor
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 12 else None
