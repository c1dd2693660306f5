"""The score of a conversation: 100, less what its findings weigh."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from core.generation.quality.findings import KINDS, Finding


def score(findings: Iterable[Finding]) -> int:
    """0 to 100. A code weighs its whole weight once, and half as much again however often it was found besides."""
    times = Counter(one.code for one in findings)
    lost = sum(KINDS[code].weight * (3 if n > 1 else 2) for code, n in times.items() if code in KINDS)
    return max(0, 100 - round(lost / 2))
