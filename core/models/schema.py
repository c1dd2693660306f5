"""What a model expects of a file: its columns, their kinds and values, and the frame its pipeline reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.models import date_parts, labels
from core.models.date_parts import DatePart
from core.models.errors import ColumnsMissing
from core.uploads.csv import cells
from core.uploads.csv.dialect import ColumnRule
from core.uploads.dates import columns as dates
from core.uploads.dates.texts import CERTAIN, TIME

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["number", "category", "date"]
Task = Literal["binary", "multiclass", "regression"]
RowIndices = npt.NDArray[np.int64]

CATEGORIES_KEPT = 1000


@dataclass(frozen=True)
class Feature:
    """One column that the model reads, as it stood in the training rows.

    categories: the values seen, trimmed, most frequent first (at most CATEGORIES_KEPT); empty for a number or date.
    minimum, maximum: the range seen; None for a category, and for a number that was always missing. Dates are days
    since 1970-01-01 with the part of the day that has passed, times of day that part alone.
    median: of the numbers seen, of two in the middle the smaller; None like the range, and where a model was
    trained before it was kept.
    reading: how its cells were read, its decimal mark stated where it is a number; None where a model was trained
    before it was kept.
    parts: of a date, those that are learnt from besides the day itself.
    """

    name: str
    kind: Kind
    categories: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    median: float | None = None
    reading: ColumnRule | None = None
    parts: tuple[DatePart, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Feature:
        """The feature that `asdict` gave, now or before readings were kept."""
        reading = data.get("reading")
        return cls(
            **{
                **data,
                "categories": tuple(data["categories"]),
                "reading": ColumnRule.from_json(reading) if reading else None,
                "parts": tuple(DatePart(**part) for part in data.get("parts", ())),
            }
        )

    @property
    def is_measured(self) -> bool:
        """Whether its values are numbers: a number's or a date's."""
        return self.kind != "category"

    @property
    def is_time_of_day(self) -> bool:
        """Whether it holds times without a day."""
        return self.kind == "date" and self.reading is not None and self.reading.date == TIME

    @property
    def reference(self) -> float | str | None:
        """What a usual row holds here: the median, or the most common category; None where that is unknown."""
        return self.median if self.is_measured else next(iter(self.categories), None)


@dataclass(frozen=True)
class PartOfDate(Feature):
    """A part of a date column as a number column of the pipeline's frame. source: the date column. part: which."""

    source: str = ""
    part: str = ""


@dataclass(frozen=True)
class TargetRange:
    """The outcomes of the training rows, where they are numbers. median: as of a feature."""

    minimum: float
    maximum: float
    median: float

    @classmethod
    def of(cls, outcomes: npt.NDArray[np.float64]) -> TargetRange:
        """outcomes: (n,), at least one and none missing."""
        middle = (len(outcomes) - 1) // 2
        return cls(
            float(outcomes.min()), float(outcomes.max()), float(np.partition(outcomes, middle)[middle])
        )


@dataclass(frozen=True)
class Schema:
    """The columns a model reads and what it answers with.

    labels: the classes in the training file's own spelling, in the order of predict_proba's columns and
    equal to the pipeline's `classes_`; empty for regression. positive_label: one of `labels` for a binary
    task, else None. target_reading: as a feature's `reading`. spellings: what else training counted as one of the
    labels, though its form is another → that label. target_range: of a regression; None where a model was trained
    before it was kept.
    """

    features: tuple[Feature, ...]
    target: str
    task: Task
    labels: tuple[str, ...] = ()
    positive_label: str | None = None
    target_reading: ColumnRule | None = None
    spellings: tuple[tuple[str, str], ...] = ()
    target_range: TargetRange | None = None

    @cached_property
    def inputs(self) -> tuple[Feature, ...]:
        """The columns of the pipeline's frame: the features, and behind each date its parts."""
        names = {feature.name for feature in self.features}
        found: list[Feature] = []
        for feature in self.features:
            found.append(feature)
            for part in feature.parts:
                name = f"{feature.name}: {part.name}"
                while name in names:
                    name += "\u2032"
                names.add(name)
                made = PartOfDate(
                    name,
                    "number",
                    minimum=part.minimum,
                    maximum=part.maximum,
                    median=part.usual,
                    source=feature.name,
                    part=part.name,
                )
                found.append(made)
        return tuple(found)

    @property
    def told(self) -> list[dict[str, str]]:
        """The inputs as code in a sandbox is told of them: numbers and categories.

        `date` says of a number that it is the days since 1970-01-01 ("day") or the part of a day ("time"), `part` and
        `source` which part of which date.
        """
        found = []
        for one in self.inputs:
            said = {"name": one.name, "kind": "number" if one.is_measured else "category"}
            if one.kind == "date":
                said["date"] = "time" if one.is_time_of_day else "day"
            if isinstance(one, PartOfDate):
                said |= {"part": one.part, "source": one.source}
            found.append(said)
        return found

    @property
    def dates(self) -> frozenset[str]:
        """The names of the features that are dates."""
        return frozenset(feature.name for feature in self.features if feature.kind == "date")

    def read_by(self, header: Sequence[str], rules: Sequence[ColumnRule]) -> Schema:
        """The schema with its dates read as a file's rules have it. header: of the file, under the model's names."""
        by_name = {
            header[rule.column]: rule.date for rule in rules if rule.column < len(header) and rule.date
        }
        features = tuple(
            replace(one, reading=replace(one.reading or ColumnRule(0), date=by_name[one.name]))
            if one.kind == "date" and one.name in by_name
            else one
            for one in self.features
        )
        return self if features == self.features else replace(self, features=features)

    def to_json(self) -> dict[str, Any]:
        """As plain lists and dicts; `from_json` reads them back to an equal schema."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Schema:
        """The schema that `to_json` wrote."""
        reading, target_range = data.get("target_reading"), data.get("target_range")
        return cls(
            **{
                **data,
                "features": tuple(map(Feature.from_json, data["features"])),
                "labels": tuple(data["labels"]),
                "target_reading": ColumnRule.from_json(reading) if reading else None,
                "spellings": tuple((spelling, label) for spelling, label in data.get("spellings", ())),
                "target_range": TargetRange(**target_range) if target_range else None,
            }
        )


@dataclass(frozen=True)
class ModelFrame:
    """A frame and what had to be blanked or was new in it.

    bad: the rows, from 0 and ascending, in which a number column holds no number, or a date column no date (it became
    missing).
    unseen: those in which a category column holds a value that training never saw. about: those in which a number is
    named only nearly. Columns without any are absent.
    """

    frame: pd.DataFrame
    bad: dict[str, RowIndices]
    unseen: dict[str, RowIndices]
    about: dict[str, RowIndices] = field(default_factory=dict)


def missing_columns(header: Collection[str], schema: Schema) -> list[str]:
    """The names of the features that a file with this header lacks, in the model's order."""
    present = set(header)
    return [feature.name for feature in schema.features if feature.name not in present]


def frame(table: pa.Table, schema: Schema, decimal: str) -> pd.DataFrame:
    """The frame the pipeline was fitted on, from a table of text cells. See `framed`."""
    return framed(table, schema, decimal).frame


def framed(table: pa.Table, schema: Schema, decimal: str) -> ModelFrame:
    """The pipeline's frame and the cells it should be cautious about.

    table: (n,) rows, columns pa.string(), at least the schema's features; others are ignored.
    Frame: (n,) rows, one column an input in the schema's order; numbers and dates are float64 with NaN for missing or
    bad, categories are object columns of trimmed str with None for missing. Raises ColumnsMissing.
    """
    import pandas as pd  # dear to load, and most processes that know of models neither train nor score

    if absent := missing_columns(table.column_names, schema):
        raise ColumnsMissing(columns=", ".join(repr(name) for name in absent))
    columns: dict[str, pd.Series] = {}
    bad: dict[str, RowIndices] = {}
    unseen: dict[str, RowIndices] = {}
    about: dict[str, RowIndices] = {}
    parts: dict[str, Mapping[str, date_parts.Floats]] = {}
    for feature in schema.inputs:
        if isinstance(feature, PartOfDate):
            columns[feature.name] = pd.Series(parts[feature.source][feature.part], copy=False)
            continue
        column = _one_chunk(table.column(feature.name))
        if feature.kind == "date":
            days, wrong = dates.days(column, order_of(feature))
            columns[feature.name] = pd.Series(days, copy=False)
            parts[feature.name] = date_parts.of(days)
            rows, cautions = np.flatnonzero(wrong), bad
        elif feature.kind == "number":
            numbers, wrong = cells.numbers(column, decimal)
            columns[feature.name] = pd.Series(numbers, copy=False)
            rows, cautions = np.flatnonzero(wrong), bad
            if (nearly := cells.is_about(column)).any():
                about[feature.name] = np.flatnonzero(nearly & ~wrong)
        else:
            texts, rows = _categories(column, frozenset(feature.categories))
            # named, because pandas would turn texts into its `str` type, and the encoder turn them back
            columns[feature.name] = pd.Series(texts, dtype=object, copy=False)
            cautions = unseen
        if len(rows):
            cautions[feature.name] = rows
    return ModelFrame(pd.DataFrame(columns, copy=False), bad, unseen, about)


def order_of(feature: Feature) -> str:
    """How the cells of a date column are written, as `dates.days` takes it."""
    return feature.reading.date if feature.reading else CERTAIN


def categories(column: pa.Array, *, known: Collection[str] = (), values: Collection[str] = ()) -> np.ndarray:
    """(n,) object array of trimmed str, None where the cell is missing.

    known: cells that are values, whatever they look like. values: likewise, in lower case.
    """
    return _categories(column, frozenset(known), values)[0]


def _categories(
    column: pa.Array, known: Collection[str], kept: Collection[str] = ()
) -> tuple[np.ndarray, RowIndices]:
    """(n,) the values, and the rows whose value is not known. A cell that is known is no missing one."""
    encoded = column.dictionary_encode()
    spellings = pc.utf8_trim_whitespace(encoded.dictionary)
    # a null cell has no code: it points to one more value, None
    values = np.array([*labels.as_learnt(spellings.to_pylist(), known), None], dtype=object)
    is_missing = cells.is_missing(encoded.dictionary, kept)
    values[:-1][
        [missing and value not in known for missing, value in zip(is_missing, values, strict=False)]
    ] = None
    codes = pc.fill_null(encoded.indices, len(values) - 1).to_numpy()
    new = np.array([value is not None and value not in known for value in values], dtype=bool)
    return values[codes], np.flatnonzero(new[codes]) if new.any() else np.empty(0, np.int64)


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    chunks: Sequence[pa.Array] = column.chunks
    return chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks or [pa.array([], pa.string())])
