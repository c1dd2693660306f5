"""What predictions tell the rest of the house."""

from __future__ import annotations

from core import queue
from core.predictions import handler, states
from core.room import Action, AuditedResource, Room

ROOM = Room(
    kinds=(
        queue.Kind(
            name=handler.KIND,
            run="core.predictions.work:run",
            follow=states.follow,
            output_prefix=handler.output_prefix,
        ),
    ),
    actions=(
        Action("prediction.created", "asked for"),
        Action("prediction.by_hand", "processed by hand"),
        Action("prediction.retried", "retried"),
        Action("prediction.cancelled", "cancelled"),
        Action("prediction.downloaded", "downloaded the result of"),
        Action("prediction.deleted", "deleted"),
    ),
    audited=(AuditedResource("prediction", " the prediction of {}", "a prediction"),),
)
