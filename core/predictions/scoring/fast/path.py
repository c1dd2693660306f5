"""The fast path: blocks answered from tables, once its first answers were compared with the pipeline's own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.predictions.results import caution, columns
from core.predictions.results.caution import Cautions
from core.predictions.results.histograms import Floats
from core.predictions.results.run_statistics import BlockRows
from core.predictions.results.run_summary import AnsweredBy
from core.predictions.scoring.fast import compiled, features
from core.predictions.scoring.fast.compiled import Tables
from core.predictions.scoring.fast.features import FeatureValues
from core.predictions.scoring.fast.reading import Reader
from core.predictions.scoring.fast.unsupported import Unsupported
from core.predictions.scoring.pipeline import reasons
from core.predictions.scoring.pipeline.pipeline_scorer import BlockAnswers, PipelineScorer
from core.uploads.csv import records

CHECKED_ROWS = 1_000
_HEAD_BYTES = 1 << 20


@dataclass(frozen=True)
class ReadBlock:
    """A block's rows as the tables take them, and their outcomes where the file has them.

    in_doubt: of the columns that are read by a guess, as `caution.doubtful` says.
    """

    given: FeatureValues
    outcome: pa.Array | None
    in_doubt: dict[str, npt.NDArray[np.bool_]]


@dataclass(frozen=True)
class FastScorer:
    """Answers blocks of one file from a pipeline's tables; used by several threads at once.

    reader: None where the file is written in an unusual way, so that every block is read as text.
    """

    reader: Reader | None
    tables: Tables
    pipeline_scorer: PipelineScorer

    def read(self, block: bytes) -> ReadBlock | None:
        """Straight from the bytes; None where a cell is in doubt, so that the block must be read as text."""
        table = self.reader.read(block) if self.reader else None
        if table is None:
            return None
        return self._read(features.of_table(table, self.pipeline_scorer.schema), table)

    def read_texts(self, table: pa.Table) -> ReadBlock:
        """From the cells as the pipeline scorer reads them. table: what `PipelineScorer.read` returned."""
        given = features.of_texts(table, self.pipeline_scorer.schema, self.pipeline_scorer.dialect.decimal)
        return self._read(given, table)

    def _read(self, given: FeatureValues, table: pa.Table) -> ReadBlock:
        schema = self.pipeline_scorer.schema
        is_known = schema.target in table.column_names
        outcome = table.column(schema.target).combine_chunks() if is_known else None
        return ReadBlock(given, outcome, caution.doubtful(table, schema, self.pipeline_scorer.unsure))

    def answer(self, block: bytes, read: ReadBlock) -> BlockAnswers | None:
        """None where the pipeline must answer: a written digit is in doubt. read: of this block."""
        schema, given = self.pipeline_scorer.schema, read.given
        answers = self.tables.answers(given)
        if answers is None:
            return None
        outside = caution.outside_of_training(given.numbers, schema)
        guessed = caution.read_by_guess(given.numbers, read.in_doubt)
        cautions = Cautions(given.unseen, outside, given.bad, given.about, guessed, schema.dates)
        rows = BlockRows(given.n_rows, read.outcome, given.missing, cautions)
        if not self.pipeline_scorer.gives_reasons:
            return BlockAnswers(rows, answers)
        changes = self._changes(block, given, answers)
        if changes is None:
            return None
        said = reasons.cells(changes, given.values, schema, self.pipeline_scorer.dialect)
        return BlockAnswers(rows, answers, said)

    def _changes(self, block: bytes, given: FeatureValues, answers: Floats) -> Floats | None:
        """What reasons are made of, rows in doubt by the pipeline; None where the pipeline must answer all of them."""
        found = self.tables.changes(given, answers)
        if found is None:
            return None
        if found.doubtful.any():
            rows = self.pipeline_scorer.read(block).filter(pa.array(found.doubtful))
            found.values[:, found.doubtful] = self.pipeline_scorer.changes(rows)
        return found.values

    def compare(self, block: bytes, n_rows: int) -> int:
        """How many of the block's first n_rows were answered and found equal. Raises Unsupported where they differ."""
        head = self._head(block, n_rows)
        table = self.pipeline_scorer.read(head)
        if table.num_rows == 0:
            return 0
        expected = self.pipeline_scorer.answer(table)
        n_equal = 0
        for read in (self.read(head), self.read_texts(table)):
            found = self.answer(head, read) if read else None
            if found:
                self._require_equal(found, expected)
                n_equal = found.rows.n
        return n_equal

    def _require_equal(self, found: BlockAnswers, expected: BlockAnswers) -> None:
        """Raises Unsupported where these are not what the pipeline answers."""
        if not found.rows.holds_as(expected.rows):
            raise Unsupported("it counted missing or new cells differently from the pipeline")
        if not (np.abs(found.answers - expected.answers) <= self.tables.slack).all():
            raise Unsupported("its answers for the first rows differed from the pipeline's")
        if found.reasons != expected.reasons:
            raise Unsupported("its reasons for the first rows differed from the pipeline's")

    def _head(self, block: bytes, n_rows: int) -> bytes:
        """The block's first n_rows records, or the fewer that its first _HEAD_BYTES hold."""
        dialect = self.pipeline_scorer.dialect
        head = block[:_HEAD_BYTES]
        if len(head) < len(block):
            head = head[: records.last_end(head, dialect)]
        ends = columns.record_ends(head, dialect)[:n_rows]
        return head[: ends[-1]] if len(ends) else b""


@dataclass(frozen=True)
class ScoringPath:
    """How a run answers its next block. fast: None for the pipeline alone, and then why_pipeline says why."""

    fast: FastScorer | None
    why_pipeline: str | None = None
    n_left: int = CHECKED_ROWS
    """Rows still to be compared."""

    @property
    def answered_by(self) -> AnsweredBy:
        """What answers most rows."""
        return self.fast.tables.answered_by if self.fast else "pipeline"

    def checked(self, block: bytes) -> ScoringPath:
        """This path once the block's rows are compared, as long as fewer than CHECKED_ROWS were; else the pipeline."""
        if self.fast is None or self.n_left == 0:
            return self
        try:
            return replace(self, n_left=self.n_left - self.fast.compare(block, self.n_left))
        except Unsupported as unequal:
            return ScoringPath(None, str(unequal))
        except compiled.CHANGED_PARTS as changed:
            return ScoringPath(None, f"{type(changed).__name__}: {changed}")


def choose(pipeline_scorer: PipelineScorer) -> ScoringPath:
    """The fast way where the pipeline allows it."""
    try:
        tables = compiled.build(pipeline_scorer.pipeline, pipeline_scorer.schema)
    except Unsupported as unsupported:
        return ScoringPath(None, str(unsupported))
    scorer = pipeline_scorer
    is_unsure = not scorer.schema.dates.issuperset(scorer.unsure)  # of cells that only their spelling tells
    is_plain = scorer.dialect.is_plain and not scorer.apart and not is_unsure
    reader = Reader(scorer.header, scorer.dialect, scorer.schema) if is_plain else None
    return ScoringPath(FastScorer(reader, tables, pipeline_scorer))
