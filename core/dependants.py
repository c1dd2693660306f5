"""What other rooms build on a resource, asked by the room that owns it before it changes or deletes one.

An upload does not know what predictions are. They have stated, in their `room.py`, how to find those of an upload.
Rooms that stand higher are asked first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.errors import Conflict, counted
from core.room import DeletedWith, Dependant, KeptBy, PendingWork

_dependants: list[Dependant] = []


def register(dependants: Iterable[Dependant]) -> None:
    """Make what a room builds on the resources of others known to this process."""
    for one in dependants:
        if one not in _dependants:
            _dependants.insert(0, one)


def require_idle(session: Session, *, on: str, resource_id: Any, asked: str) -> None:
    """asked: what can't be done meanwhile. Raises Conflict while work on the resource waits or runs."""
    for one in _dependants:
        if isinstance(one, PendingWork) and one.on == on and one.is_there(session, resource_id):
            raise Conflict(resource=on, state=one.state, asked=asked)


def kept_by(session: Session, *, on: str, resource_id: Any) -> str:
    """What keeps the resource from being deleted, as a person says it: "2 predictions"; empty where nothing does."""
    keeping = [one for one in _dependants if isinstance(one, KeptBy) and one.on == on]
    numbers = [(one.count(session, resource_id), one.noun) for one in keeping]
    return " and ".join(counted(n, noun) for n, noun in numbers if n)


@dataclass(frozen=True)
class HeldDependants:
    """All that is deleted with a resource; nobody else changes it before the transaction ends."""

    resource_id: Any
    rows: Sequence[tuple[DeletedWith, Sequence[Any]]]

    @property
    def n(self) -> int:
        """How many rows there are."""
        return sum(len(ids) for _, ids in self.rows)

    @property
    def counts(self) -> dict[str, Any]:
        """How many of each: {"predictions": 2}."""
        return {f"{one.noun}s": len(ids) for one, ids in self.rows}

    def __str__(self) -> str:
        """As a person says it: "2 predictions"."""
        shown = [(one, ids) for one, ids in self.rows if ids] or self.rows
        return " and ".join(counted(len(ids), one.noun) for one, ids in shown)

    def delete(self, session: Session) -> list[str]:
        """Delete it; the storage prefixes to remove once that is committed."""
        for one, _ in self.rows:
            one.delete(session, self.resource_id)
        return [one.prefix(row_id) for one, ids in self.rows for row_id in ids]


def hold(session: Session, *, on: str, resource_id: Any) -> HeldDependants:
    """What is deleted with the resource, held until the transaction ends."""
    deleted = [one for one in _dependants if isinstance(one, DeletedWith) and one.on == on]
    return HeldDependants(resource_id, [(one, one.hold(session, resource_id)) for one in deleted])
