"""Files that nothing in the database refers to: what is left of a process that was killed at the wrong moment.

A file is stored first and its row is written afterwards, so a kill in between leaves a file that nobody finds again.
Each room states which files its rows own (`OwnedFiles`); what else lies in the room's place is removed once it is
older than a day. Three things keep files whose rows are yet to come, or would come back with a backup:

- a day, by the storage's own clock, is longer than any upload takes between file and row;
- a file is looked for twice, some time apart, and rows are asked for after the file was seen;
- a database to which the storage does not belong (`installation.py`), or in which most files have no rows, is likely
  the wrong one: nothing is removed then, and System says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from sqlalchemy.orm import Session

from core import db
from core.room import OwnedFiles
from core.storage import Listed, Storage

KEPT_S: Final = 86_400.0  # so long nobody's files stay
N_AT_ONCE: Final = 500  # keys that one statement asks for
N_FEW: Final = 20  # so many may lack rows in any database

_stated: dict[str, OwnedFiles] = {}


@dataclass
class Unreferenced:
    """What was found. keys: of those that are old enough to be removed. is_all: everything was looked at."""

    n_stored: int = 0
    n: int = 0
    size_bytes: int = 0
    keys: list[str] = field(default_factory=list)
    is_all: bool = True

    @property
    def is_suspicious(self) -> bool:
        """Whether so many have no rows that rather the rows are missing."""
        return len(self.keys) > N_FEW and len(self.keys) > self.n_stored / 2


def register(owned: Iterable[OwnedFiles]) -> None:
    """Make known what a room's rows own."""
    _stated.update({one.place: one for one in owned})


def find(files: Storage, principal: db.Principal = db.WORKER, *, n_most: int | None = None) -> Unreferenced:
    """Look at every stored file, or at the first `n_most`. principal: sees every row, or others' files have none.

    Raises StorageUnavailable, DatabaseUnavailable.
    """
    found = Unreferenced()
    for owned in _stated.values():
        entries = files.entries(owned.place)
        while batch := list(islice(entries, N_AT_ONCE)):
            if n_most is not None and found.n_stored >= n_most:
                found.is_all = False
                return found
            found.n_stored += len(batch)
            for one in _without_rows(owned, batch, principal):
                found.n += 1
                found.size_bytes += one.size_bytes
                if one.age_s > KEPT_S:
                    found.keys.append(one.key)
    return found


def remove(files: Storage, keys: Iterable[str]) -> int:
    """Remove those that still have no rows; how many. Raises StorageUnavailable, DatabaseUnavailable."""
    n_removed, left = 0, iter(keys)
    while batch := list(islice(left, N_AT_ONCE)):
        for owned in _stated.values():
            there = [key for key in batch if key.startswith(owned.place)]
            kept = _owned(owned, there, db.WORKER)
            n_removed += sum(files.delete(key) for key in there if not key.startswith(kept))
    return n_removed


def remove_unfinished(files: Storage) -> int:
    """Remove what writes have left that were broken off more than a day ago; how many. Raises StorageUnavailable."""
    old = [one for one in files.unfinished() if one.age_s > KEPT_S]
    for one in old:
        one.remove()
    return len(old)


def owned_among(entries: Iterable[Listed], session: Session | None = None) -> Iterator[Listed]:
    """Those of the files that some row owns, and all for which no room speaks.

    session: of a copy of the database, instead of a transaction of its own for each few files.
    Raises DatabaseUnavailable.
    """
    left = iter(entries)
    while batch := list(islice(left, N_AT_ONCE)):
        for owned in _stated.values():
            there = [one for one in batch if one.key.startswith(owned.place)]
            kept = _owned(owned, [one.key for one in there], session or db.WORKER)
            yield from (one for one in there if one.key.startswith(kept))
        yield from (one for one in batch if not one.key.startswith(tuple(_stated)))


def _without_rows(
    owned: OwnedFiles, entries: Collection[Listed], principal: db.Principal
) -> Iterator[Listed]:
    kept = _owned(owned, [one.key for one in entries], principal)
    return (one for one in entries if not one.key.startswith(kept))


def _owned(owned: OwnedFiles, keys: Sequence[str], asked: Session | db.Principal) -> tuple[str, ...]:
    if not keys:
        return ()
    if isinstance(asked, Session):
        return tuple(owned.prefixes(asked, keys))
    with db.session_scope(asked) as session:
        return tuple(owned.prefixes(session, keys))
