"""The fast way to answer blocks, and the comparison with the plain way that it must stand first."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from core.predictions import caution, columns, reasons
from core.predictions.answers import Floats
from core.predictions.caution import Cautions
from core.predictions.fast import compiled, features
from core.predictions.fast.compiled import AnsweredBy, Tables
from core.predictions.fast.features import Given
from core.predictions.fast.reading import Reader
from core.predictions.fast.unsupported import Unsupported
from core.predictions.plain import Answered, Plain
from core.predictions.tally import Rows
from core.uploads import records

CHECKED_ROWS = 1_000
_HEAD_BYTES = 1 << 20


@dataclass(frozen=True)
class Fast:
    """Answers blocks of one file from a pipeline's tables; used by several threads at once."""

    reader: Reader
    tables: Tables
    plain: Plain

    def answer(self, block: bytes) -> Answered | None:
        """None where the plain way must answer: a cell is in doubt, or a written digit."""
        table = self.reader.read(block)
        if table is None:
            return None
        schema = self.plain.schema
        given = features.of_table(table, schema)
        answers = self.tables.answers(given)
        if answers is None:
            return None
        outcome = table.column(schema.target).chunk(0) if schema.target in table.column_names else None
        outside = caution.outside_of_training(given.numbers, schema)
        cautions = Cautions(unseen=given.unseen, outside=outside, bad={})
        rows = Rows(given.n_rows, outcome, given.missing, cautions)
        if not self.plain.gives_reasons:
            return Answered(rows, answers)
        changes = self._changes(block, given, answers)
        if changes is None:
            return None
        said = reasons.cells(changes, given.values, schema, self.plain.dialect)
        return Answered(rows, answers, said)

    def _changes(self, block: bytes, given: Given, answers: Floats) -> Floats | None:
        """What reasons are made of, rows in doubt by the pipeline; None where the plain way must say all."""
        found = self.tables.changes(given, answers)
        if found is None:
            return None
        if found.doubtful.any():
            rows = self.plain.read(block).filter(pa.array(found.doubtful))
            found.values[:, found.doubtful] = self.plain.changes(rows)
        return found.values

    def compare(self, block: bytes, n_rows: int) -> int:
        """How many of the block's first n_rows were answered and found equal. Raises Unsupported where they differ."""
        head = self._head(block, n_rows)
        found = self.answer(head)
        if found is None:
            return 0
        expected = self.plain.answer(self.plain.read(head))
        if not found.rows.holds_as(expected.rows):
            raise Unsupported("it counted other cells as missing or new than the pipeline's own reading")
        if not (np.abs(found.answers - expected.answers) <= self.tables.slack).all():
            raise Unsupported("its answers to the first rows were not the pipeline's own")
        if found.reasons != expected.reasons:
            raise Unsupported("its reasons in the first rows were not the pipeline's own")
        return found.rows.n

    def _head(self, block: bytes, n_rows: int) -> bytes:
        """The block's first n_rows records, or the fewer that its first _HEAD_BYTES hold."""
        dialect = self.plain.dialect
        head = block[:_HEAD_BYTES]
        if len(head) < len(block):
            head = head[: records.last_end(head, dialect)]
        ends = columns.record_ends(head, dialect)[:n_rows]
        return head[: ends[-1]] if len(ends) else b""


@dataclass(frozen=True)
class Way:
    """How a run answers its next block. fast: None for the plain way alone, and then why_plain says why."""

    fast: Fast | None
    why_plain: str | None = None
    n_left: int = CHECKED_ROWS
    """Rows still to be compared."""

    @property
    def answered_by(self) -> AnsweredBy:
        """What answers most rows."""
        return self.fast.tables.answered_by if self.fast else "pipeline"

    def checked(self, block: bytes) -> Way:
        """This way once the block's rows are compared, as long as fewer than CHECKED_ROWS were; or the plain way."""
        if self.fast is None or self.n_left == 0:
            return self
        try:
            return replace(self, n_left=self.n_left - self.fast.compare(block, self.n_left))
        except Unsupported as unequal:
            return Way(None, str(unequal))
        except compiled.CHANGED_PARTS as changed:
            return Way(None, f"{type(changed).__name__}: {changed}")


def choose(plain: Plain) -> Way:
    """The fast way where the pipeline and the file allow it."""
    try:
        tables = compiled.build(plain.pipeline, plain.schema)
        return Way(Fast(Reader(plain.header, plain.dialect, plain.schema), tables, plain))
    except Unsupported as unsupported:
        return Way(None, str(unsupported))
