"""Time for tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from core.db.types import SET_BACK_S


class HeldClock:
    """The database's clock, which moves only when told to: time for tests and replays.

    Where a statement asks the database for its now, the driver is given this moment instead, whoever sends it.
    """

    def __init__(self, at: datetime) -> None:
        self.at = at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def tell(
        self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any
    ) -> tuple[str, Any]:
        """The statement with this moment in the place of the database's: a listener of SQLAlchemy's."""
        now = self.at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
        postgres = statement.replace("clock_timestamp()", f"timestamptz '{now}+00'")
        return postgres.replace("'now'", f"'{now}'"), parameters


@contextmanager
def held(at: datetime) -> Iterator[HeldClock]:
    """The clock of every database of this process, held at a moment."""
    clock = HeldClock(at)
    event.listen(sa.Engine, "before_cursor_execute", clock.tell, retval=True)
    try:
        yield clock
    finally:
        event.remove(sa.Engine, "before_cursor_execute", clock.tell)


def held_ahead() -> AbstractContextManager[HeldClock]:
    """As far ahead as a clock may go: a worker that beats by it counts as alive a little longer."""
    return held(datetime.now(UTC) + timedelta(seconds=SET_BACK_S - 0.5))


class JumpingClock:
    """Seconds of a steady clock that goes on by itself, and jumps when told to: for what is due in a process."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now(self) -> float:
        return time.monotonic() + self._ahead_s

    def jump(self, seconds: float) -> None:
        self._ahead_s += seconds
