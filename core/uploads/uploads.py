"""Uploads: taking a CSV in, and what a user can ask of those that are there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from core import db, dependants
from core.access import audit, ownership
from core.access.ownership import OwnerFilter
from core.db.pagination import Page, newest_first
from core.db.tables.uploads import UploadRow
from core.db.tables.users import UserRow
from core.errors import Clash, NotFound
from core.storage import KeyTaken, Staging, Storage, stage
from core.uploads import stored
from core.uploads.detect.guesses import with_previous_values
from core.uploads.names import safe_filename, shown_filename
from core.uploads.report.examination import Examination
from core.uploads.report.examine import examine
from core.uploads.report.overrides import ReadingOverrides
from core.uploads.report.receipt import SourceArchive

RESOURCE = "upload"
_CHUNK_BYTES = 1 << 20


class PredictionsDependOnIt(Clash):
    """Deleting an upload takes with it what was built on it, so the number of that is confirmed first."""

    code = "predictions_depend_on_it"
    message = "{file_name} has {dependants}, which would be deleted with it."
    hint = "Confirm their number to delete them all, or delete them one by one first."
    file_name: str
    dependants: str


@dataclass(frozen=True)
class ReceivedUpload:
    """An upload that is stored now, or was before: then `is_duplicate`."""

    upload: UploadRow
    examination: Examination
    is_duplicate: bool


def receive(
    user: db.User,
    *,
    storage: Storage,
    staged: Staging,
    file_name: str,
    is_sample: bool = False,
    packed: SourceArchive | None = None,
    overrides: ReadingOverrides | None = None,
    require: Callable[[Examination], object] = lambda _: None,
) -> ReceivedUpload:
    """Check a staged file, store it under its user, and write its row; the same bytes again are recognised.

    packed: what the file came in; it is unpacked already (`archives`), so it is known again plain or packed.
    overrides: what its sender says of it; an upload that has these bytes already stays as it was read.
    require: looks at what was found before anything is stored; what it raises refuses the file.
    Bytes that are known but were removed or damaged in storage are put back there.
    Nothing is kept of a file that is refused. No session is open while bytes move.
    Raises what `examine` and `require` raise, DiskFull, StorageUnavailable.
    """
    file_name = shown_filename(file_name)
    with db.session_scope(user) as session:
        known = same_bytes(session, sha256=staged.sha256)
    if known is not None:
        found = examination_of(known)
        require(found)
        if stored.is_whole(storage, known) or _put_back(user, storage, staged, known):
            return ReceivedUpload(upload=known, examination=found, is_duplicate=True)
    examination = examine(staged.path, file_name=file_name, overrides=overrides, packed=packed)
    require(examination)
    storage_key = _storage_key(user, file_name)
    storage.put(storage_key, staged.path)
    try:
        with db.session_scope(user, write=True) as session:
            known = _same_bytes_for_good(session, sha256=staged.sha256)
            if known is None:
                upload = UploadRow(
                    user_id=user.id,
                    file_name=file_name,
                    storage_key=storage_key,
                    size_bytes=staged.size_bytes,
                    sha256=staged.sha256,
                    n_rows=examination.n_rows,
                    n_columns=len(examination.columns),
                    receipt=examination.to_json(),
                    is_sample=is_sample,
                )
                session.add(upload)
                session.flush()
                audit.note(session, "upload.added", subject(upload), rows=upload.n_rows)
    except BaseException:
        storage.delete(storage_key)
        raise
    if known is not None:  # the same bytes came in twice at once, and the others were first
        storage.delete(storage_key)
        return ReceivedUpload(upload=known, examination=examination_of(known), is_duplicate=True)
    return ReceivedUpload(upload=upload, examination=examination, is_duplicate=False)


def reread(
    user: db.User,
    *,
    storage: Storage,
    staging_dir: Path,
    upload_id: int,
    overrides: ReadingOverrides,
    anew: bool = False,
) -> UploadRow:
    """Read an upload once more as the user says; its receipt then says what was overruled.

    anew: forget earlier overrides; otherwise they stay where no new one takes their place.
    Results that were made before keep the dialect they were written in. No session is open while bytes move.
    Raises NotFound, OwnedByAnother, Invalid, MarksClash, ColumnUnknown, Conflict while work on it is pending,
    UploadGone, ChangedSinceChecked, and what `examine` raises for a file that does not read so: all stays as it was.
    """
    with db.session_scope(user) as session:
        upload = own(session, upload_id=upload_id)
        dependants.require_idle(session, on=RESOURCE, resource_id=upload_id, asked="read with other settings")
    overrides.checked()
    with stage(staging_dir) as staged:
        with stored.open_bytes(storage, upload) as source:
            while chunk := source.read(_CHUNK_BYTES):
                staged.write(chunk)
        staged.close()
        while True:
            before = examination_of(upload)
            merged = (ReadingOverrides() if anew else before.overrides).updated(overrides)
            found = examine(staged.path, file_name=upload.file_name, overrides=merged, packed=before.packed)
            found = replace(found, guesses=with_previous_values(found.guesses, before.guesses))
            with db.session_scope(user, write=True) as session:
                upload = hold(session, upload_id=upload_id, to_delete=True)  # nobody builds on it meanwhile
                asked = "read with other settings"
                dependants.require_idle(session, on=RESOURCE, resource_id=upload_id, asked=asked)
                if anew or examination_of(upload).overrides == before.overrides:
                    upload.receipt = found.to_json()
                    upload.n_rows = found.n_rows
                    upload.n_columns = len(found.columns)
                    audit.note(session, "upload.reread", subject(upload))
                    return upload
            # somebody else overruled it meanwhile, which is to stay


def _put_back(user: db.User, storage: Storage, staged: Staging, known: UploadRow) -> bool:
    """Store the bytes of an upload under its key again; False if it was deleted meanwhile."""
    storage.delete(known.storage_key)
    with suppress(KeyTaken):  # somebody else put them back at the same time
        storage.put(known.storage_key, staged.path)
    with db.session_scope(user) as session:
        same = same_bytes(session, sha256=known.sha256)
    if same is None or same.id != known.id:
        storage.delete(known.storage_key)
        return False
    return True


def _same_bytes_for_good(session: Session, *, sha256: str) -> UploadRow | None:
    """`same_bytes`, and no other transaction adds such an upload before this one ends."""
    this = sa.select(UserRow.id).where(UserRow.id == db.owner(session))
    session.execute(this.with_for_update(key_share=True))
    return same_bytes(session, sha256=sha256)


def _storage_key(user: db.User, file_name: str) -> str:
    timestamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    return f"uploads/user_{user.id}/{timestamp}-{safe_filename(file_name)}"


def same_bytes(session: Session, *, sha256: str) -> UploadRow | None:
    """The user's newest upload with these bytes, receipt included."""
    return session.execute(
        _mine(session).where(UploadRow.sha256 == sha256).options(undefer(UploadRow.receipt)).limit(1)
        .order_by(UploadRow.id.desc())
    ).scalar_one_or_none()  # fmt: skip


def get(session: Session, *, upload_id: int) -> UploadRow:
    """One upload with its receipt; an admin sees others' too. Raises NotFound."""
    if not -(2**31) < upload_id < 2**31:
        raise NotFound(resource="upload", id=upload_id)
    upload = session.execute(
        sa.select(UploadRow)
        .where(UploadRow.id == upload_id, ownership.seen(session, UploadRow.user_id))
        .options(undefer(UploadRow.receipt))
    ).scalar_one_or_none()
    if upload is None:
        raise NotFound(resource="upload", id=upload_id)
    return upload


def hold(session: Session, *, upload_id: int, to_delete: bool = False) -> UploadRow:
    """`get`, and nobody deletes the upload before this transaction ends.

    to_delete: this transaction does, so it waits for those who build on the upload and they for it.
    Raises NotFound, OwnedByAnother.
    """
    this = _mine(session).where(UploadRow.id == upload_id).with_only_columns(UploadRow.id)
    if -(2**31) < upload_id < 2**31:
        session.execute(this.with_for_update(read=not to_delete, key_share=not to_delete))
    return own(session, upload_id=upload_id)


def own(session: Session, *, upload_id: int) -> UploadRow:
    """`get`, for what its owner alone may do. Raises NotFound, OwnedByAnother."""
    upload = get(session, upload_id=upload_id)
    ownership.require_own(session, upload.user_id, resource="upload")
    return upload


def subject(upload: UploadRow) -> audit.Subject:
    """An upload as the audit trail names it."""
    return audit.Subject("upload", upload.id, upload.file_name)


def examination_of(upload: UploadRow) -> Examination:
    """What was found when the upload was checked; `get` loads it."""
    return Examination.from_json(upload.receipt)


def page(
    session: Session,
    *,
    limit: int = 50,
    cursor: str | None = None,
    search: str = "",
    owner: OwnerFilter = ownership.MINE,
) -> Page[UploadRow]:
    """Uploads, newest first. owner: whose. Raises BadCursor, NotAllowed."""
    rows = sa.select(UploadRow).where(ownership.listed(session, UploadRow.user_id, owner))
    if search:
        rows = rows.where(UploadRow.file_name.icontains(search, autoescape=True))
    return newest_first(
        session, rows, created_at=UploadRow.created_at, id=UploadRow.id, limit=limit, cursor=cursor
    )


def count(session: Session) -> int:
    """How many uploads the user has."""
    return session.execute(
        sa.select(sa.func.count()).select_from(UploadRow).where(UploadRow.user_id == db.owner(session))
    ).scalar_one()


def delete(session: Session, *, upload_id: int, n_confirmed: int = 0) -> Sequence[str]:
    """Delete an upload and what was built on it; returns the storage prefixes to remove once committed.

    n_confirmed: how many predictions, or whatever else builds on uploads, the user has agreed to lose.
    Raises NotFound, OwnedByAnother, Conflict while work on it is pending, PredictionsDependOnIt.
    """
    upload = hold(session, upload_id=upload_id, to_delete=True)
    held = dependants.hold(session, on=RESOURCE, resource_id=upload_id)
    dependants.require_idle(
        session, on=RESOURCE, resource_id=upload_id, asked="deleted until that ends or is cancelled"
    )
    if held.n != n_confirmed:
        raise PredictionsDependOnIt(file_name=upload.file_name, dependants=str(held))
    prefixes = held.delete(session)
    session.delete(upload)
    audit.note(session, "upload.deleted", subject(upload), **held.counts)
    session.flush()
    return [upload.storage_key, *prefixes]


def _mine(session: Session) -> sa.Select[UploadRow]:
    return sa.select(UploadRow).where(UploadRow.user_id == db.owner(session))
