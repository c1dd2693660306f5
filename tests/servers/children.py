"""Warm children that outlive a test: starting one imports scikit-learn anew, which takes longer than most tests.

A child is lent to one runner after another as long as they would start it alike: same modules, same settings, so the
same database and folder. Whoever is lent one gets what a new one would say. One that still works when its runner
ends, or has died, is ended as ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from core.queue import Task
from core.worker.child_process import Child

KEPT = 4


class WarmChild(Child):
    """A child that goes back to its lender when it is told to end while it has nothing to do."""

    def __init__(self, lender: Lender, key: object, **how: Any) -> None:
        super().__init__(**how)
        self._lender, self.key = lender, key
        self._is_warm = self._works = self._is_lent_again = False

    def run(self, task: Task) -> None:
        self._works = True
        super().run(task)

    def heard(self) -> list[dict[str, Any]]:
        said = super().heard()
        if self._is_lent_again:
            self._is_lent_again, said = False, [{"said": "ready"}, *said]
        for message in said:
            self._is_warm = self._is_warm or message["said"] == "ready"
            self._works = self._works and message["said"] == "progress"
        return said

    def kill(self) -> None:
        if self._works or self.is_dead():
            self.end()
        else:
            self._is_lent_again = self._is_warm
            self._lender.take_back(self)

    def is_dead(self) -> bool:
        return self._process.poll() is not None

    def end(self) -> None:
        super().kill()


class Lender:
    """Starts children for runners and keeps those that they no longer need, the last KEPT."""

    def __init__(self) -> None:
        self._kept: list[WarmChild] = []
        self._thread = ThreadPoolExecutor(max_workers=1)  # a child dies with the thread that started it

    def start(self, *, modules: Sequence[str], environment: Mapping[str, str], staging: Path) -> Child:
        """A child as the runner would have started it."""
        key = (tuple(modules), tuple(sorted(environment.items())), staging)
        for child in [kept for kept in self._kept if kept.key == key]:
            self._kept.remove(child)
            if not child.is_dead():
                return child
            child.end()
        how = {"modules": modules, "environment": environment, "staging": staging}
        return self._thread.submit(WarmChild, self, key, **how).result()

    def take_back(self, child: WarmChild) -> None:
        self._kept.append(child)
        while len(self._kept) > KEPT:
            self._kept.pop(0).end()

    def close(self) -> None:
        """End those that are kept."""
        while self._kept:
            self._kept.pop().end()
        self._thread.shutdown()
