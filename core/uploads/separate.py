"""A table that was left out of an upload, taken in as an upload of its own: its lines as they stand in the file."""

from __future__ import annotations

from pathlib import Path, PurePath

from core import db
from core.errors import NotFound
from core.storage import Storage, stage
from core.uploads import stored, uploads
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from core.uploads.csv.rewriting import Rewriting
from core.uploads.detect.shape.other_tables import OtherTable
from core.uploads.report.overrides import ReadingOverrides
from core.uploads.uploads import ReceivedUpload

_CHUNK_BYTES = 1 << 20


def add_table(
    user: db.User, *, storage: Storage, staging_dir: Path, upload_id: int, number: int
) -> ReceivedUpload:
    """Take in a table of the user's upload. number: its place among `other_tables`, from 1.

    The same lines again are recognised as any bytes are. No session is open while bytes move.
    Raises NotFound, OwnedByAnother, UploadGone, ChangedSinceChecked, and what `uploads.receive` raises.
    """
    with db.session_scope(user) as session:
        upload = uploads.own(session, upload_id=upload_id)
        found = uploads.examination_of(upload)
    if not 1 <= number <= len(found.other_tables):
        raise NotFound(resource="table", id=number)
    table = found.other_tables[number - 1]
    dialect = found.dialect
    lines = Rewriting(first_line=table.first_line, last_line=table.last_line)
    as_stored = Dialect(encoding=dialect.encoding, has_bom=dialect.has_bom, rewriting=lines)
    with stage(staging_dir) as staged:
        with stored.open_bytes(storage, upload) as source:
            taken = stream.lines_read(source, as_stored)
            while chunk := taken.read(_CHUNK_BYTES):
                staged.write(chunk)
        staged.close()
        return uploads.receive(
            user,
            storage=storage,
            staged=staged,
            file_name=_name(upload.file_name, table),
            overrides=ReadingOverrides(encoding=dialect.encoding),
        )


def _name(file_name: str, table: OtherTable) -> str:
    path = PurePath(file_name)
    return f"{path.stem} ({table.lines.replace(',', '')}){path.suffix}"
