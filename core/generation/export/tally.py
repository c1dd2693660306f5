"""What has been written of an export so far, by side."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from core.generation.export.formats import Said


@dataclass
class Tally:
    """Of one side. by_source: conversations by who wrote them. changed: those that were no longer what was planned."""

    n: int = 0
    n_offline: int = 0
    n_messages: int = 0
    by_source: Counter[str] = field(default_factory=Counter)
    changed: list[UUID] = field(default_factory=list)
    size_bytes: int = 0
    sha256: str = ""

    def add(self, said: Said) -> None:
        """Count one that is written."""
        self.n += 1
        self.n_offline += said.is_offline
        self.n_messages += len(said.messages)
        self.by_source[said.source] += 1
