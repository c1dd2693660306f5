"""What the API says of an upload and of how it was read: typed, so that OpenAPI is exact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from core.api.dependencies import WHOLE
from core.db.tables.uploads import UploadRow
from core.uploads.detect.encodings.charsets import CODECS
from core.uploads.report import overrides
from core.uploads.report.examination import Examination

_DateForm = Literal["", "ymd", "dmy", "mdy", "time", "epoch", "epoch_ms", "excel"]


class UploadColumnRule(BaseModel):
    """How cells of one column are rewritten before use."""

    column: int = Field(description="Its position in the file, from 0.")
    decimal: str = Field(description="The decimal mark of its numbers; empty if they need none.")
    thousands: str = Field(description="What groups their digits; a space stands for any kind of space.")
    mark: str = Field(description="A currency or percent sign next to them.")
    missing: list[str] = Field(description="Spellings of a missing value, besides the usual ones.")
    kind: Literal["", "number", "category"] = Field(description="The type you set for the column.")
    values: list[str] = Field(
        description="Usual spellings of a missing value that are values in this column."
    )
    scale: Literal["", "fractions", "hundredths"] = Field(
        description="`fractions`: numbers without a percent sign are multiplied by 100; `hundredths`: numbers with one "
        "are divided by 100."
    )
    is_loose: bool = Field(description="Cells such as `<0.5` and `575K` are read as numbers.")
    suffixes: list[tuple[str, str]] = Field(
        description="Words after its numbers and what each means: empty for nothing, `-` or `+` for the sign, or a "
        "factor."
    )
    words: list[tuple[str, str]] = Field(
        description="Cells that stand for a number, in lower case, each with that number; `≈` means nearly."
    )
    date: _DateForm = Field(
        description="How its dates are written: `dmy`, `mdy` and `ymd` are orders of day, month and year, `excel` "
        "counts days as spreadsheets do. Empty if it has none or they need no rule."
    )


class UploadDialect(BaseModel):
    """How the file is written and read."""

    encoding: str
    delimiter: str
    quotechar: str = Field(description="Empty if quotes have no meaning.")
    decimal: str
    line_end: str
    has_bom: bool
    escapechar: str
    skip_lines: int = Field(description="Lines above the header.")
    has_header: bool
    names: list[str] = Field(description="Column names, as they are used.")
    index_column: bool = Field(description="The header lacks the first column's name.")
    not_rows: list[str] = Field(description="Lines that are not rows, wherever they occur.")
    is_ragged: bool = Field(description="Short rows are filled up to the header's width.")
    rules: list[UploadColumnRule]
    rewriting: UploadTextRewriting | None = Field(description="Null if the text is read as it is.")


class Column(BaseModel):
    """The profile of one column. Minimum, maximum and examples are spelled as in the file."""

    name: str
    kind: Literal["number", "category", "text", "date", "boolean", "empty"]
    n_missing: int
    n_distinct: int = Field(description="A lower bound if distinct_capped.")
    distinct_capped: bool
    minimum: str | None
    maximum: str | None
    examples: list[str]
    n_odd: int = Field(description="Cells that are not numbers, or dates, in a column where nearly all are.")
    first_odd: str | None
    n_coerced: int = Field(description="Cells that were rewritten so that they can be read.")
    n_declared_missing: int = Field(description="Rewritten cells that became missing.")
    n_about: int = Field(description="Cells that name a number only nearly, such as `<0.5`.")
    first_about: str | None
    missing: dict[str, int] = Field(
        description="Usual spellings of a missing value, and how many cells hold each."
    )


class UploadGuess(BaseModel):
    """Something that was detected about the file. `PATCH` the upload's reading to override it."""

    about: str
    value: str
    confidence: Literal["certain", "likely", "guess", "chosen"]
    why: str
    column: str | None
    alternatives: list[str]


class RewrittenCell(BaseModel):
    """A cell of the first rows, before and after it was rewritten."""

    row: int = Field(description="From 1, below the header.")
    column: str
    before: str
    after: str


class Treatment(BaseModel):
    """How many lines were not plain rows."""

    n_blank: int
    n_inner_breaks: int = Field(description="Line breaks inside quoted cells.")
    n_not_rows: int = Field(description="Repeated headers, totals and notes that were left out.")
    n_short: int = Field(description="Rows that were filled up with empty cells.")
    first_short: int | None = Field(description="Line number of the first.")
    n_long: int = Field(description="Rows with empty cells after the last column.")
    first_long: int | None


class Packed(BaseModel):
    """The archive that the file came in; the file is kept unpacked."""

    kind: Literal["gzip", "zip"]
    file_name: str
    size_bytes: int
    n_others: int = Field(description="Other files in the archive, which were not read.")


class UploadOtherTable(BaseModel):
    """A table of the file that is not read with it. `POST` its place to the upload's tables to upload it by itself."""

    first_line: int = Field(description="Line number where it begins, its title included.")
    last_line: int = Field(description="Line number where it ends; 0 for the file's end.")
    title: str = Field(description="The text above it, or its column names.")
    n_rows: int
    n_columns: int


class UploadTextRewriting(BaseModel):
    """What is done to the file's text before it is split into rows."""

    repairs: list[Literal["c1", "nfc", "invisible"]] = Field(
        description="c1: control characters are read as Windows-1252; nfc: separate accents are joined to letters; "
        "invisible: marks without a width are left out."
    )
    first_line: int
    last_line: int = Field(description="No line after it is read; 0 if all are.")
    mark: str = Field(description="Several characters that separate cells, such as ||.")
    columns: list[tuple[int, int]] = Field(description="Where aligned columns begin and end, in characters.")
    is_aligned: bool = Field(description="Any number of spaces separates cells.")
    is_wrapped: bool = Field(description="Each line is in quotes as a whole, which are taken off.")
    is_barred: bool = Field(
        default=False, description="A bar begins and ends each line of the table; these are taken off."
    )


class UploadColumnOverrides(BaseModel):
    """Settings for one column; what you leave out is detected."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["number", "category"] | None = Field(
        default=None,
        description="`number` also reads cells that are nearly numbers and converts units; `category` keeps the "
        "spelling.",
    )
    decimal: Literal[".", ","] | None = None
    thousands: Literal["", ",", ".", " ", "'"] | None = None
    mark: Annotated[str, Field(max_length=10)] | None = None
    missing: Annotated[list[Annotated[str, Field(max_length=80)]], Field(max_length=50)] | None = Field(
        default=None,
        description="Spellings of a missing value. An empty list, or one with a usual spelling such as `na`, is "
        "complete; otherwise the usual spellings count too.",
    )
    scale: Literal["", "fractions", "hundredths"] | None = None
    values: Annotated[list[Annotated[str, Field(max_length=80)]], Field(max_length=50)] | None = Field(
        default=None, description="Cells that are values, even if they look like a missing value."
    )
    date: _DateForm | None = Field(
        default=None, description="How its dates are written; empty for a column that holds none."
    )


def _one_of(known: Sequence[str]) -> Any:
    """Told in the description; reading itself refuses any other, with the list."""
    return Field(json_schema_extra={"enum": [*known]})


class UploadOverrides(BaseModel):
    """Settings for reading a file; what you leave out is detected."""

    model_config = ConfigDict(extra="forbid", strict=True)

    encoding: Annotated[str, Field(max_length=40), _one_of(CODECS)] | None = None
    delimiter: Annotated[str, Field(max_length=1), _one_of(overrides.MARKS)] | None = None
    quotechar: Annotated[str, Field(max_length=1), _one_of(overrides.QUOTES)] | None = None
    escapechar: Annotated[str, Field(max_length=1), _one_of(overrides.ESCAPES)] | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal["", ",", ".", " ", "'"] | None = None
    header_line: Annotated[int, Field(ge=0, le=100_000), WHOLE] | None = Field(
        default=None, description="Line number of the header, from 1; 0 for a file without one."
    )
    missing: Annotated[list[Annotated[str, Field(max_length=80)]], Field(max_length=50)] | None = None
    keep_lines: bool | None = Field(
        default=None, description="Treat totals, notes and repeated headers as rows."
    )
    columns: dict[str, UploadColumnOverrides] = Field(default_factory=dict, max_length=4096)

    def said(self) -> overrides.ReadingOverrides:
        return overrides.ReadingOverrides.from_json(self.model_dump(exclude_none=True))


class Receipt(BaseModel):
    """What was found when the file was checked."""

    dialect: UploadDialect
    columns: list[Column]
    n_rows: int
    preview: list[list[str]] = Field(description="The cells of the first rows, spelled as in the file.")
    notes: list[str] = Field(description="What was detected about the file, in sentences.")
    guesses: list[UploadGuess]
    changes: list[RewrittenCell] = Field(description="Cells of the preview that were rewritten.")
    treatment: Treatment
    reading: UploadOverrides = Field(description="Settings that override what was detected.")
    packed: Packed | None = Field(description="Null if the file came plain.")
    samples: list[list[str]] = Field(
        description="A few cells of each column of numbers, spelled as in the file; empty for whole numbers."
    )
    other_tables: list[UploadOtherTable] = Field(description="Other tables in the file, which are not read.")

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
