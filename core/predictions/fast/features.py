"""A block's features as numbers and codes, with counts of the cells to be cautious about."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.models.schema import Feature, Schema
from core.predictions.fast import probe
from core.predictions.fast.bins import Codes, Floats
from core.uploads import cells


@dataclass(frozen=True)
class Texts:
    """A category column. places: (d,) where in the feature's `probe.domain` each distinct text belongs.

    indices: (n,) which of the distinct texts each cell holds.
    """

    places: Codes
    indices: npt.NDArray[np.int32]

    def codes(self, table: Codes) -> Codes:
        """(n,) the table's entry for each cell. table: an entry for each place in the domain."""
        return table[self.places].take(self.indices)

    def count(self, place: int) -> int:
        """How many cells belong to this place."""
        here = self.places == place
        return int(np.bincount(self.indices, minlength=len(here))[here].sum()) if here.any() else 0


@dataclass(frozen=True)
class Given:
    """The features of n rows.

    numbers: (n,) each, NaN for missing. missing, unseen: cells per feature; features without any are absent.
    """

    n_rows: int
    numbers: dict[str, Floats] = field(default_factory=dict)
    texts: dict[str, Texts] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    unseen: dict[str, int] = field(default_factory=dict)

    def frame(self, schema: Schema, rows: Codes) -> pd.DataFrame:
        """The frame that the pipeline reads of these rows. rows: (m,) their places; a text never seen is any such."""
        columns: dict[str, pd.Series] = {}
        for feature in schema.features:
            if feature.kind == "number":
                cells = self.numbers[feature.name][rows]
            else:
                texts = self.texts[feature.name]
                cells = np.array(probe.domain(feature), object)[texts.places[texts.indices[rows]]]
            columns[feature.name] = probe.series(feature, cells)
        return pd.DataFrame(columns)


def of_table(table: pa.Table, schema: Schema) -> Given:
    """table: what `Reader.read` returns."""
    given = Given(table.num_rows)
    for feature in schema.features:
        column = table.column(feature.name).chunk(0)
        if feature.kind == "number":
            given.numbers[feature.name] = column.to_numpy(zero_copy_only=False)
            n_missing, n_unseen = column.null_count, 0
        else:
            texts = given.texts[feature.name] = _texts(feature, column)
            n_known = len(feature.categories)
            n_unseen, n_missing = texts.count(n_known), texts.count(n_known + 1)
        if n_missing:
            given.missing[feature.name] = n_missing
        if n_unseen:
            given.unseen[feature.name] = n_unseen
    return given


def _texts(feature: Feature, column: pa.DictionaryArray) -> Texts:
    spellings = pc.utf8_trim_whitespace(column.dictionary)
    n_known = len(feature.categories)
    places = pc.index_in(spellings, value_set=pa.array(feature.categories, pa.string()))
    found = pc.fill_null(places, n_known).to_numpy(zero_copy_only=False).astype(np.int64)
    found[cells.is_missing(column.dictionary)] = n_known + 1
    return Texts(found, column.indices.to_numpy(zero_copy_only=False))
