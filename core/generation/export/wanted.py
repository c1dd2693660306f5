"""What is asked for: format, filter, the ones that are named, and how they are split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final
from uuid import UUID

from core.generation.conversations.conversations import Filter
from core.generation.conversations.errors import TooManyNamed
from core.generation.conversations.states import Status
from core.generation.export.errors import BadShare, FormatUnknown
from core.generation.export.formats import FORMATS

MOST_IDS: Final = 1_000
_CALLED: Final = {"statuses": "status", "owner": "user_id"}  # as the API names them


@dataclass(frozen=True)
class Wanted:
    """What is to be exported. ids: these alone, as far as they fit the filter.

    validation: which share is held back, from 0 to below 1. seed: another one splits in another way.
    Raises FormatUnknown, BadShare, TooManyNamed.
    """

    format: str = "chat-jsonl"
    asked: Filter = field(default_factory=lambda: Filter(statuses=(Status.APPROVED,)))
    ids: tuple[UUID, ...] | None = None
    validation: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise FormatUnknown(format=self.format[:80], known=", ".join(FORMATS))
        if not 0 <= self.validation < 1:
            raise BadShare(given=f"{self.validation:g}")
        if self.ids is not None and len(self.ids) > MOST_IDS:
            raise TooManyNamed(n_ids=len(self.ids), limit=MOST_IDS)

    def told(self) -> dict[str, Any]:
        """Format, filters and split, as they are written down; of the filters, those that were given."""
        filters = {
            _CALLED.get(one.name, one.name): _plain(found)
            for one in fields(self.asked)
            if (found := getattr(self.asked, one.name)) not in (None, (), "")
        }
        if self.ids is not None:
            filters["ids"] = _plain(self.ids)
        return {"format": self.format, "filters": filters, "validation": self.validation, "split": self.seed}


def _plain(value: object) -> Any:
    if isinstance(value, str | int | float):  # a state is its own word
        return str(value) if isinstance(value, str) else value
    return [_plain(one) for one in value] if isinstance(value, Sequence) else str(value)
