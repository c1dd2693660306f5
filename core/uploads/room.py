"""What uploads tell the rest of the house."""

from __future__ import annotations

import sqlalchemy as sa

from core.db.tables.uploads import UploadRow
from core.room import Action, AuditedResource, HandedOver, KeptFile, Room

ROOM = Room(
    actions=(
        Action("upload.added", "uploaded"),
        Action("upload.reread", "read in another way"),
        Action("upload.downloaded", "downloaded"),
        Action("upload.deleted", "deleted"),
    ),
    audited=(AuditedResource("upload", " the file {}", "a file"),),
    handed_over=(HandedOver("uploads", UploadRow),),
    kept_files=(KeptFile("upload", sa.select(UploadRow.storage_key).order_by(UploadRow.id.desc())),),
)
