"""A file's rows as scoring would read them: how many of their cells a model should be cautious about.

The whole file is looked at, or of a long one as much as takes a second, by the counts of scoring itself: so the check
says what the result will say. What was counted is kept, as a page asks at each click.
"""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from threading import Lock
from types import MappingProxyType
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa

from core.models.schema import Feature, Schema, categories, framed, order_of
from core.predictions.errors import FeatureRetyped
from core.predictions.matching.header import as_read
from core.predictions.results import caution, run_statistics
from core.predictions.results.run_statistics import BlockRows
from core.predictions.scoring.pipeline.pipeline_scorer import BLOCK_BYTES, PipelineScorer
from core.uploads.csv import cells, stream
from core.uploads.csv.dialect import ColumnRule, Dialect
from core.uploads.dates import columns as dates
from core.uploads.report.profile import shortened

N_BLOCKS = 64
"""How many blocks of BLOCK_BYTES are looked at; `benchmarks.looks` says what their reading costs."""
N_KEPT = 64
_EXAMPLES, _EXAMPLE_LENGTH = 3, 40


@dataclass
class FirstRows:
    """Counts over the rows looked at.

    missing, bad, unseen, outside, about, guessed: cells per feature, as in RunStatistics. examples: per feature with
    bad or unseen cells, the first different ones. ends: per feature of numbers that has some, and of outcomes, the
    least and the largest as the model reads them. retyped: per feature why scoring would refuse the file. n_unknown,
    unknown_outcomes, n_outcomes_outside: as in RunStatistics.
    """

    n_rows: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    bad: Counter[str] = field(default_factory=Counter)
    unseen: Counter[str] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)
    about: Counter[str] = field(default_factory=Counter)
    guessed: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    ends: dict[str, tuple[float, float]] = field(default_factory=dict)
    retyped: dict[str, FeatureRetyped] = field(default_factory=dict)
    n_unknown: int = 0
    unknown_outcomes: tuple[str, ...] = ()
    n_outcomes_outside: int = 0


@dataclass(frozen=True)
class RowsKept:
    """What was counted lately, the oldest forgotten first; used by several threads at once."""

    _found: OrderedDict[str, FirstRows] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, key: str, count: Callable[[], FirstRows]) -> FirstRows:
        """What is kept under the key, counted first where nothing is."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        counted = count()
        with self._lock:
            self._found[key] = counted
            while len(self._found) > N_KEPT:
                self._found.popitem(last=False)
        return counted


KEPT: Final = RowsKept()


def once(sha256: str, source: BinaryIO, count: partial[FirstRows]) -> FirstRows:
    """What a partial of `read` counts, once for the same bytes that are asked about alike.

    sha256: of the bytes when they were checked; that they were changed since is noticed where their beginning was.
    """
    begins = hashlib.sha256(source.read(BLOCK_BYTES)).hexdigest()
    source.seek(0)
    asked = repr([sha256, begins, count.args[1:], sorted(count.keywords.items())])
    return KEPT.of(hashlib.sha256(asked.encode("utf-8", "backslashreplace")).hexdigest(), count)


def read(
    source: BinaryIO,
    dialect: Dialect,
    schema: Schema,
    mapping: Mapping[str, str],
    *,
    unsure: Mapping[str, ColumnRule] = MappingProxyType({}),
    n_blocks: int = N_BLOCKS,
) -> FirstRows:
    """Count.

    source: at the file's first byte. dialect: as the file is read for the model. schema: less the features that the
    file lacks. unsure: of the model's columns that are read by a guess, how else they could be.

    Raises ChangedSinceChecked, and ValueError where bytes are not those that were checked.
    """
    seen = FirstRows()
    file = stream.open_csv(source, dialect, block_bytes=BLOCK_BYTES)
    header = as_read(file.header, schema, mapping)
    schema = schema.read_by(header, dialect.rules)
    pipeline_scorer = PipelineScorer(header, dialect, None, schema, unsure=unsure)
    for index, block in enumerate(islice(file.blocks, n_blocks)):
        table = pipeline_scorer.read(block)
        if table.num_rows == 0:
            continue
        if index == 0:  # the engine looks at no other block either
            seen.retyped = {refusal.column: refusal for refusal in pipeline_scorer.retyped(table)}
        as_read_now = framed(table, schema, dialect.decimal)
        counted = BlockRows.of(table, as_read_now, schema, unsure)
        seen.n_rows += counted.n
        seen.missing.update(counted.missing)
        cautions = counted.cautions
        seen.bad.update(caution.counted(cautions.bad))
        seen.unseen.update(caution.counted(cautions.unseen))
        seen.outside.update(caution.counted(cautions.outside))
        seen.about.update(caution.counted(cautions.about))
        seen.guessed.update(caution.counted(cautions.guessed))
        if counted.outcome is not None:
            n_unknown, found = run_statistics.unknown_outcomes(
                counted.outcome, schema, decimal=dialect.decimal
            )
            seen.n_unknown += n_unknown
            seen.unknown_outcomes = run_statistics.first_different(seen.unknown_outcomes, found)
            if schema.task == "regression":
                outcomes = run_statistics.numbers_of(counted.outcome, dialect.decimal)[0]
                seen.n_outcomes_outside += run_statistics.n_outside(outcomes, schema)
                _widen(seen.ends, schema.target, outcomes)
        for feature in schema.features:
            if feature.kind == "number":
                _widen(seen.ends, feature.name, as_read_now.frame[feature.name].to_numpy())
            if feature.name in cautions.bad or feature.name in cautions.unseen:
                shown = seen.examples.setdefault(feature.name, [])
                more = _odd_cells(feature, table.column(feature.name), dialect.decimal)
                shown += [cell for cell in more if cell not in shown][: _EXAMPLES - len(shown)]
    return seen


def _widen(ends: dict[str, tuple[float, float]], name: str, numbers: np.ndarray) -> None:
    """Numbers seen of a column are among its ends. numbers: (n,) float64, NaN for missing."""
    least, most = ends.get(name, (np.nan, np.nan))
    found = np.fmin.reduce(numbers, initial=least), np.fmax.reduce(numbers, initial=most)
    if not np.isnan(found[0]):
        ends[name] = float(found[0]), float(found[1])


def _odd_cells(feature: Feature, column: pa.ChunkedArray, decimal: str) -> list[str]:
    """The first different cells that are no number, no date, or no category that training saw."""
    one = column.combine_chunks()
    if feature.kind == "date":
        odd = one.filter(pa.array(dates.days(one, order_of(feature))[1])).unique().to_pylist()
    elif feature.kind == "number":
        odd = one.filter(pa.array(cells.numbers(one, decimal)[1])).unique().to_pylist()
    else:
        known = {None, *feature.categories}
        odd = [value for value in dict.fromkeys(categories(one)) if value not in known]
    return [shortened(cell.strip(), _EXAMPLE_LENGTH) for cell in odd[:_EXAMPLES]]
