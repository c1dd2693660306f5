"""What a job may still spend: what was spent and what is being asked for at worst never pass the limits."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import AppError
from core.generation.engine.ledger.records import Call, Item, Wishes
from core.generation.engine.requests.flights import Asked
from core.generation.errors import CapReached, DailyCapReached
from core.llm.prices import usd


class Budget:
    """Of one job, in nano-dollars. daily_cap: over all jobs, for each day in UTC."""

    def __init__(self, *, spent: int, cap: int | None, daily_cap: int | None) -> None:
        self._spent, self._cap, self._daily_cap = spent, cap, daily_cap
        self._spent_today = self._unseen = 0
        self._reserved: dict[int, int] = {}

    @property
    def in_flight(self) -> int:
        """What is being asked for may cost so much at worst."""
        return sum(self._reserved.values())

    def refusal(self, item: Item) -> AppError | None:
        """Why this item can't be asked for now; None where it can."""
        at_worst = self.in_flight + item.worst
        if self._cap is not None and self._spent + at_worst > self._cap:
            return CapReached(spent=usd(self._spent), cap=usd(self._cap), worst=usd(item.worst))
        if (
            self._daily_cap is not None
            and self._spent_today + self._unseen + at_worst > self._daily_cap
            and item.worst
        ):
            return DailyCapReached(spent=usd(self._spent_today + self._unseen), cap=usd(self._daily_cap))
        return None

    def reserve(self, item: Item) -> None:
        self._reserved[item.idx] = item.worst

    def give_back(self, item: Item) -> None:
        """It is not asked for after all."""
        self._reserved.pop(item.idx, None)

    def settle(self, asked: Asked) -> None:
        """Count what an item's requests have cost in place of what they might have."""
        self._reserved.pop(asked.end.item.idx, None)
        self.count(asked.calls)

    def count(self, calls: Sequence[Call]) -> None:
        """Count what these requests have cost."""
        cost = sum(call.cost for call in calls)
        self._spent += cost
        self._unseen += cost

    def heed(self, wishes: Wishes) -> None:
        """The limit of a running job may be raised; the day's sum holds what this job has kept."""
        self._cap = wishes.max_cost
        self._spent_today, self._unseen = wishes.spent_today, 0
