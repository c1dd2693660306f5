"""How many requests wait for live apps at once: a model that hangs takes no thread from the rest of the app.

Each such request keeps a thread until it is answered, for half a minute at worst. So they have threads of their own,
and the others of one app wait their turn without one.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final
from uuid import UUID
from weakref import WeakValueDictionary

import anyio
import anyio.to_thread

from core import db
from core.training.deployments import requests

N_THREADS: Final = 16
N_OF_ONE: Final = 4  # of one live app, whose process answers one after the other anyway


class Asking:
    """Of one process of the app; for its event loop alone."""

    def __init__(self) -> None:
        self._threads = anyio.CapacityLimiter(N_THREADS)
        self._of_one: WeakValueDictionary[UUID, anyio.CapacityLimiter] = WeakValueDictionary()

    async def predict(self, user: db.User, *, deployment_id: UUID, given: Any) -> list[requests.Answer]:
        """As `requests.predict`, in a thread."""
        of_one = self._of_one.get(deployment_id)
        if of_one is None:
            of_one = self._of_one[deployment_id] = anyio.CapacityLimiter(N_OF_ONE)
        ask = partial(requests.predict, user, deployment_id=deployment_id, given=given)
        async with of_one:
            return await anyio.to_thread.run_sync(ask, limiter=self._threads)
