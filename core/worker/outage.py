"""How a long outage is logged: when it begins, now and then while it lasts, and when it ends."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum

from core import logs

REMIND_S = 300.0
log = logs.get("worker")


class News(StrEnum):
    """What is worth a line in the log."""

    BEGAN = "began"
    LASTS = "lasts"


@dataclass
class Outage:
    """Turns a stream of failures and successes into news. Times are monotonic seconds."""

    since_s: float | None = None
    _told_s: float = 0.0

    def failed(self, now_s: float) -> News | None:
        """After a failure: BEGAN at the first, LASTS every `REMIND_S`, else nothing new."""
        if self.since_s is None:
            self.since_s = self._told_s = now_s
            return News.BEGAN
        if now_s - self._told_s < REMIND_S:
            return None
        self._told_s = now_s
        return News.LASTS

    def succeeded(self, now_s: float) -> float | None:
        """After a success: how many seconds the outage lasted that ends with it; None when there was none."""
        since_s, self.since_s = self.since_s, None
        return None if since_s is None else now_s - since_s


def tell_failure(outage: Outage, *, problem: str, what: str = "the database") -> None:
    """Log what is news in another failure."""
    match outage.failed(time.monotonic()):
        case News.BEGAN:
            log.warning(f"{what} is unavailable; retrying every second", problem=problem)
        case News.LASTS:
            log.warning(f"{what} is still unavailable", problem=problem)
        case None:
            pass


def tell_success(outage: Outage, *, what: str = "the database") -> None:
    """Log that an outage is over, if there was one."""
    if (lasted_s := outage.succeeded(time.monotonic())) is not None:
        log.warning(f"{what} is available again", after_s=round(lasted_s))
