"""What uploads tell the rest of the house."""

from __future__ import annotations

from core.room import Action, AuditedResource, Room

ROOM = Room(
    actions=(
        Action("upload.added", "uploaded"),
        Action("upload.reread", "read in another way"),
        Action("upload.downloaded", "downloaded"),
        Action("upload.deleted", "deleted"),
    ),
    audited=(AuditedResource("upload", " the file {}", "a file"),),
)
