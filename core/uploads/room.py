"""What uploads tell the rest of the house."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.uploads import UploadRow
from core.room import AuditedAction, AuditedResource, HandedOver, KeptFile, OwnedFiles, Room


def _owned(session: Session, keys: Sequence[str]) -> Sequence[str]:
    """The key of an upload is in its row alone."""
    stored = sa.select(UploadRow.storage_key).where(UploadRow.storage_key.in_(keys))
    return session.execute(stored).scalars().all()


ROOM = Room(
    actions=(
        AuditedAction("upload.added", "uploaded"),
        AuditedAction("upload.reread", "changed the import settings of"),
        AuditedAction("upload.downloaded", "downloaded"),
        AuditedAction("upload.deleted", "deleted"),
    ),
    audited=(AuditedResource("upload", " the file {}", "a file"),),
    handed_over=(HandedOver("uploads", UploadRow),),
    kept_files=(KeptFile("upload", sa.select(UploadRow.storage_key).order_by(UploadRow.id.desc())),),
    owned_files=(OwnedFiles("uploads/", _owned),),
)
