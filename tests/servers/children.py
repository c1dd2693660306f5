"""Warm children that outlive a test: starting one imports scikit-learn anew, which takes longer than most tests.

A child is lent to one runner after another as long as they would start it alike: same modules, same environment, so
the same database and folder. One that still works when its runner ends, or has died, is ended as ever.
"""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from core.worker.slots import Slot

KEPT = 4


class LentSlot(Slot):
    """A slot that takes a warm child of its lender's, if there is one, and gives it back when it is free."""

    def __init__(self, *arguments: Any, lender: Lender, **how: Any) -> None:
        super().__init__(*arguments, **how)
        self._lender = lender
        self._key = (tuple(how["modules"]), tuple(sorted(how["environment"].items())), how["staging"])

    def open(self) -> None:
        if self.pid is not None:
            return
        if (child := self._lender.lend(self._key)) is None:
            self._lender.thread.submit(super().open).result()
        else:
            self.adopt(child)
            self._note("ready")

    def kill(self) -> None:
        if self._child is not None and self.is_idle and self._child.poll() is None:
            self._lender.take_back(self._key, self._child)
            self._child, self.is_warm = None, False
        else:
            super().kill()


class Lender:
    """Keeps the children that runners no longer need, the last KEPT."""

    def __init__(self) -> None:
        self._kept: list[tuple[object, subprocess.Popen[bytes]]] = []
        self.thread = ThreadPoolExecutor(max_workers=1)  # a child dies with the thread that started it

    def slot(self, *arguments: Any, **how: Any) -> LentSlot:
        """A slot as the runner would have made it."""
        return LentSlot(*arguments, lender=self, **how)

    def lend(self, key: object) -> subprocess.Popen[bytes] | None:
        """A warm child that was started with this, or none."""
        for kept in [kept for kept in self._kept if kept[0] == key]:
            self._kept.remove(kept)
            if kept[1].poll() is None:
                return kept[1]
            _end(kept[1])
        return None

    def take_back(self, key: object, child: subprocess.Popen[bytes]) -> None:
        self._kept.append((key, child))
        while len(self._kept) > KEPT:
            _end(self._kept.pop(0)[1])

    def close(self) -> None:
        """End those that are kept."""
        while self._kept:
            _end(self._kept.pop()[1])
        self.thread.shutdown()


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.communicate()
