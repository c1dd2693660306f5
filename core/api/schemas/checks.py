"""What the API says of a file before it is scored: typed, so that OpenAPI is exact."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from core.predictions.check import cell_warnings, schema_check
from core.predictions.matching.mapping import SavedMapping


class CheckedColumn(BaseModel):
    """A column that the model reads, and where the file has it."""

    name: str
    kind: Literal["number", "category"]
    column: str | None = Field(description="The file's; null where it has none.")
    nearest: str | None = Field(description="Then the unused column whose name is the most alike.")
    is_guess: bool = Field(description="It is near enough, and no other is, to be mapped unless you object.")


class Warned(BaseModel):
    """One thing about the cells of a column, in the file's first rows or all of them."""

    name: str = Field(description="The model's column.")
    about: cell_warnings.About = Field(
        description="`retyped`: no number where the model reads numbers; `unseen`: a value that training never saw; "
        "`outside`: beyond the range of training; `blank`: no value in any row."
    )
    n_cells: int
    n_rows: int = Field(description="How many rows were looked at for it.")
    refuses: bool = Field(description="Scoring refuses the file for it.")
    says: str

    @classmethod
    def of(cls, one: cell_warnings.CellWarning) -> Self:
        return cls(
            name=one.name,
            about=one.about,
            n_cells=one.n_cells,
            n_rows=one.n_rows,
            refuses=one.refuses,
            says=one.message,
        )


class Remembered(BaseModel):
    """The mapping that the newest completed prediction with this model was made with, if the file has its columns."""

    prediction_id: str
    mapping: dict[str, str]
    created_at: datetime

    @classmethod
    def of(cls, kept: SavedMapping) -> Self:
        return cls(prediction_id=str(kept.prediction_id), mapping=kept.mapping, created_at=kept.at)


class SchemaCheckReport(BaseModel):
    """What a file offers to a model."""

    fits: bool = Field(description="It can be scored so.")
    refusal: str | None = Field(description="Why it can't.")
    columns: list[CheckedColumn] = Field(description="What the model reads, in its order.")
    extra: list[str] = Field(description="The file's columns that are not read; they stay in the result.")
    target: str
    outcome: str | None = Field(description="The file's column with the true outcome; null without one.")
    outcome_nearest: str | None = Field(description="Then the unused column whose name is the most alike.")
    mapping: dict[str, str] = Field(description="As it would be kept with a prediction.")
    guesses: dict[str, str] = Field(description="A mapping of the missing columns that can be guessed.")
    remembered: Remembered | None
    rows: int
    rows_read: int = Field(description="So many of the first rows were looked at.")
    warnings: list[Warned]

    @classmethod
    def of(cls, checked: schema_check.SchemaCheck) -> Self:
        return cls(
            fits=checked.refusal is None,
            refusal=None if checked.refusal is None else str(checked.refusal),
            columns=[
                CheckedColumn(
                    name=one.name,
                    kind=one.kind,
                    column=one.column,
                    nearest=one.nearest,
                    is_guess=one.is_guess,
                )
                for one in checked.columns
            ],
            extra=list(checked.extra),
            target=checked.target,
            outcome=checked.outcome,
            outcome_nearest=checked.outcome_nearest,
            mapping=checked.mapping,
            guesses=checked.guesses,
            remembered=None if checked.remembered is None else Remembered.of(checked.remembered),
            rows=checked.n_rows,
            rows_read=checked.n_rows_read,
            warnings=[Warned.of(one) for one in checked.warnings],
        )
