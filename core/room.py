"""What a room tells the rest of the house: each `core/<room>/room.py` states it once, as `ROOM = Room(…)`.

Rooms below must not import rooms above, yet deleting an upload has to ask the predictions that were made of it.
So whoever asks owns a registry (`queue`, `access.audit`, …), and `core.rooms` fills it at the start of a process
from what the rooms state. What is stated are names, statements of SQL and functions; none of them runs at import.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.queue import Kind


@dataclass(frozen=True)
class Action:
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


@dataclass(frozen=True, kw_only=True)
class Room:
    """All that a room states.

    kinds: of its tasks. actions, audited: what the audit trail says of it.
    """

    kinds: tuple[Kind, ...] = ()
    actions: tuple[Action, ...] = ()
    audited: tuple[AuditedResource, ...] = ()
