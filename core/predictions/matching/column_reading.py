"""How one column of a file is read for a model, and the question where its cells can be read in two ways."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import Invalid
from core.predictions.matching import ways
from core.predictions.matching.file_column import FileColumn
from core.uploads.csv.dialect import ColumnRule


@dataclass(frozen=True)
class ReadingOption:
    """One way to read a column. key: as it is chosen and kept. values: the cells of the question, read so."""

    key: str
    values: tuple[str, ...]
    rule: ColumnRule


@dataclass(frozen=True)
class ReadingQuestion:
    """A column that can be read in two ways.

    name: the model's. column: the file's. cells: its first few as the file spells them. options: the one that is taken
    unless somebody chooses first. chosen: its key, "" where nobody did. why: a sentence. is_outcome: the column holds
    the outcomes, so that metrics hang on it and no row's answer does.
    """

    name: str
    column: str
    cells: tuple[str, ...]
    options: tuple[ReadingOption, ReadingOption]
    chosen: str
    why: str
    is_outcome: bool = False

    @property
    def taken(self) -> ReadingOption:
        """The option that counts."""
        return next((one for one in self.options if one.key == self.chosen), self.options[0])


def read(column: FileColumn, chosen: str) -> tuple[ColumnRule, ReadingQuestion | None]:
    """The rule, and the question where there is one. chosen: the key of an option, "" for none.

    Raises Invalid for a key that is none.
    """
    found = ways.read(column)
    if isinstance(found, ColumnRule):
        return found, None
    name, shown = column.feature.name, found.shown or column.differing(*found.rules.values())
    if chosen and chosen not in found.rules:
        keys = " or ".join(map(repr, found.rules))
        raise Invalid(problem=f"'{name}' can't be read as {chosen[:20]!r}.", remedy=f"Choose {keys}.")
    first, second = (
        ReadingOption(key, tuple(column.read(shown, rule).to_pylist()), rule)
        for key, rule in found.rules.items()
    )
    question = ReadingQuestion(
        name, column.profile.name, shown, (first, second), chosen, found.why, column.is_outcome
    )
    return question.taken.rule, question
