"""Scoring while the caller waits: this process's runner does it, the row tells when it is done."""

from __future__ import annotations

import time
from uuid import UUID

import anyio
import anyio.to_thread

from core import db, queue
from core.api.errors import TooLargeToWaitFor
from core.db.tables.predictions import PredictionRow
from core.predictions import predictions
from core.predictions.states import SETTLED
from core.settings import Settings

WAIT_S = 120.0
FIRST_LOOK_S, LOOKS_S = 0.02, 0.25


def require_small(settings: Settings, *, size_bytes: int) -> None:
    """Raises TooLargeToWaitFor."""
    if size_bytes > settings.sync_max_mb * 1_000_000:
        raise TooLargeToWaitFor(resource="file", limit_mb=settings.sync_max_mb)


async def finished(
    user: db.User, *, prediction_id: UUID, task_id: UUID, wait_s: float = WAIT_S
) -> PredictionRow:
    """Have the committed task claimed now; the prediction once it is settled, or as it stands after `wait_s`.

    Raises NoRunner, NotFound when it is deleted meanwhile.
    """
    queue.local_runner.run_now(task_id)
    ends_at = time.monotonic() + wait_s
    pause_s = FIRST_LOOK_S
    while True:
        prediction = await anyio.to_thread.run_sync(_get, user, prediction_id)
        if prediction.status in SETTLED or time.monotonic() > ends_at:
            return prediction
        await anyio.sleep(pause_s)
        pause_s = min(pause_s * 1.5, LOOKS_S)


def _get(user: db.User, prediction_id: UUID) -> PredictionRow:
    with db.session_scope(user) as session:
        return predictions.get(session, prediction_id=prediction_id)
