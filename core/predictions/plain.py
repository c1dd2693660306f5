"""The plain way to answer a block: every cell as text, the schema's frame, the pipeline itself. It is the rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from core.models.schema import Schema, framed
from core.predictions import exact
from core.predictions.answers import Floats
from core.predictions.errors import FeatureRetyped
from core.predictions.tally import Rows
from core.uploads import cells, stream
from core.uploads.dialect import Dialect

BLOCK_BYTES = 1 << 20  # of a file's bytes that are read, answered and written at a time
RETYPED_ABOVE = 0.5  # share of a number column's cells that are no number from which on it is another column


@dataclass(frozen=True)
class Answered:
    """A block's rows and what the model answers.

    answers: (n, k) probabilities in the order of the schema's labels, or (n,) numbers for a regression.
    """

    rows: Rows
    answers: Floats


@dataclass(frozen=True)
class Plain:
    """Answers blocks of one file with one pipeline. header: under the model's names."""

    header: tuple[str, ...]
    dialect: Dialect
    pipeline: Any
    schema: Schema

    def read(self, block: bytes) -> pa.Table:
        """The block's cells as text. Raises ChangedSinceChecked."""
        return stream.parse_block(block, self.header, self.dialect)

    def answer(self, table: pa.Table) -> Answered:
        """The rows of what `read` returned, at least one."""
        given = framed(table, self.schema, self.dialect.decimal)
        if self.schema.task == "regression":
            answers = exact.predicted(self.pipeline, given.frame)
        else:
            answers = self.pipeline.predict_proba(given.frame)
        return Answered(Rows.of(table, given, self.schema), answers)

    def require_numbers(self, table: pa.Table) -> None:
        """Raises FeatureRetyped where most cells of a number feature are no number."""
        for refusal in self.retyped(table):
            raise refusal

    def retyped(self, table: pa.Table) -> Iterator[FeatureRetyped]:
        """What speaks against reading a number feature from its column, for each of which that is so.

        table: what `read` returned for the file's first block.
        """
        for feature in self.schema.features:
            if feature.kind != "number":
                continue
            column = table.column(feature.name)
            bad = cells.numbers(column, self.dialect.decimal)[1]
            n_present = len(bad) - int(cells.is_missing(column).sum())
            if bad.sum() > RETYPED_ABOVE * n_present:
                first = int(bad.argmax())
                yield FeatureRetyped(
                    column=feature.name,
                    percent=round(100 * int(bad.sum()) / n_present),
                    row=first + 1,
                    cell=column[first].as_py(),
                )
