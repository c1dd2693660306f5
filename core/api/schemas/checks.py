"""What the API says of a file before it is scored: typed, so that OpenAPI is exact."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from core.predictions.check import cell_warnings, schema_check
from core.predictions.matching import column_reading
from core.predictions.matching.mapping import SavedMapping


class CheckedColumn(BaseModel):
    """A column that the model reads, and the file's column for it."""

    name: str
    kind: Literal["number", "category", "date"]
    column: str | None = Field(description="The file's column; null if it has none.")
    nearest: str | None = Field(description="If there is none, the unused column with the most similar name.")
    is_guess: bool = Field(description="It is the only close match, so it is a good suggestion.")


class Warned(BaseModel):
    """A warning about a column's cells, in the first rows or in all of them."""

    name: str = Field(description="The model's column, or its target.")
    about: cell_warnings.About = Field(
        description="`retyped`: not a number or date where the model reads one; `unseen`: a value not seen in "
        "training; `outside`: outside the range of the training data; `blank`: no value in any row, or in some where "
        "training had one each; `guessed`: it can be read in two ways; `about`: it names a number only nearly, such as "
        "`<0.5`; `outcome`: an outcome that the model does not know."
    )
    n_cells: int
    n_rows: int = Field(description="How many rows were checked for it.")
    refuses: bool = Field(description="The file can't be scored because of it.")
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
    """The mapping of the latest completed prediction with this model, if the file has its columns."""

    prediction_id: str
    mapping: dict[str, str]
    created_at: datetime

    @classmethod
    def of(cls, kept: SavedMapping) -> Self:
        return cls(prediction_id=str(kept.prediction_id), mapping=kept.mapping, created_at=kept.at)


class ReadingOption(BaseModel):
    """One way to read a column."""

    key: str = Field(description="Send it as the column's `reading`.")
    values: list[str] = Field(description="The cells, read this way.")


class ReadingQuestion(BaseModel):
    """A column whose cells can be read in two ways for this model."""

    name: str = Field(description="The model's column.")
    column: str = Field(description="The file's column.")
    cells: list[str] = Field(description="Its first cells, as the file spells them.")
    options: list[ReadingOption] = Field(description="The first one is used if you don't choose.")
    chosen: str | None
    why: str

    @classmethod
    def of(cls, one: column_reading.ReadingQuestion) -> Self:
        return cls(
            name=one.name,
            column=one.column,
            cells=list(one.cells),
            options=[ReadingOption(key=option.key, values=list(option.values)) for option in one.options],
            chosen=one.chosen or None,
            why=one.why,
        )


class SchemaCheckReport(BaseModel):
    """How well a file fits a model."""

    fits: bool = Field(description="The model can score the file.")
    refusal: str | None = Field(description="Why it can't.")
    columns: list[CheckedColumn] = Field(description="What the model reads, in order.")
    extra: list[str] = Field(
        description="Columns of the file that are not read; they are kept in the result."
    )
    target: str
    outcome: str | None = Field(description="The file's column with the true outcome; null if it has none.")
    outcome_rows: int = Field(description="The rows in which that column is filled. Metrics come from them.")
    outcome_nearest: str | None = Field(
        description="If there is none, the unused column with the most similar name."
    )
    mapping: dict[str, str] = Field(description="As it would be saved with a prediction.")
    guesses: dict[str, str] = Field(description="A suggested mapping for missing columns.")
    remembered: Remembered | None
    rows: int
    rows_read: int = Field(description="How many of the first rows were checked.")
    warnings: list[Warned]
    questions: list[ReadingQuestion] = Field(
        description="Columns that can be read in two ways. Without a choice, each of their rows gets a caution."
    )
    reading: dict[str, str] = Field(description="The choices, as they would be saved with a prediction.")
    remembered_reading: dict[str, str] = Field(description="What was chosen the last time.")
    result_note: str | None = Field(
        description="What the result will hold otherwise than the file; null if it keeps each line as it is."
    )

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
            outcome_rows=checked.n_outcomes,
            outcome_nearest=checked.outcome_nearest,
            mapping=checked.mapping,
            guesses=checked.guesses,
            remembered=None if checked.remembered is None else Remembered.of(checked.remembered),
            rows=checked.n_rows,
            rows_read=checked.n_rows_read,
            warnings=[Warned.of(one) for one in checked.warnings],
            questions=[ReadingQuestion.of(one) for one in checked.questions],
            reading=dict(checked.reading),
            remembered_reading=dict(checked.remembered_reading),
            result_note=checked.result_note or None,
        )
