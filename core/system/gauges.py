"""Figures of the whole installation that the rooms state, for `GET /api/metrics`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy.orm import Session

from core.access import roles
from core.room import Gauge

_stated: dict[str, Gauge] = {}
Values = Sequence[tuple[Sequence[str], float]]


def register(stated: Iterable[Gauge]) -> None:
    """Make a room's gauges known to this process."""
    _stated.update({one.name: one for one in stated})


def read(session: Session) -> Iterator[tuple[Gauge, Values]]:
    """Each with its present values. Raises NotAllowed where the session is no admin's."""
    roles.require_admin(session)
    for one in _stated.values():
        yield one, one.read(session)
