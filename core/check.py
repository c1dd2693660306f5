"""One line of what an installation's checks have found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """OK; WARN: it works, but somebody should look; BROKEN: something can't be done until it is mended."""

    OK = "ok"
    WARN = "warn"
    BROKEN = "broken"


@dataclass(frozen=True)
class Check:
    """One line. message: what was found. hint: what to do; empty when all is well."""

    part: str
    name: str
    state: State
    message: str
    hint: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
