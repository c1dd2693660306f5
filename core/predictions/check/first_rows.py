"""The first rows of a file as scoring would read them: how many of their cells a model should be cautious about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

import pyarrow as pa

from core.models.schema import Feature, Schema, categories, framed, order_of
from core.predictions.errors import FeatureRetyped
from core.predictions.matching.header import as_read
from core.predictions.results import caution, run_statistics
from core.predictions.results.run_statistics import BlockRows
from core.predictions.scoring.pipeline.pipeline_scorer import BLOCK_BYTES, PipelineScorer
from core.uploads.csv import cells, stream
from core.uploads.csv.dialect import Dialect
from core.uploads.dates import columns as dates
from core.uploads.report.profile import shortened

N_BLOCKS = 2
"""How many blocks of BLOCK_BYTES are looked at; their reading costs 20 ms of a core each."""
_EXAMPLES, _EXAMPLE_LENGTH = 3, 40


@dataclass
class FirstRows:
    """Counts over the rows looked at.

    bad, unseen, outside, about: cells per feature, as in RunStatistics. examples: per feature with bad or unseen cells,
    the first different ones. retyped: per feature why scoring would refuse the file. n_unknown, unknown_outcomes: as in
    RunStatistics.
    """

    n_rows: int = 0
    bad: Counter[str] = field(default_factory=Counter)
    unseen: Counter[str] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)
    about: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    retyped: dict[str, FeatureRetyped] = field(default_factory=dict)
    n_unknown: int = 0
    unknown_outcomes: tuple[str, ...] = ()


def read(source: BinaryIO, dialect: Dialect, schema: Schema, mapping: Mapping[str, str]) -> FirstRows:
    """Count.

    source: at the file's first byte. dialect: as the file is read for the model. schema: less the features that the
    file lacks.

    Raises ChangedSinceChecked, and ValueError where bytes are not those that were checked.
    """
    seen = FirstRows()
    file = stream.open_csv(source, dialect, block_bytes=BLOCK_BYTES)
    header = as_read(file.header, schema, mapping)
    schema = schema.read_by(header, dialect.rules)
    pipeline_scorer = PipelineScorer(header, dialect, None, schema)
    for index, block in enumerate(islice(file.blocks, N_BLOCKS)):
        table = pipeline_scorer.read(block)
        if table.num_rows == 0:
            continue
        if index == 0:  # the engine looks at no other block either
            seen.retyped = {refusal.column: refusal for refusal in pipeline_scorer.retyped(table)}
        counted = BlockRows.of(table, framed(table, schema, dialect.decimal), schema)
        seen.n_rows += counted.n
        cautions = counted.cautions
        seen.bad.update(caution.counted(cautions.bad))
        seen.unseen.update(caution.counted(cautions.unseen))
        seen.outside.update(caution.counted(cautions.outside))
        seen.about.update(caution.counted(cautions.about))
        if counted.outcome is not None:
            n_unknown, found = run_statistics.unknown_outcomes(
                counted.outcome, schema, decimal=dialect.decimal
            )
            seen.n_unknown += n_unknown
            seen.unknown_outcomes = run_statistics.first_different(seen.unknown_outcomes, found)
        for feature in schema.features:
            if feature.name in cautions.bad or feature.name in cautions.unseen:
                shown = seen.examples.setdefault(feature.name, [])
                more = _odd_cells(feature, table.column(feature.name), dialect.decimal)
                shown += [cell for cell in more if cell not in shown][: _EXAMPLES - len(shown)]
    return seen


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
