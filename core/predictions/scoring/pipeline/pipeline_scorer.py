"""Answers a block by the pipeline itself, from every cell as text and the schema's frame: what it says is the rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any
from unicodedata import normalize

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.models.schema import Feature, PartOfDate, RowIndices, Schema, framed, order_of
from core.predictions.errors import FeatureRetyped
from core.predictions.results import caution
from core.predictions.results.histograms import Floats
from core.predictions.results.run_statistics import BlockRows
from core.predictions.scoring.pipeline import exact, reasons
from core.uploads.csv import cells, cleaning, stream
from core.uploads.csv.dialect import ColumnRule, Dialect
from core.uploads.dates import columns as dates

BLOCK_BYTES = 1 << 20  # of a file's bytes that are read, answered and written at a time
RETYPED_ABOVE = 0.5  # share of a number column's cells that are no number from which on it is another column


@dataclass(frozen=True)
class BlockAnswers:
    """A block's rows and what the model answers.

    answers: (n, k) probabilities in the order of the schema's labels, or (n,) numbers for a regression.
    reasons: the cells of each rank, (n,); () where they were not asked for.
    """

    rows: BlockRows
    answers: Floats
    reasons: tuple[pa.Array, ...] = ()


@dataclass(frozen=True)
class PipelineScorer:
    """Answers blocks of one file with one pipeline.

    header: under the model's names. gives_reasons: for each row. unsure: of the model's columns that are read by a
    guess, how else their cells could be read.
    """

    header: tuple[str, ...]
    dialect: Dialect
    pipeline: Any
    schema: Schema
    gives_reasons: bool = False
    unsure: Mapping[str, ColumnRule] = field(default_factory=dict)

    def read(self, block: bytes) -> pa.Table:
        """The block's cells as text; beside numbers that were read by a guess, which of these could be others.

        Raises ChangedSinceChecked.
        """
        spelled = stream.read_block(block, self.header, self.dialect).table
        table = cleaning.clean(spelled, self.dialect)
        for name, own in self.apart.items():
            if name in table.column_names:
                table = table.set_column(
                    table.column_names.index(name), name, _as_learnt(table.column(name), own)
                )
        for name, other in self.unsure.items():
            if name not in self.schema.dates and name in spelled.column_names:
                cells_as = (
                    table.column(name),
                    cleaning.cleaned(spelled.column(name).combine_chunks(), other, self.dialect.decimal),
                )
                taken, read_so = (cells.numbers(column, self.dialect.decimal)[0] for column in cells_as)
                differs = (taken != read_so) & ~(np.isnan(taken) & np.isnan(read_so))
                table = table.append_column(caution.doubt_of(name), pa.array(differs))
        return table

    @cached_property
    def apart(self) -> dict[str, pa.Table]:
        """By name, the features whose values had letters apart from their accents when the model was trained, before
        any cell was composed: "learnt" as they were then, "composed" as a file's cells are read now.
        """
        values = {feature.name: feature.categories for feature in self.schema.features}
        values |= {self.schema.target: self.schema.labels}
        composed = {name: [normalize("NFC", one) for one in known] for name, known in values.items()}
        return {
            name: pa.table({"learnt": list(known), "composed": composed[name]})
            for name, known in values.items()
            if list(known) != composed[name]
        }

    def answer(self, table: pa.Table) -> BlockAnswers:
        """The rows of what `read` returned, at least one."""
        given = framed(table, self.schema, self.dialect.decimal)
        answers = self._answers(given.frame)
        rows = BlockRows.of(table, given, self.schema, self.unsure)
        if not self.gives_reasons:
            return BlockAnswers(rows, answers)
        changes = self._changes(given.frame, answers)
        said = reasons.cells(changes, partial(_values, given.frame), self.schema, self.dialect)
        return BlockAnswers(rows, answers, said)

    def changes(self, table: pa.Table) -> Floats:
        """(features, n) what `reasons.cells` needs, of the rows of what `read` returned."""
        frame = framed(table, self.schema, self.dialect.decimal).frame
        return self._changes(frame, self._answers(frame))

    def _answers(self, frame: pd.DataFrame) -> Floats:
        if self.schema.task == "regression":
            return exact.predicted(self.pipeline, frame)
        return np.asarray(self.pipeline.predict_proba(frame), np.float64)

    def _changes(self, frame: pd.DataFrame, answers: Floats) -> Floats:
        schema = self.schema
        chosen = reasons.predicted(answers, schema)

        def score(given: Floats) -> Floats:
            return reasons.as_written(reasons.explained(given, schema, chosen), schema)

        own, changes = score(answers), np.empty((len(schema.inputs), len(frame)))
        for index, feature in enumerate(schema.inputs):
            kind = np.float64 if feature.is_measured else object
            usual = pd.Series([feature.reference] * len(frame), dtype=kind)
            changes[index] = own - score(self._answers(frame.assign(**{feature.name: usual})))
        return changes

    def require_numbers(self, table: pa.Table) -> None:
        """Raises FeatureRetyped where most cells of a number feature are no number, or of a date no date."""
        for refusal in self.retyped(table):
            raise refusal

    def retyped(self, table: pa.Table) -> Iterator[FeatureRetyped]:
        """What speaks against reading a number or date feature from its column, for each of which that is so.

        table: what `read` returned for the file's first block.
        """
        for feature in self.schema.features:
            if not feature.is_measured:
                continue
            column = table.column(feature.name)
            if feature.kind == "date":
                bad = dates.days(column.combine_chunks(), order_of(feature))[1]
            else:
                bad = cells.numbers(column, self.dialect.decimal)[1]
            n_present = len(bad) - int(cells.is_missing(column).sum())
            if bad.sum() > RETYPED_ABOVE * n_present:
                first = int(bad.argmax())
                yield FeatureRetyped(
                    column=feature.name,
                    percent=round(100 * int(bad.sum()) / n_present),
                    row=first + 1,
                    cell=column[first].as_py(),
                    what="dates" if feature.kind == "date" else "numbers",
                )


def _as_learnt(column: pa.ChunkedArray, own: pa.Table) -> pa.ChunkedArray:
    at = pc.index_in(pc.utf8_trim_whitespace(column), value_set=own["composed"])
    return pc.coalesce(own["learnt"].take(at), column)


def _values(frame: pd.DataFrame, feature: Feature, rows: RowIndices) -> Floats | pa.Array:
    name = feature.source if isinstance(feature, PartOfDate) else feature.name
    values = frame[name].to_numpy()[rows]
    return values if feature.is_measured else pa.array(values, pa.string())
