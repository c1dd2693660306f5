"""How a long outage is told: its begin, that it still lasts now and then, and its end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

REMIND_S = 300.0


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
