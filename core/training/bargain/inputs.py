"""What the code is given: rows to learn from, rows held out without their outcome, and the question.

The outcomes of the held-out rows never enter the sandbox. These rows are drawn before anything else is decided, so the
schema, and which columns give the answer away, come of the other rows alone.
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
from core.uploads.csv.dialect import ColumnRule

HELD_OUT_SHARE: Final = 0.2
MOST_HELD_OUT: Final = 20_000
TRAIN, HOLDOUT, JOB = "train.parquet", "holdout.parquet", "job.json"
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
        """The three files by their names; never on a disk outside the sandbox, where a kill would leave them."""
        learnt = _table(self.prepared.features, self.schema)
        kind = pa.float64() if self.schema.task == "regression" else pa.string()
        outcomes = pa.array(self.prepared.values, kind, from_pandas=True)
        return {
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
) -> Inputs:
    """Hold rows out, then prepare the others as for any training. Raises NoFeatures."""
    is_held_out = _held_out(outcome)
    learnt = replace(outcome, rows=outcome.rows[~is_held_out], values=outcome.values[~is_held_out])
    prepared = preparation.prepare(take, learnt, decimal=decimal, keep=keep, rules=rules)
    rows = outcome.rows[is_held_out]
    return Inputs(
        prepared=prepared,
        held_out=frame(take(rows), prepared.schema, decimal),
        held_out_rows=rows,
        truth=outcome.values[is_held_out],
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
