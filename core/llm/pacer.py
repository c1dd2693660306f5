"""How fast requests may go out, learned from what comes back.

A provider's quota is a bucket: each request takes something out, and it fills again at an even rate. Three signs tell
of it. Headers of any answer say what was left when that request was counted: less what was sent since, plus what has
flowed in, that is the level now, and nothing is sent into an empty bucket. A 429 that says the quota is used up means
that others drink from it too. Servers without such headers leave only the 429s: single ones are chance (a crowded
server turns a request away here and there) and change nothing, but many in a row, or half of the last ones, mean an
empty bucket.

An empty bucket cuts the rate: to half of what was sent at first; from the second time on to what went through since
the first, which is exactly what flows in for us. From there the rate grows slowly until it is cut again, as TCP's does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from core.llm.limits import Quota
from core.llm.messages import Usage

N_IN_A_ROW, N_LOOKED_AT, MOST_SHARE = (
    6,
    40,
    0.5,
)  # 429s that are no chance: with one in ten, once in a million
FAIR, OFTEN = 0.5, 0.1  # of what flows in; of the last that were sent
RECENT_S: Final = 2.0  # over which the present rate is measured
FIRST_CUT, CUT = 0.5, 0.75  # of what was sent; of what flows in
BACK_S: Final = 2.0  # until it is as fast again
LEAST_STEP: Final = 0.5  # of the fastest: from a very low rate it would take minutes to come back
LEAST_RATE: Final = 0.02  # requests a second
DEFAULT_HOLD_S: Final = 1.0
BURST_S: Final = 0.02  # so much may go out at once: a timer is no finer
NO_WAIT_S: Final = 1e-4  # nor does it pay to wait for less


class Mark(NamedTuple):
    """One request that went out: its number, and when by the gate's clock."""

    number: int
    at: float


@dataclass
class _Seen:
    """The newest that is known of one kind of quota.

    usual: what a request takes of it on average. least: what one needed that was turned away. told_at: when it came.
    """

    mark: Mark
    remaining: int
    limit: int
    told_at: float
    usual: float = 1.0
    least: float = 1.0

    @property
    def cost(self) -> float:
        return min(max(self.usual, self.least), self.limit)

    @property
    def inflow(self) -> float:
        """Requests a second."""
        return self.limit / 60 / self.cost

    def level(self, now: float, n_in_flight: int) -> float:
        """How many requests it has room for, when all that are under way have taken theirs."""
        filled = min(self.remaining / self.cost + self.inflow * (now - self.mark.at), self.limit / self.cost)
        return filled - n_in_flight


class Pacer:
    """What is known of one quota. Every method is told the time by the gate's clock."""

    def __init__(self) -> None:
        self.n_sent = self.n_in_flight = 0
        self.rate: float | None = None  # requests a second; None: no limit is known
        self._seen: dict[str, _Seen] = {}
        self._sent_at: deque[float] = deque(maxlen=400)
        self._refused: deque[int] = deque(maxlen=N_LOOKED_AT)  # the numbers of those that were
        self._held_until = self._next_at = 0.0
        self._held_at = 0  # the number of the last that was sent when it was held
        self._n_good = self._n_good_at_cut = 0
        self._cut_at: float | None = None
        self._aim = self._most = 0.0

    def admitted(self, now: float) -> None:
        """One more is let through, and will go out."""
        self.n_in_flight += 1
        if self.rate is not None:
            self._next_at = max(self._next_at, now - BURST_S) + 1 / self.rate

    def ended(self) -> None:
        """One that was let through is over, however."""
        self.n_in_flight -= 1

    def sent(self, now: float) -> Mark:
        """One more goes out."""
        self.n_sent += 1
        self._sent_at.append(now)
        return Mark(self.n_sent, now)

    def wait_s(self, now: float) -> float:
        """After how many seconds the next may go out; 0 for at once."""
        self._grow(now)
        wait_s = self._held_until - now
        if self.rate is not None:
            wait_s = max(wait_s, self._next_at - now)
        for seen in self._seen.values():
            wait_s = max(wait_s, (1 - seen.level(now, self.n_in_flight)) / seen.inflow)
        return wait_s if wait_s > NO_WAIT_S else 0.0

    def answered(self, mark: Mark, quotas: Iterable[Quota], usage: Usage | None, now: float) -> None:
        """A request went through."""
        self._n_good += 1
        self._look(mark, quotas, usage, now)

    def refused(
        self, mark: Mark, quotas: Iterable[Quota], *, is_empty: bool, wait_s: float | None, now: float
    ) -> None:
        """A 429. is_empty: it says itself that the quota is used up. wait_s: how long it asks to wait."""
        self._refused.append(mark.number)
        self._look(mark, quotas, None, now)
        if (is_empty or self._are_many(mark.number)) and mark.number > self._held_at:
            self._held_at = self.n_sent  # once for all that was under way, as none of it knew
            self._held_until = max(self._held_until, now + (DEFAULT_HOLD_S if wait_s is None else wait_s))
            if self._is_too_fast(mark.number, now):
                self._lower(now)

    def _look(self, mark: Mark, quotas: Iterable[Quota], usage: Usage | None, now: float) -> None:
        for quota in quotas:
            told = _Seen(mark, quota.remaining, quota.limit, now)
            if seen := self._seen.get(quota.kind):
                told.usual, told.least = seen.usual, seen.least
                # Requests that were under way together are counted in any order: of those, the least tells.
                if mark.at < seen.told_at and told.level(now, 0) >= seen.level(now, 0):
                    told = seen
            self._seen[quota.kind] = seen = told
            if quota.kind == "requests":
                continue
            if quota.is_short:
                seen.least = max(seen.least, quota.remaining + 1)
            if usage is not None:
                took = _taken(quota.kind, usage)
                seen.usual = took if seen.usual == 1.0 else 0.9 * seen.usual + 0.1 * took

    def _are_many(self, number: int) -> bool:
        """Whether the 429s around this one are no chance; by the order of sending, as refusals come sooner."""
        refused = set(self._refused)
        first = last = number
        while first - 1 in refused:
            first -= 1
        while last + 1 in refused:
            last += 1
        before = sum(1 for one in refused if number - N_LOOKED_AT < one <= number)
        return last - first + 1 >= N_IN_A_ROW or before >= MOST_SHARE * N_LOOKED_AT

    def _is_too_fast(self, number: int, now: float) -> bool:
        """Whether an empty bucket is of our doing: not where we take less than half of what flows in.

        Others do then, or all came at once after a pause. Where that goes on, it is for us to make way, too.
        """
        inflow = min((seen.inflow for seen in self._seen.values()), default=0.0)
        often = len(self._refused) == N_LOOKED_AT and number - self._refused[0] < N_LOOKED_AT / OFTEN
        return often or self._recent(now) > FAIR * inflow

    def _lower(self, now: float) -> None:
        """The bucket is empty."""
        if self._cut_at is None or self.rate is None:
            self._most = self._recent(now)
            self._aim = FIRST_CUT * self._most
        else:
            through = (self._n_good - self._n_good_at_cut) / max(now - self._cut_at, 0.1)
            self._aim = min(self.rate, max(through, FIRST_CUT * self.rate))
        self._aim = max(self._aim, LEAST_RATE)
        self.rate = CUT * self._aim
        self._cut_at, self._n_good_at_cut = now, self._n_good

    def _grow(self, now: float) -> None:
        """Back to the rate aimed at, slowly near it, then beyond: the curve of TCP CUBIC (RFC 9438)."""
        if self.rate is None or self._cut_at is None:
            return
        turns = (now - self._cut_at - BACK_S) / BACK_S
        step = (1 - CUT) * max(self._aim, LEAST_STEP * self._most)
        self.rate = max(self.rate, self._aim + step * turns**3)
        if turns > 2 and self.rate > 2 * self._recent(now):
            self.rate = None  # more than is wanted

    def _recent(self, now: float) -> float:
        """Requests a second of late."""
        n = sum(1 for at in self._sent_at if at > now - RECENT_S)
        span_s = min(RECENT_S, now - self._sent_at[0]) if self._sent_at else RECENT_S
        return n / max(span_s, 0.5)


def _taken(kind: str, usage: Usage) -> float:
    n_input = usage.n_prompt - usage.n_cache_read  # what is read from the cache counts to no quota
    return {"input-tokens": n_input, "output-tokens": usage.n_output}.get(kind, n_input + usage.n_output)
