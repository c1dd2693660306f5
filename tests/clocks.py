"""Time for tests."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.db.types import SET_BACK_S, UtcDateTime, now_plus


class ClockAhead:
    """A clock that goes as far ahead as one may: a worker that beats by it counts as alive a little longer."""

    def now(self, plus_s: float = 0.0) -> sa.ColumnElement[datetime]:
        return now_plus(plus_s + SET_BACK_S - 0.5)


class HeldClock:
    """A clock that moves only when told to: time for tests and replays."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def now(self, plus_s: float = 0.0) -> sa.ColumnElement[datetime]:
        return sa.bindparam(
            None, type_=UtcDateTime(), unique=True, callable_=lambda: self.at + timedelta(seconds=plus_s)
        )


class JumpingClock:
    """Seconds of a steady clock that goes on by itself, and jumps when told to: for what is due in a process."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now(self) -> float:
        return time.monotonic() + self._ahead_s

    def jump(self, seconds: float) -> None:
        self._ahead_s += seconds
