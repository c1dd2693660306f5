"""Several verbs called from one moment on, each in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from core.errors import AppError
from tests.servers.waiting import PATIENCE_S


def together(verbs: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each of the verbs gave, or the deliberate failure it raised; anything else it raised fails the test."""
    gate = threading.Barrier(len(verbs))
    given: list[Any] = [None] * len(verbs)
    crashed: list[Exception] = []

    def call(place: int) -> None:
        gate.wait(PATIENCE_S)
        try:
            given[place] = verbs[place]()
        except AppError as error:
            given[place] = error
        except Exception as error:  # noqa: BLE001  # raised again below, in the test's own thread
            crashed.append(error)

    threads = [threading.Thread(target=call, args=[place]) for place in range(len(verbs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), "two verbs wait for each other"
    for error in crashed:
        raise error
    return given
