"""Why a row got its answer: the columns whose value moved it most, in words.

A column's part is the change of the row's score when its cell is replaced by the reference, the column's usual value
in training (the median, or the most common category), and the others stay. The score is the number that is written:
the probability of the positive label, of several classes that of the predicted one, or a regression's number. It is
compared as it is written, so that bits beyond the last digit decide nothing. One column at a time is what
"ablation" means here: columns that say the same share what they do, and a reason is no cause.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.models import date_parts
from core.models.schema import Feature, PartOfDate, RowIndices, Schema
from core.predictions.errors import ReasonsUnknown
from core.predictions.results import cell_encoding, columns, rounding
from core.predictions.results.histograms import Floats, most_probable
from core.uploads.csv.dialect import Dialect

TOP = 3
OPTION = "reasons"
"""Its name in a prediction's options."""
_HIGHER, _LOWER, _MISSING = "higher because ", "lower because ", "missing"

ValuesOf = Callable[[Feature, RowIndices], Floats | pa.Array]
"""The cells of a feature in these rows: float64 with NaN, or text with nulls for missing ones."""


def require_references(schema: Schema) -> None:
    """Raises ReasonsUnknown where the model was trained before medians were kept."""
    if lacking := [feature.name for feature in schema.features if feature.reference is None]:
        raise ReasonsUnknown(columns=", ".join(f"'{name}'" for name in lacking[:TOP]))


def explained(answers: Floats, schema: Schema, chosen: RowIndices | None) -> Floats:
    """(n,) the number of each row that its reasons are about.

    answers: (n, k) probabilities or (n,) numbers.  chosen: (n,) the predicted class, of several; from `predicted`.
    """
    if schema.task == "regression":
        return answers
    if chosen is None:
        assert schema.positive_label is not None
        return answers[:, schema.labels.index(schema.positive_label)]
    found: Floats = np.take_along_axis(answers, chosen[:, None], axis=1)[:, 0]
    return found


def predicted(answers: Floats, schema: Schema) -> RowIndices | None:
    """(n,) each row's predicted class where a model has several, else None."""
    return most_probable(answers) if schema.task == "multiclass" else None


def as_written(scores: Floats, schema: Schema) -> Floats:
    """(n,) scores as exactly as a result holds them; probabilities in units of their last digit."""
    if schema.task == "regression":
        return rounding.rounded(scores)
    steps: Floats = np.rint(scores * 10**rounding.DECIMALS)
    return steps


def cells(changes: Floats, values_of: ValuesOf, schema: Schema, dialect: Dialect) -> tuple[pa.Array, ...]:
    """TOP arrays of (n,) binary cells, the strongest reason first; empty where a row has no more of them.

    changes: (inputs, n) each row's score minus that without the input's own value, as written. values_of: of a part of
    a date the whole date.
    """
    n = changes.shape[1]
    changes = _of_missing_dates_one(changes, values_of, schema)
    features, is_higher = _strongest(changes)
    in_order = np.argsort(features, kind="stable")
    bounds = np.searchsorted(features[in_order], np.arange(len(schema.inputs) + 1))
    said = []
    sources = {feature.name: feature for feature in schema.features}
    for index, feature in enumerate(schema.inputs):
        at = in_order[bounds[index] : bounds[index + 1]]
        if len(at):
            source = sources[feature.source] if isinstance(feature, PartOfDate) else feature
            said.append(_sentences(feature, source, values_of(feature, at % n), is_higher[at], dialect))
    texts = pa.concat_arrays([*said, pa.array([""], pa.string())])
    which = np.full(len(features), len(texts) - 1)
    which[in_order[bounds[0] :]] = np.arange(len(texts) - 1)
    found = cell_encoding.cells(texts, dialect)
    return tuple(found.take(pa.array(which[rank * n : (rank + 1) * n])) for rank in range(TOP))


def _of_missing_dates_one(changes: Floats, values_of: ValuesOf, schema: Schema) -> Floats:
    """The changes, of the parts of a date that is missing the largest alone: all of them would say the same."""
    for feature in schema.features:
        if not feature.parts:
            continue
        days = values_of(feature, np.arange(changes.shape[1]))
        (rows,) = np.nonzero(np.isnan(days))
        if not len(rows):
            continue
        name = feature.name
        of_date = [
            place
            for place, one in enumerate(schema.inputs)
            if name == (one.source if isinstance(one, PartOfDate) else one.name)
        ]
        changes = changes.copy()
        largest = np.abs(changes[of_date][:, rows]).argmax(axis=0)
        for place, index in enumerate(of_date):
            changes[index, rows[largest != place]] = 0.0
    return changes


def _strongest(changes: Floats) -> tuple[RowIndices, npt.NDArray[np.bool_]]:
    """(TOP * n,) rank by rank: the feature, -1 for none, and whether it raised the score; of equals the first."""
    n = changes.shape[1]
    size, rows = np.abs(changes).T.copy(), np.arange(n)
    features = np.full((TOP, n), -1)
    for rank in range(min(TOP, len(changes))):
        best = size.argmax(axis=1)
        features[rank] = np.where(size[rows, best] > 0, best, -1)
        size[rows, best] = -1
    return features.ravel(), (changes[features, rows] > 0).ravel()


def _sentences(
    feature: Feature,
    source: Feature,
    values: Floats | pa.Array,
    is_higher: npt.NDArray[np.bool_],
    dialect: Dialect,
) -> pa.Array:
    """source: the file's column, of which the feature may be a part."""
    if source.kind == "date":
        assert isinstance(values, np.ndarray)
        texts = _of_dates(feature, source, values)
    elif isinstance(values, np.ndarray):
        texts = columns.number_texts(rounding.rounded(np.nan_to_num(values)), dialect.decimal)
        texts = pc.if_else(pa.array(np.isnan(values)), _MISSING, texts)
    else:
        distinct = values.dictionary_encode()
        short = [cell_encoding.folded(text) for text in distinct.dictionary.to_pylist()]
        texts = pc.fill_null(pa.array([*short], pa.string()).take(distinct.indices), _MISSING)
    about = f"{cell_encoding.folded(source.name)} is "
    begins = pc.if_else(pa.array(is_higher), _HIGHER + about, _LOWER + about)
    return pc.binary_join_element_wise(begins, texts, "")


def _of_dates(feature: Feature, source: Feature, days: Floats) -> pa.Array:
    """(n,) dates as they are told, with the part that counts: "2024-07-12: Friday"."""
    distinct, which = np.unique(days, return_inverse=True)
    texts = [
        _MISSING if np.isnan(day) else date_parts.text(day, is_time=source.is_time_of_day) for day in distinct
    ]
    if isinstance(feature, PartOfDate):
        values = date_parts.of(distinct)[feature.part]
        texts = [
            text if np.isnan(value) else f"{text}: {date_parts.part_text(feature.part, value)}"
            for text, value in zip(texts, values, strict=True)
        ]
    return pa.array(texts, pa.string()).take(pa.array(which))
