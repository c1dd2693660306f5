"""What a room tells the rest of the house: each `core/<room>/room.py` states it once, as `ROOM = Room(…)`.

Rooms below must not import rooms above, yet deleting an upload has to ask the predictions that were made of it.
So whoever asks owns a registry (`queue`, `access.audit`, …), and `core.rooms` fills it at the start of a process
from what the rooms state. What is stated are names, statements of SQL and functions; none of them runs at import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.check import Check
from core.db.tables import Base
from core.queue import Kind
from core.settings import Settings


@dataclass(frozen=True)
class AuditedAction:
    """Something that the audit trail notes, such as "upload.deleted".

    says: how a person says it, without what it was done to: "deleted".
    """

    name: str
    says: str


@dataclass(frozen=True)
class AuditedResource:
    """What actions are done to, by the kind that the audit trail notes: "upload".

    phrase: how a sentence goes on behind the action, with the name in place of {}: " the file {}". noun: what a list of
    actions, which knows no name, says instead: "a file"; empty where the actions alone say enough.
    """

    kind: str
    phrase: str
    noun: str = ""


@dataclass(frozen=True)
class PendingWork:
    """Work on a resource of another room, which can't be changed or deleted meanwhile.

    on: the resource, "upload". state: what it is then, as a refusal says it: "being scored". is_there(session, id):
    whether any waits or runs for the resource with this id.
    """

    on: str
    state: str
    is_there: Callable[[Session, Any], bool]


@dataclass(frozen=True)
class DeletedWith:
    """Rows that are deleted with the resource of another room that they build on, once their number is confirmed.

    on: the resource, "upload". noun: one of the rows, "prediction". hold(session, id): the ids of all there are, which
    nobody else changes before the transaction ends. delete(session, id): deletes these. prefix(row_id): how the storage
    keys of one begin.
    """

    on: str
    noun: str
    hold: Callable[[Session, Any], Sequence[Any]]
    delete: Callable[[Session, Any], object]
    prefix: Callable[[Any], str]


@dataclass(frozen=True)
class KeptBy:
    """Rows that keep the resource of another room from being deleted.

    on: the resource, "model". noun: one of the rows, "prediction". count(session, id): how many there are.
    """

    on: str
    noun: str
    count: Callable[[Session, Any], int]


Dependant = PendingWork | DeletedWith | KeptBy


@dataclass(frozen=True)
class HandedOver:
    """A table whose rows go from the local user to somebody who signs in.

    rows: have the column `id`, and those in `people`, each of which says who somebody is to the row; the first says
    whose it is. make_room(session, from_id, to_id): called before any row is handed over, for what only one of the two
    users' rows may have.
    """

    resource: str
    rows: type[Base]
    people: tuple[str, ...] = ("user_id",)
    make_room: Callable[[Session, UUID, UUID], object] = lambda _session, _from_id, _to_id: None


@dataclass(frozen=True)
class KeptFile:
    """Files that rows speak of. newest: selects the storage key of the newest there should be, newest first."""

    resource: str
    newest: sa.Select[Any]


@dataclass(frozen=True)
class OwnedFiles:
    """Which files below a place in storage belong to rows; what belongs to none is removed once it is older than a day.

    place: how their keys begin, "results/". prefixes(session, keys): of those keys, how the ones begin that a living
    row owns: a whole key, or a folder of which the row alone knows what is in it. More than was asked for does no harm.
    """

    place: str
    prefixes: Callable[[Session, Sequence[str]], Iterable[str]]

    def ids(self, keys: Sequence[str]) -> set[UUID]:
        """The ids by which folders right below the place are named, "results/{id}/…"."""
        found = set()
        for key in keys:
            with suppress(ValueError):
                found.add(UUID(key.removeprefix(self.place).partition("/")[0]))
        return found


@dataclass(frozen=True)
class CheckContext:
    """What a check looks at. principal: of tasks and files, only what they may see is counted.

    has_database: whether it answers and has its tables.
    """

    settings: Settings
    principal: db.Principal
    now: datetime
    has_database: bool


@dataclass(frozen=True)
class SystemCheck:
    """One look at the installation. part, name: of the line that says that the look itself has failed.

    look(context): the lines; may raise an AppError or OSError, which is such a line then. position: where its lines
    stand among those of all rooms, lowest first. needs_database: there is nothing to look at without.
    """

    part: str
    name: str
    look: Callable[[CheckContext], Iterator[Check]]
    position: int = 50
    needs_database: bool = False


@dataclass(frozen=True)
class Gauge:
    """A figure of the whole installation for a monitor.

    name: after `model_desk_`. labels: names of what tells its values apart. read(session): the values, each behind
    those of its labels; the session is an admin's.
    """

    name: str
    meaning: str
    labels: tuple[str, ...]
    read: Callable[[Session], Sequence[tuple[Sequence[str], float]]]


@dataclass(frozen=True, kw_only=True)
class Room:
    """All that a room states.

    kinds: of its tasks. actions, audited: what the audit trail says of it. dependants: what it builds on resources of
    others. handed_over: its tables with what a user has made. kept_files: what must be in storage. owned_files: what
    may be there. checks: what the System page says of it. gauges: what a monitor is told of it.
    """

    kinds: tuple[Kind, ...] = ()
    actions: tuple[AuditedAction, ...] = ()
    audited: tuple[AuditedResource, ...] = ()
    dependants: tuple[Dependant, ...] = ()
    handed_over: tuple[HandedOver, ...] = ()
    kept_files: tuple[KeptFile, ...] = ()
    owned_files: tuple[OwnedFiles, ...] = ()
    checks: tuple[SystemCheck, ...] = ()
    gauges: tuple[Gauge, ...] = ()
