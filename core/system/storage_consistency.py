"""Whether the files that rows speak of are in storage: the newest of each kind stands for all."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from core import db, storage
from core.room import KeptFile
from core.storage import Storage

_kept: dict[str, KeptFile] = {}


def register(kept_files: Iterable[KeptFile]) -> None:
    """Make a room's files known to this process."""
    _kept.update({one.resource: one for one in kept_files})


def missing(files: Storage, principal: db.Principal = db.WORKER) -> list[str]:
    """The resources, as "upload", whose newest file of those that the principal sees is no longer in storage.

    Raises DatabaseUnavailable, StorageUnavailable.
    """
    with db.session_scope(principal) as session:
        newest = {one.resource: _newest_key(session, one) for one in _kept.values()}
    return [resource for resource, key in newest.items() if key is not None and not _is_stored(files, key)]


def every_key(session: Session) -> set[str]:
    """The storage keys of all files that there must be. Raises DatabaseUnavailable."""
    return {key for one in _kept.values() for key in session.execute(one.newest).scalars() if key is not None}


def _newest_key(session: Session, kept: KeptFile) -> str | None:
    key: str | None = session.execute(kept.newest.limit(1)).scalar_one_or_none()
    return key


def _is_stored(files: Storage, key: str) -> bool:
    try:
        files.stat(key)
    except storage.NotStored:
        return False
    return True
