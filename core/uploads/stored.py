"""The bytes of uploads in storage: whether they are there, and whether they are still those that came."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from core import db
from core.db.tables.uploads import UploadRow
from core.storage import NotStored, Storage, disk_reserve
from core.uploads.errors import ChangedSinceChecked, UploadGone
from core.uploads.hashed import HashedReader


def open_bytes(storage: Storage, upload: UploadRow) -> HashedReader:
    """An upload's bytes as a stream that the caller closes, good for one pass.

    Raises UploadGone, and ChangedSinceChecked: at once where the size is another, at the end of the bytes
    where they are not those that were uploaded.
    """
    require_stored(storage, upload)
    try:
        stream = storage.open(upload.storage_key)
    except NotStored as error:
        raise UploadGone(file_name=upload.file_name) from error
    return HashedReader(stream, sha256=upload.sha256, changed=lambda: _changed(upload))


def require_stored(storage: Storage, upload: UploadRow) -> None:
    """Look, without reading, whether an upload's bytes are there. Raises UploadGone, ChangedSinceChecked."""
    try:
        size_bytes = storage.stat(upload.storage_key).size_bytes
    except NotStored as error:
        raise UploadGone(file_name=upload.file_name) from error
    if size_bytes != upload.size_bytes:
        raise _changed(upload)


def is_whole(storage: Storage, upload: UploadRow) -> bool:
    """Whether storage still holds the very bytes that came, read to their end."""
    try:
        with open_bytes(storage, upload) as stored:
            stored.require_unchanged()
    except (UploadGone, ChangedSinceChecked):
        return False
    return True


def delete(user: db.User, storage: Storage, verb: Callable[[Session], Sequence[str]]) -> None:
    """Delete rows as `verb` does, in a transaction of its own, and then the files whose prefixes it returns.

    It works on a full disk as well. Raises what `verb` raises.
    """
    with disk_reserve.lent():
        with db.session_scope(user, write=True) as session:
            prefixes = verb(session)
        remove_files(storage, prefixes=prefixes)


def remove_files(storage: Storage, *, prefixes: Sequence[str]) -> None:
    """Remove every file whose key begins so; after the rows are gone, and again if it was cut short."""
    for prefix in prefixes:
        for key in list(storage.keys(prefix)):
            storage.delete(key)


def _changed(upload: UploadRow) -> ChangedSinceChecked:
    return ChangedSinceChecked(problem=f"the stored copy of {upload.file_name} was changed outside the app")
