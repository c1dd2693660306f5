"""A block's features as numbers and codes, and the cells to be cautious about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.models import date_parts, labels
from core.models.schema import Feature, PartOfDate, RowIndices, Schema, order_of
from core.predictions.scoring.fast import probe
from core.predictions.scoring.fast.bins import Codes, Floats
from core.uploads.csv import cells
from core.uploads.dates import columns as dates


@dataclass(frozen=True)
class CategoryCells:
    """A category column. spellings: (d,) its distinct texts, trimmed, null where that is a way to say nothing.

    places: (d,) where in the feature's `probe.domain` each belongs.  indices: (n,) which of them each cell holds.
    """

    spellings: pa.Array
    slots: Codes
    indices: npt.NDArray[np.int32]

    def codes(self, table: Codes) -> Codes:
        """(n,) the table's entry for each cell. table: an entry for each place in the domain."""
        return table[self.slots].take(self.indices)

    def count(self, slot: int) -> int:
        """How many cells belong to this place."""
        here = self.slots == slot
        return int(np.bincount(self.indices, minlength=len(here))[here].sum()) if here.any() else 0

    def rows(self, slot: int) -> RowIndices:
        """The rows whose cell belongs to this place."""
        here = self.slots == slot
        return np.flatnonzero(here.take(self.indices)) if here.any() else np.empty(0, np.int64)


@dataclass(frozen=True)
class FeatureValues:
    """The features of n rows.

    numbers: (n,) each, NaN for missing or bad. missing: cells per feature. unseen, bad, about: the rows of a category
    that training never saw, of what is no number, and of what names one only nearly, per feature. Features without any
    are absent.
    """

    n_rows: int
    numbers: dict[str, Floats] = field(default_factory=dict)
    texts: dict[str, CategoryCells] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    unseen: dict[str, RowIndices] = field(default_factory=dict)
    bad: dict[str, RowIndices] = field(default_factory=dict)
    about: dict[str, RowIndices] = field(default_factory=dict)

    def values(self, feature: Feature, rows: RowIndices) -> Floats | pa.Array:
        """The feature's cells in these rows: numbers, NaN for missing, or texts, null for missing; of a part of a date
        the whole.
        """
        if isinstance(feature, PartOfDate):
            return self.numbers[feature.source][rows]
        if feature.is_measured:
            return self.numbers[feature.name][rows]
        texts = self.texts[feature.name]
        return texts.spellings.take(pa.array(texts.indices[rows]))

    def frame(self, schema: Schema, rows: Codes) -> pd.DataFrame:
        """The frame that the pipeline reads of these rows. rows: (m,) their places; a text never seen is any such."""
        columns: dict[str, pd.Series] = {}
        for feature in schema.inputs:
            if feature.is_measured:
                cells = self.numbers[feature.name][rows]
            else:
                texts = self.texts[feature.name]
                cells = np.array(probe.domain(feature), object)[texts.slots[texts.indices[rows]]]
            columns[feature.name] = probe.series(feature, cells)
        return pd.DataFrame(columns)


@dataclass(frozen=True)
class ScoreChanges:
    """What each feature's own value does to n rows' scores, as `reasons.cells` reads it.

    values: (features, n).  doubtful: (n,) rows of which a written digit is in doubt, so that the pipeline must say.
    """

    values: Floats
    doubtful: npt.NDArray[np.bool_]


def of_table(table: pa.Table, schema: Schema) -> FeatureValues:
    """table: what `Reader.read` returns."""
    given, parts = FeatureValues(table.num_rows), _parts(schema)
    for feature in schema.features:
        column = table.column(feature.name).chunk(0)
        if feature.kind == "date":
            _note_dates(given, feature, column, parts)
        elif feature.kind == "number":
            _note_numbers(given, feature, column.to_numpy(zero_copy_only=False), n_missing=column.null_count)
        else:
            _note_texts(given, feature, column)
    return given


def of_texts(table: pa.Table, schema: Schema, decimal: str) -> FeatureValues:
    """table: cells as text, what `PipelineScorer.read` returns, read as `core.models.schema.framed` reads them."""
    given, parts = FeatureValues(table.num_rows), _parts(schema)
    for feature in schema.features:
        column = table.column(feature.name).combine_chunks()
        if feature.kind == "date":
            _note_dates(given, feature, column, parts)
        elif feature.kind == "number":
            numbers, wrong = cells.numbers(column, decimal)
            n_missing = int(np.isnan(numbers).sum()) - int(wrong.sum())
            _note_numbers(given, feature, numbers, n_missing=n_missing)
            if wrong.any():
                given.bad[feature.name] = np.flatnonzero(wrong)
            if (nearly := cells.is_about(column)).any():
                given.about[feature.name] = np.flatnonzero(nearly & ~wrong)
        else:
            _note_texts(given, feature, pc.fill_null(column, "").dictionary_encode())
    return given


def _note_numbers(given: FeatureValues, feature: Feature, numbers: Floats, *, n_missing: int) -> None:
    given.numbers[feature.name] = numbers
    if n_missing:
        given.missing[feature.name] = n_missing


def _parts(schema: Schema) -> dict[str, list[PartOfDate]]:
    """Date feature → the inputs that are its parts."""
    found: dict[str, list[PartOfDate]] = {}
    for one in schema.inputs:
        if isinstance(one, PartOfDate):
            found.setdefault(one.source, []).append(one)
    return found


def _note_dates(
    given: FeatureValues, feature: Feature, column: pa.Array, parts: Mapping[str, Sequence[PartOfDate]]
) -> None:
    """column: (n,) text, plain or as a dictionary. What a date means is found out once for each spelling."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    days, bad = dates.days(encoded.dictionary, order_of(feature))
    codes = pc.fill_null(encoded.indices, len(days)).to_numpy(zero_copy_only=False)
    days, bad = np.append(days, np.nan), np.append(bad, False)
    found, is_bad = days.take(codes), bad.take(codes)
    n_missing = int(np.isnan(found).sum()) - int(is_bad.sum())
    _note_numbers(given, feature, found, n_missing=n_missing)
    if is_bad.any():
        given.bad[feature.name] = np.flatnonzero(is_bad)
    values = date_parts.of(days)
    for part in parts.get(feature.name, ()):
        given.numbers[part.name] = values[part.part].take(codes)


def _note_texts(given: FeatureValues, feature: Feature, column: pa.DictionaryArray) -> None:
    texts = given.texts[feature.name] = _texts(feature, column)
    n_known = len(feature.categories)
    if n_missing := texts.count(n_known + 1):
        given.missing[feature.name] = n_missing
    if len(unseen := texts.rows(n_known)):
        given.unseen[feature.name] = unseen


def _texts(feature: Feature, column: pa.DictionaryArray) -> CategoryCells:
    spellings = pc.utf8_trim_whitespace(column.dictionary)
    n_known = len(feature.categories)
    known = pa.array(feature.categories, pa.string())
    slots = pc.index_in(spellings, value_set=known)
    if slots.null_count:
        spellings = pa.array(labels.as_learnt(spellings.to_pylist(), feature.categories), pa.string())
        slots = pc.index_in(spellings, value_set=known)
    found = pc.fill_null(slots, n_known).to_numpy(zero_copy_only=False).astype(np.int64)
    missing = cells.is_missing(column.dictionary) & (found == n_known)
    found[missing] = n_known + 1
    spellings = pc.if_else(pa.array(missing), pa.scalar(None, pa.string()), spellings)
    return CategoryCells(spellings, found, column.indices.to_numpy(zero_copy_only=False))
