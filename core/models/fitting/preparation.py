"""What a model learns from: the rows that are drawn, and the columns that may say something about the outcome."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from core.models import recipes
from core.models.errors import NoFeatures
from core.models.fitting import columns, leaks, related_rows
from core.models.fitting.columns import DroppedColumn, Features
from core.models.fitting.related_rows import RelatedRows
from core.models.fitting.targets import Target
from core.models.schema import RowIndices, Schema, TargetRange, Task, frame
from core.models.validation import UNSTATED, Validation
from core.uploads.csv.dialect import ColumnRule

FITTED_ROWS = 200_000
MAX_ENCODED_CELLS = 30_000_000  # 240 MB of float64
MIN_CLASS_SAMPLE = 50

Take = Callable[[npt.NDArray[np.int64]], pa.Table]


@dataclass(frozen=True)
class Prepared:
    """At most FITTED_ROWS of the rows that have an outcome.

    rows: (n,) ints, the file's rows, ascending. features: (n,) rows, the schema's frame. values: (n,) labels as str,
    or float64. dropped: the columns set aside, of which n_leaking would give the answer away. related: which
    rows belong together.
    """

    schema: Schema
    rows: np.ndarray
    features: pd.DataFrame
    values: np.ndarray
    dropped: tuple[DroppedColumn, ...]
    n_leaking: int
    related: RelatedRows
    warnings: tuple[str, ...]


def prepare(
    take: Take,
    outcome: Target,
    *,
    decimal: str,
    keep: Collection[str] = (),
    rules: Mapping[str, ColumnRule] = MappingProxyType({}),
    validation: Validation = UNSTATED,
    related: RelatedRows | None = None,
) -> Prepared:
    """Draw the rows to fit on, and decide which of their columns are learnt from.

    take, decimal, keep, rules, validation: as `training.train` takes them. related: of the outcome's rows, where that
    is known. Raises NoFeatures, SplitUnusable.
    """
    kept = frozenset(keep)
    drawn, fitted, found = _drawn(take, outcome, decimal, kept, rules)
    values = outcome.answers(drawn)
    schema = Schema(
        found.kept,
        outcome.name,
        outcome.task,
        outcome.labels,
        outcome.positive_label,
        spellings=outcome.spellings,
        target_range=None if outcome.labels else TargetRange.of(outcome.values),
    )
    features = frame(fitted, schema, decimal)
    if related is None:
        related = _related(fitted, features, found, outcome, decimal, rules, validation)
    else:
        related = related.of(drawn)
    schema, whose = _without_groups(schema, related, kept)
    leaking, suspicions = _leaking(features, values, schema, related, kept)
    dropped = (*found.dropped, *whose, *leaking)
    gone = {column.column for column in leaking}
    schema = replace(schema, features=tuple(f for f in schema.features if f.name not in gone))
    if not schema.features:
        raise NoFeatures(target=outcome.name, reasons=" ".join(column.reason for column in dropped))
    return Prepared(
        schema=schema,
        rows=outcome.rows[drawn],
        features=features[[feature.name for feature in schema.inputs]],
        values=values,
        dropped=dropped,
        n_leaking=len(leaking),
        related=related,
        warnings=(*outcome.warnings, *found.warnings, *related.warnings, *suspicions),
    )


def related(
    take: Take,
    outcome: Target,
    *,
    decimal: str,
    keep: Collection[str] = (),
    rules: Mapping[str, ColumnRule] = MappingProxyType({}),
    validation: Validation = UNSTATED,
) -> tuple[RowIndices, RelatedRows]:
    """Which of the outcomes would be drawn, and how their rows belong together. Arguments as `prepare` takes them."""
    drawn, fitted, found = _drawn(take, outcome, decimal, frozenset(keep), rules)
    schema = Schema(found.kept, outcome.name, outcome.task, outcome.labels, outcome.positive_label)
    features = frame(fitted, schema, decimal)
    return drawn, _related(fitted, features, found, outcome, decimal, rules, validation)


def _related(
    fitted: pa.Table,
    features: pd.DataFrame,
    found: Features,
    outcome: Target,
    decimal: str,
    rules: Mapping[str, ColumnRule],
    validation: Validation,
) -> RelatedRows:
    return related_rows.find(
        fitted,
        features[[feature.name for feature in found.kept]],
        validation=validation,
        target=outcome.name,
        decimal=decimal,
        rules=rules,
    )


def draw(values: np.ndarray, task: Task, n_rows: int) -> np.ndarray:
    """Sorted positions of about n_rows rows, by a fixed seed; a rare class keeps up to MIN_CLASS_SAMPLE."""
    if len(values) <= n_rows:
        return np.arange(len(values))
    generator = np.random.default_rng(0)
    shuffled = generator.permutation(len(values))
    parts = [shuffled[:n_rows]]
    if task != "regression":
        parts += [shuffled[values[shuffled] == label][:MIN_CLASS_SAMPLE] for label in np.unique(values)]
    return np.unique(np.concatenate(parts))


def _drawn(
    take: Take,
    outcome: Target,
    decimal: str,
    keep: frozenset[str],
    rules: Mapping[str, ColumnRule],
) -> tuple[np.ndarray, pa.Table, Features]:
    """`_examined` of as many rows as can be fitted on."""
    n_rows = min(len(outcome.rows), FITTED_ROWS)
    drawn, fitted, found = _examined(take, outcome, n_rows, decimal, keep, rules)
    # memory follows rows × encoded columns, so a very wide file gives up rows
    if n_rows > (most := MAX_ENCODED_CELLS // max(1, recipes.n_columns(found.kept))):
        drawn, fitted, found = _examined(take, outcome, most, decimal, keep, rules)
    return drawn, fitted, found


def _examined(
    take: Take,
    outcome: Target,
    n_rows: int,
    decimal: str,
    keep: frozenset[str],
    rules: Mapping[str, ColumnRule],
) -> tuple[np.ndarray, pa.Table, Features]:
    """Which of the outcomes are drawn, the cells of their rows, and what the columns are."""
    drawn = draw(outcome.values, outcome.task, n_rows)
    fitted = take(outcome.rows[drawn])
    found = columns.examine(fitted, target=outcome.name, decimal=decimal, keep=keep, rules=rules)
    return drawn, fitted, found


def _without_groups(
    schema: Schema, related: RelatedRows, keep: frozenset[str]
) -> tuple[Schema, list[DroppedColumn]]:
    """The schema without the column that says whose row each is, unless it is kept, or no other one is left."""
    name = related.group_column
    others = tuple(one for one in schema.features if one.name != name)
    if name is None or name in keep or not others or len(others) == len(schema.features):
        return schema, []
    reason = f"'{name}' says whose row each is, and new rows are of others."
    return replace(schema, features=others), [DroppedColumn(name, reason)]


def _leaking(
    features: pd.DataFrame, values: np.ndarray, schema: Schema, related: RelatedRows, keep: frozenset[str]
) -> tuple[list[DroppedColumn], list[str]]:
    """The columns that give the answer away, and sentences about those merely suspicious."""
    suspects = leaks.find(features, values, schema, groups=related.groups)
    leaking = [suspect for suspect in suspects if suspect.leaks and suspect.column not in keep]
    dropped = [DroppedColumn(suspect.column, suspect.message(schema.target)) for suspect in leaking]
    return dropped, leaks.messages([one for one in suspects if one not in leaking], schema.target)
