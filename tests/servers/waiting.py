"""Waiting for a condition in another process, with an end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")
PATIENCE_S = 120.0  # it ends a test that would hang, and says nothing of how long a thing may take


def wait_for(
    condition: Callable[[], Seen | None],
    *,
    deadline_s: float = PATIENCE_S,
    what: str = "",
    every_s: float = 0.02,
) -> Seen:
    """The first true value of `condition()`; TimeoutError, naming `what`, after the deadline."""
    never = threading.Event()
    ends_at = time.monotonic() + deadline_s
    while not (seen := condition()):
        if time.monotonic() > ends_at:
            raise TimeoutError(f"waited {deadline_s} s in vain for {what or condition}")
        never.wait(every_s)
    return seen
