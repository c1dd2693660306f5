"""How one block of a run is scored: its bytes with the answers behind each record, and what was counted in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from threadpoolctl import threadpool_limits

from core.models import thresholds
from core.models.schema import Schema
from core.predictions.matching import header
from core.predictions.results import columns, csv_injection, histograms, rounding, run_statistics
from core.predictions.results.columns import AddedColumns
from core.predictions.results.run_statistics import RunStatistics
from core.predictions.scoring.fast.path import FastScorer
from core.predictions.scoring.pipeline import reasons
from core.predictions.scoring.pipeline.pipeline_scorer import PipelineScorer
from core.uploads.csv.dialect import ColumnRule, Dialect


@dataclass(frozen=True)
class ScoredBlock:
    """A scored block: its bytes with the added cells, its statistics, and how many rows the pipeline answered."""

    output: bytes
    statistics: RunStatistics
    n_pipeline_rows: int


@dataclass(frozen=True)
class Scorer:
    """What every block of a file needs to be scored; used by several threads at once. header: the file's own.

    threshold: the probability from which on a row counts as the positive one of two classes.
    """

    pipeline_scorer: PipelineScorer
    added: AddedColumns
    header: tuple[str, ...]
    bare: bool
    threshold: float = thresholds.HALF

    def score(self, index: int, block: bytes, fast: FastScorer | None) -> ScoredBlock:
        """The index-th block. fast: the way to try first."""
        schema, dialect = self.pipeline_scorer.schema, self.pipeline_scorer.dialect
        n_pipeline_rows = 0
        read, table = fast.read(block) if fast else None, None
        if read is None:
            table = self.pipeline_scorer.read(block)
            if table.num_rows == 0:  # what is no row is filled up all the same, whatever block it is in
                nothing = [pa.array([], pa.binary())] * len(self.added.names)
                return ScoredBlock(columns.appended(block, nothing, dialect), run_statistics.empty(schema), 0)
            if index == 0:
                self.pipeline_scorer.require_numbers(table)
            read = fast.read_texts(table) if fast else None
        answered = fast.answer(block, read) if fast and read else None
        if answered is None:
            table = self.pipeline_scorer.read(block) if table is None else table
            answered = self.pipeline_scorer.answer(table)
            n_pipeline_rows = table.num_rows
        answers, chosen = answered.answers, None
        if schema.task == "regression":
            answers = rounding.rounded(answers)  # what is measured is what is written
            cells = [columns.number_cells(answers, dialect)]
        else:
            chosen = histograms.predicted(answers, schema, self.threshold)
            cells = columns.class_cells(answers, self.added, chosen)
        if self.bare:
            counted = replace(run_statistics.empty(schema), n_rows=answered.rows.n)
        else:
            cells.append(answered.rows.cautions.cells(answered.rows.n, dialect))
            found = csv_injection.of_block(block, self.header, dialect)
            counted = run_statistics.of_block(
                answered.rows,
                answers,
                schema,
                decimal=dialect.decimal,
                seed=index,
                formulas=found,
                chosen=chosen,
            )
        cells += answered.reasons
        return ScoredBlock(columns.appended(block, cells, dialect), counted, n_pipeline_rows)


def scorer(
    file_header: tuple[str, ...],
    *,
    dialect: Dialect,
    pipeline: Any,
    schema: Schema,
    mapping: Mapping[str, str] | None,
    with_reasons: bool,
    bare: bool = False,
    unsure: Mapping[str, ColumnRule] = MappingProxyType({}),
    threshold: float = thresholds.HALF,
) -> Scorer:
    """For a file with this header; the rest as `engine.score` takes it.

    Raises FeatureMissing, LabelUnwritable, ReasonsUnknown.
    """
    header.require_features(file_header, schema, mapping=mapping)
    read_as = header.as_read(file_header, schema, mapping)
    schema = schema.read_by(read_as, dialect.rules)
    if with_reasons:
        reasons.require_references(schema)
    added = columns.plan(
        file_header, schema, dialect, with_caution=not bare, n_reasons=reasons.TOP if with_reasons else 0
    )
    pipeline_scorer = PipelineScorer(
        read_as,
        dialect,
        pipeline,
        schema,
        with_reasons,
        dict(unsure),
    )
    return Scorer(pipeline_scorer, added, file_header, bare, threshold)


def use_one_native_thread() -> None:
    """In the thread that calls it, for which OpenMP keeps a limit of its own."""
    threadpool_limits(limits=1, user_api="openmp")
