"""What the API says of an upload and of how it was read: typed, so that OpenAPI is exact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from core.api.dependencies import WHOLE
from core.db.tables.uploads import UploadRow
from core.uploads.detect.encoding import CODECS
from core.uploads.report import overrides
from core.uploads.report.examination import Examination


class UploadColumnRule(BaseModel):
    """How the cells of one column are rewritten before they are used."""

    column: int = Field(description="Its place in the file, from 0.")
    decimal: str = Field(description="The decimal mark of its numbers; empty where they need no care.")
    thousands: str = Field(description="What groups their digits; a blank stands for any blank.")
    mark: str = Field(description="A money or percent sign beside them.")
    missing: list[str] = Field(description="Spellings of a missing cell beside the usual ones.")
    kind: Literal["", "number", "category"] = Field(description="What you said that the column is.")


class UploadDialect(BaseModel):
    """How the file is written, and how it is read."""

    encoding: str
    delimiter: str
    quotechar: str = Field(description="Empty where quotes mean nothing.")
    decimal: str
    line_end: str
    has_bom: bool
    escapechar: str
    skip_lines: int = Field(description="Lines above the header.")
    has_header: bool
    names: list[str] = Field(description="Of the columns, as they are used.")
    index_column: bool = Field(description="The header lacks the first column's name.")
    not_rows: list[str] = Field(description="Lines that are no rows wherever they stand.")
    is_ragged: bool = Field(description="Rows are filled up to the header's width.")
    rules: list[UploadColumnRule]


class Column(BaseModel):
    """The profile of one column. minimum, maximum and examples are as the file spells them."""

    name: str
    kind: Literal["number", "category", "text", "date", "boolean", "empty"]
    n_missing: int
    n_distinct: int = Field(description="A lower bound where distinct_capped.")
    distinct_capped: bool
    minimum: str | None
    maximum: str | None
    examples: list[str]
    n_odd: int = Field(description="Cells that are no number in a column where nearly all are.")
    first_odd: str | None
    n_coerced: int = Field(description="Cells that were rewritten to be read.")
    n_declared_missing: int = Field(description="Those of them that became missing.")


class UploadGuess(BaseModel):
    """One thing that the file does not say of itself. `PATCH` the upload to overrule it."""

    about: str
    value: str
    confidence: Literal["certain", "likely", "guess", "chosen"]
    why: str
    column: str | None
    alternatives: list[str]


class RewrittenCell(BaseModel):
    """A cell of the first rows before and after it was rewritten."""

    row: int = Field(description="From 1, below the header.")
    column: str
    before: str
    after: str


class Treatment(BaseModel):
    """How often lines were not rows as they stood."""

    n_blank: int
    n_inner_breaks: int = Field(description="Line breaks inside quoted cells.")
    n_not_rows: int = Field(description="Repeated headers, totals and notes left out.")
    n_short: int = Field(description="Rows filled up with empty cells.")
    first_short: int | None = Field(description="The line of the first.")
    n_long: int = Field(description="Rows with empty cells behind the last column.")
    first_long: int | None


class Packed(BaseModel):
    """What the file came in; it is kept unpacked."""

    kind: Literal["gzip", "zip"]
    file_name: str
    size_bytes: int
    n_others: int = Field(description="Other files in there, which were not read.")


class UploadColumnOverrides(BaseModel):
    """What you say of one column; what you leave out is found."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["number", "category"] | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal["", ",", ".", " ", "'"] | None = None
    mark: Annotated[str, Field(max_length=10)] | None = None
    missing: Annotated[list[Annotated[str, Field(max_length=80)]], Field(max_length=50)] | None = None


def _one_of(known: Sequence[str]) -> Any:
    """Told in the description; reading itself refuses any other, with the list."""
    return Field(json_schema_extra={"enum": [*known]})


class UploadOverrides(BaseModel):
    """What you say of a file, instead of what was guessed; what you leave out is found."""

    model_config = ConfigDict(extra="forbid", strict=True)

    encoding: Annotated[str, Field(max_length=40), _one_of(CODECS)] | None = None
    delimiter: Annotated[str, Field(max_length=1), _one_of(overrides.MARKS)] | None = None
    quotechar: Annotated[str, Field(max_length=1), _one_of(overrides.QUOTES)] | None = None
    escapechar: Annotated[str, Field(max_length=1), _one_of(overrides.ESCAPES)] | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal["", ",", ".", " ", "'"] | None = None
    header_line: Annotated[int, Field(ge=0, le=100_000), WHOLE] | None = Field(
        default=None, description="As an editor counts; 0 for a file without a header."
    )
    missing: Annotated[list[Annotated[str, Field(max_length=80)]], Field(max_length=50)] | None = None
    keep_lines: bool | None = Field(default=None, description="Totals, notes and repeated headers are rows.")
    columns: dict[str, UploadColumnOverrides] = Field(default_factory=dict, max_length=4096)

    def said(self) -> overrides.ReadingOverrides:
        return overrides.ReadingOverrides.from_json(self.model_dump(exclude_none=True))


class Receipt(BaseModel):
    """What was found when the file was checked."""

    dialect: UploadDialect
    columns: list[Column]
    n_rows: int
    preview: list[list[str]] = Field(description="The cells of the first rows, as the file spells them.")
    notes: list[str] = Field(description="What had to be found out about the file, in sentences.")
    guesses: list[UploadGuess]
    changes: list[RewrittenCell] = Field(description="The cells of the preview that were rewritten.")
    treatment: Treatment
    reading: UploadOverrides = Field(description="What was overruled.")
    packed: Packed | None = Field(description="Null where the file came plain.")

    @classmethod
    def of(cls, examination: Examination) -> Self:
        return cls.model_validate(examination.to_json())


class Upload(BaseModel):
    """A CSV that was checked and stored."""

    id: str
    user_id: str
    file_name: str
    size_bytes: int
    sha256: str
    rows: int
    columns: int
    is_sample: bool
    created_at: datetime

    @classmethod
    def of(cls, row: UploadRow) -> Self:
        return cls(**_of_upload(row))


class UploadDetail(Upload):
    """An upload with its receipt."""

    receipt: Receipt

    @classmethod
    def of(cls, row: UploadRow) -> Self:
        return cls(**_of_upload(row), receipt=Receipt.of(Examination.from_json(row.receipt)))


def _of_upload(row: UploadRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "user_id": str(row.user_id),
        "file_name": row.file_name,
        "size_bytes": row.size_bytes,
        "sha256": row.sha256,
        "rows": row.n_rows,
        "columns": row.n_columns,
        "is_sample": row.is_sample,
        "created_at": row.created_at,
    }
