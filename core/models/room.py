"""What models tell the rest of the house."""

from __future__ import annotations

from core import queue
from core.models import handler
from core.models.models import KIND
from core.room import Action, AuditedResource, Room

ROOM = Room(
    kinds=(
        queue.Kind(
            name=KIND,
            run="core.models.work:run",
            follow=handler.follow,
            output_prefix=handler.output_prefix,
        ),
    ),
    actions=(
        Action("model.trained", "began to train"),
        Action("model.cancelled", "cancelled the training of"),
        Action("model.deleted", "deleted"),
    ),
    audited=(AuditedResource("model", " the model {}", "a model"),),
)
