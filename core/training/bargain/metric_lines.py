"""The curve that the code reports of itself: JSON lines among what it prints, taken with caution.

Goes into the package for an analyst's own machine too, so it needs the standard library alone.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any, Final

MOST_POINTS: Final = 10_000
MOST_NAMES: Final = 50
MOST_STEPS: Final = 2**31 - 1
HOLDOUT, BASELINE = "holdout", "baseline"
OWN_SPLITS: Final = frozenset({HOLDOUT, BASELINE})  # of the app's own figures, which no code may write
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,59}")


@dataclass(frozen=True)
class Point:
    """One point of a curve."""

    name: str
    split: str
    step: int
    value: float


@dataclass
class MetricLines:
    """Reads points out of printed lines, and counts what was dropped."""

    _seen: set[tuple[str, str, int]] = field(default_factory=set)
    _names: set[tuple[str, str]] = field(default_factory=set)
    _dropped: dict[str, int] = field(default_factory=dict)

    def read(self, line: str) -> Point | None:
        """The point that a line tells; None for any other line, and for one that is dropped."""
        if not line.startswith("{") or '"metric"' not in line:
            return None
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(said, dict) or "metric" not in said:
            return None
        if (why := self._fault(said)) is not None:
            self._dropped[why] = self._dropped.get(why, 0) + 1
            return None
        point = Point(said["metric"], said.get("split", "train"), said.get("step", 0), float(said["value"]))
        self._seen.add((point.name, point.split, point.step))
        self._names.add((point.name, point.split))
        return point

    def _fault(self, said: dict[str, Any]) -> str | None:
        """Why a point is dropped; None for one that is taken."""
        name, split = said.get("metric"), said.get("split", "train")
        step, value = said.get("step", 0), said.get("value")
        if not (isinstance(name, str) and isinstance(split, str) and NAME.fullmatch(name)):
            return "whose name is no plain word"
        if not NAME.fullmatch(split) or split in OWN_SPLITS:
            return "whose split is no plain word, or one that the app keeps for itself"
        if isinstance(step, bool) or not isinstance(step, int) or not 0 <= step <= MOST_STEPS:
            return "whose step is no whole number from 0"
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            return "whose value is no finite number"
        if (name, split) not in self._names and len(self._names) >= MOST_NAMES:
            return f"beyond {MOST_NAMES} curves"
        if (name, split, step) in self._seen:
            return "that was there already"
        return f"beyond {MOST_POINTS:,}" if len(self._seen) >= MOST_POINTS else None

    @property
    def n_points(self) -> int:
        return len(self._seen)

    def warnings(self) -> list[str]:
        """A sentence for each reason for which points were dropped."""
        return [
            f"{n:,} {'point' if n == 1 else 'points'} of the reported curve "
            f"{'was' if n == 1 else 'were'} dropped {which}."
            for which, n in self._dropped.items()
        ]


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False
