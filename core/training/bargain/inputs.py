"""What the code is given: rows to learn from, rows held out without their outcome, and the question.

The outcomes of the held-out rows never enter the sandbox. These rows are drawn before anything else is decided, so the
schema, and which columns give the answer away, come of the other rows alone. Copies of a row, and rows of one person or
the like, are on one side: by what the features say, and not the outcomes. Where a column of time is stated, the latest
are held out.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.models.fitting import preparation
from core.models.fitting.preparation import Prepared, Take
from core.models.fitting.targets import Target
from core.models.schema import Schema, frame
from core.models.validation import UNSTATED, Validation
from core.uploads.csv.dialect import ColumnRule

HELD_OUT_SHARE: Final = 0.2
MOST_HELD_OUT: Final = 20_000
TRAIN, HOLDOUT, JOB = "train.parquet", "holdout.parquet", "job.json"
GROUPS, TIMES = "groups.parquet", "times.parquet"
SEED: Final = 1


@dataclass(frozen=True)
class Inputs:
    """All that is known before the code runs.

    held_out: (n,) rows, the schema's frame. held_out_rows: the file's, ascending. truth: (n,) their outcomes, as places
    in the schema's labels or numbers; what the sandbox never sees.
    """

    prepared: Prepared
    held_out: pd.DataFrame
    held_out_rows: np.ndarray
    truth: np.ndarray

    @property
    def schema(self) -> Schema:
        return self.prepared.schema

    def question(self, *, goal: str) -> dict[str, Any]:
        """What job.json holds."""
        schema = self.schema
        return {
            "version": 1,
            "goal": goal,
            "target": schema.target,
            "task": schema.task,
            "labels": list(schema.labels),
            "positive_label": schema.positive_label,
            "features": schema.told,
        }

    def files(self, *, goal: str) -> dict[str, bytes]:
        """The files by their names; never on a disk outside the sandbox, where a kill would leave them."""
        learnt = _table(self.prepared.features, self.schema)
        kind = pa.float64() if self.schema.task == "regression" else pa.string()
        outcomes = pa.array(self.prepared.values, kind, from_pandas=True)
        related = self.prepared.related
        told = {(GROUPS, "group"): related.groups, (TIMES, "time"): related.times}
        about_rows = {
            file: _parquet(pa.table({name: pa.array(values, from_pandas=True)}))
            for (file, name), values in told.items()
            if values is not None
        }
        return {
            **about_rows,
            TRAIN: _parquet(learnt.append_column(self.schema.target, outcomes)),
            HOLDOUT: _parquet(_table(self.held_out, self.schema)),
            JOB: json.dumps(self.question(goal=goal), indent=1).encode(),
        }


def prepare(
    take: Take,
    outcome: Target,
    *,
    decimal: str,
    keep: Collection[str] = (),
    rules: Mapping[str, ColumnRule] = MappingProxyType({}),
    validation: Validation = UNSTATED,
) -> Inputs:
    """Hold rows out, then prepare the others as for any training. Raises NoFeatures, SplitUnusable."""
    drawn, related = preparation.related(
        take, outcome, decimal=decimal, keep=keep, rules=rules, validation=validation
    )
    n_folds = max(round(1 / HELD_OUT_SHARE), -(-len(drawn) // MOST_HELD_OUT))
    said = outcome.answers(drawn)
    split = related.held_out(said, outcome.task, n_folds=n_folds, most=MOST_HELD_OUT)
    related = replace(related, evaluation=split.evaluation, warnings=(*related.warnings, *split.warnings))
    if split.folds:
        ((apart, held_out),) = split.folds
        outcome, related = outcome.of(drawn), related.of(apart)
    else:
        is_held_out = _held_out(outcome)
        apart, held_out = np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)
        related = replace(related, groups=None)
    prepared = preparation.prepare(
        take, outcome.of(apart), decimal=decimal, keep=keep, rules=rules, related=related
    )
    rows = outcome.rows[held_out]
    return Inputs(
        prepared=prepared,
        held_out=frame(take(rows), prepared.schema, decimal),
        held_out_rows=rows,
        truth=outcome.values[held_out],
    )


def _held_out(outcome: Target) -> np.ndarray:
    """(n,) bools: a fifth of each class, at least one row, by a fixed seed; never more than MOST_HELD_OUT in all."""
    values, generator = outcome.values, np.random.default_rng(SEED)
    share = min(HELD_OUT_SHARE, MOST_HELD_OUT / len(values))
    is_held_out = np.zeros(len(values), dtype=bool)
    if outcome.task == "regression":
        is_held_out[generator.permutation(len(values))[: round(share * len(values))]] = True
        return is_held_out
    for label in range(len(outcome.labels)):
        (of_label,) = np.nonzero(values == label)
        is_held_out[generator.permutation(of_label)[: max(1, round(share * len(of_label)))]] = True
    return is_held_out


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())


def _table(rows: pd.DataFrame, schema: Schema) -> pa.Table:
    """The features, of the same types whatever the rows hold: a column without a single value too."""
    types = {feature.name: pa.float64() if feature.is_measured else pa.string() for feature in schema.inputs}
    return pa.table({name: pa.array(rows[name], kind, from_pandas=True) for name, kind in types.items()})
