"""What an export will hold, found out before its first byte is sent: which conversations, and on which side each goes.

One statement reads ids, hashes and, where it is to be split, signatures: 300 bytes a conversation are kept until sides
are known, 50 afterwards. Near-duplicates form a group, and a group goes to one side by a hash of the seed and of its
oldest member, so that it stays on its side when more conversations are exported later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations.states import Status
from core.generation.export import groups
from core.generation.export.errors import CannotSplit, NothingToExport
from core.generation.export.wanted import Wanted
from core.generation.quality.duplicates import signature

TRAIN: Final = "train"
VALIDATION: Final = "validation"
N_AT_ONCE: Final = 1_000  # rows of the database in memory
_N_ID, _N_HASH = 16, 32  # bytes


@dataclass(frozen=True)
class Side:
    """Conversations of one file, oldest first: their ids and content hashes, joined."""

    name: str
    ids: bytes
    hashes: bytes

    def __len__(self) -> int:
        return len(self.ids) // _N_ID

    def part(self, begin: int, n_most: int) -> list[tuple[UUID, str]]:
        """The id and the content's SHA-256 of each from this one on, that many at most."""
        return [
            (
                UUID(bytes=self.ids[n * _N_ID : (n + 1) * _N_ID]),
                self.hashes[n * _N_HASH : (n + 1) * _N_HASH].hex(),
            )
            for n in range(begin, min(len(self), begin + n_most))
        ]


@dataclass(frozen=True)
class Plan:
    """missing: of the ids that were named, those that are gone or don't fit. n_groups: that can be told apart."""

    wanted: Wanted
    sides: Sequence[Side]
    missing: Sequence[UUID]
    n_groups: int | None = None

    @property
    def n(self) -> int:
        return sum(len(side) for side in self.sides)


def make(session: Session, wanted: Wanted) -> Plan:
    """Raises NotAllowed for others' conversations, NothingToExport, CannotSplit."""
    ids, hashes, signatures = bytearray(), bytearray(), bytearray()
    for row in session.execute(_rows(session, wanted).execution_options(yield_per=N_AT_ONCE)):
        ids += row.id.bytes
        hashes += bytes.fromhex(row.content_sha256)
        if wanted.validation:
            signatures += row.minhash or signature(row.messages)
    if not ids:
        raise NothingToExport(why=_why(wanted))
    missing = _missing(wanted, bytes(ids))
    if not wanted.validation:
        return Plan(wanted, [Side(TRAIN, bytes(ids), bytes(hashes))], missing)
    named = np.frombuffer(ids, np.uint8).reshape(-1, _N_ID)
    numbers = np.frombuffer(signatures, np.dtype("<u4")).reshape(-1, groups.N_NUMBERS)
    group = groups.joined(numbers)
    is_held = _held(wanted, named, group)
    hashed = np.frombuffer(hashes, np.uint8).reshape(-1, _N_HASH)
    sides = [
        Side(name, named[chosen].tobytes(), hashed[chosen].tobytes())
        for name, chosen in ((TRAIN, ~is_held), (VALIDATION, is_held))
    ]
    return Plan(wanted, sides, missing, n_groups=len(np.unique(group)))


def _rows(session: Session, wanted: Wanted) -> sa.Select[Any]:
    """The oldest first; messages only where the signature is still to be made."""
    row = ConversationRow
    columns: list[Any] = [row.id, row.content_sha256]
    if wanted.validation:
        unsigned = sa.case((row.minhash.is_(None), row.messages))
        columns += [row.minhash, sa.type_coerce(unsigned, row.messages.type).label("messages")]
    rows = sa.select(*columns).where(*conditions(session, wanted))
    return rows.order_by(row.created_at, row.id)


def conditions(session: Session, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    """Which conversations fit. Raises NotAllowed."""
    fit = wanted.asked.conditions(session)
    return fit if wanted.ids is None else [*fit, ConversationRow.id.in_(wanted.ids)]


def _held(wanted: Wanted, ids: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Whether each goes to validation. A group that is larger than all that is to be held back never does.

    Neither side stays empty. Raises CannotSplit.
    """
    names, of, sizes = np.unique(group, return_inverse=True, return_counts=True)
    if len(names) < 2:
        raise CannotSplit(n_conversations=len(group))
    places = np.array([groups.place(wanted.seed, ids[oldest].tobytes()) for oldest in names])
    is_held = (places < wanted.validation) & (sizes <= max(1, wanted.validation * len(group)))
    if not is_held.any():
        is_held[np.lexsort((places, sizes))[0]] = True
    if is_held.all():
        is_held[places.argmax()] = False
    held: np.ndarray = is_held[of]
    return held


def _missing(wanted: Wanted, found: bytes) -> list[UUID]:
    there = {found[at : at + _N_ID] for at in range(0, len(found), _N_ID)} if wanted.ids else set()
    return [one for one in dict.fromkeys(wanted.ids or ()) if one.bytes not in there]


def _why(wanted: Wanted) -> str:
    if wanted.ids is not None:
        return "none of the conversations that are named is there and fits."
    if wanted.asked.statuses == (Status.APPROVED,):
        return "no conversation that fits is approved."
    return "no conversation fits the filter."


def of(user: db.User, wanted: Wanted) -> Plan:
    """`make`, in a transaction that is over when it returns."""
    with db.session_scope(user) as session:
        return make(session, wanted)
