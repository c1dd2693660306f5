"""How a model is measured: what an analyst states of its rows before training, and what was made of that."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from core.models.errors import SplitUnusable

By = Literal["rows", "copies", "groups", "time"]
N_FOLDS: Final = 5


@dataclass(frozen=True)
class Validation:
    """What is known of the rows; nothing stated leaves it to the training to find copies and groups.

    group_column: rows with the same value are of one person, machine or the like. time_column: the latest fifth is to
    be predicted from what came before. independent_rows: rows have nothing to do with each other.
    """

    group_column: str | None = None
    time_column: str | None = None
    independent_rows: bool = False

    def to_json(self) -> dict[str, Any]:
        """What is stated, as plain values; `from_json` reads it back."""
        return {name: value for name, value in asdict(self).items() if value not in (None, False)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Validation:
        """What `to_json` wrote."""
        return cls(**data)

    def require(self, columns: Collection[str], *, target: str) -> None:
        """Raises SplitUnusable where two things are stated, or a column that the file lacks or that is the target."""
        if len(self.to_json()) > 1:
            raise SplitUnusable(
                problem="only one of a group column, a time column and independent rows can hold"
            )
        for name in (self.group_column, self.time_column):
            if name is None:
                continue
            if name not in columns:
                raise SplitUnusable(problem=f"the file has no column '{name}'")
            if name == target:
                raise SplitUnusable(problem=f"'{name}' is the column to predict")


UNSTATED: Final = Validation()


@dataclass(frozen=True)
class Evaluation:
    """How the figures of a model came about, as its report keeps it.

    by: what was kept together. column: of the groups or of the times. is_stated: an analyst asked for it.
    n_folds: 1 where the latest rows were the test. n_groups: the groups, or the different rows among copies.
    n_related: the rows that have another one of their group, or a copy.
    """

    by: By
    n_folds: int = N_FOLDS
    column: str | None = None
    is_stated: bool = False
    n_groups: int | None = None
    n_related: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)
