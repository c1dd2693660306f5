"""The bytes of uploads in storage: whether they are there, and whether they are still those that came."""

from __future__ import annotations

from collections.abc import Sequence

from core.db.tables.uploads import UploadRow
from core.storage import NotStored, Storage
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


def remove_files(storage: Storage, *, prefixes: Sequence[str]) -> None:
    """Remove every file whose key begins so; after the rows are gone, and again if it was cut short."""
    for prefix in prefixes:
        for key in list(storage.keys(prefix)):
            storage.delete(key)


def _changed(upload: UploadRow) -> ChangedSinceChecked:
    return ChangedSinceChecked(problem=f"the stored copy of {upload.file_name} was changed outside the app")
