"""The kind of task that scores an upload; the scoring itself runs in a worker's child."""

from __future__ import annotations

from core import queue
from core.predictions import states

KIND = "predictions.score"

queue.register(queue.Kind(name=KIND, run="core.predictions.work:run", follow=states.follow))
