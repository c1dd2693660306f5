"""What uploads tell the rest of the house."""

from __future__ import annotations

import sqlalchemy as sa

from core.db.tables.uploads import UploadRow
from core.room import AuditedAction, AuditedResource, HandedOver, KeptFile, Room

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
)
