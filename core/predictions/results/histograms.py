"""What a model answered over a run of rows, and against which outcomes: for classes, and for numbers.

Scores are kept as histograms over BINS equal steps of [0, 1]; bin i holds those that round to i / (BINS - 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.models import thresholds
from core.models.schema import Schema

BINS = 10_001
SAMPLE_ROWS = 2_000
_SEED = 20261122

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def most_probable(probabilities: Floats) -> Counts:
    """(n,) the column of each row's largest probability, the first of equals. probabilities: (n, k)."""
    best: Counts = np.zeros(len(probabilities), np.int64)
    highest = probabilities[:, 0]
    for column in range(1, probabilities.shape[1]):
        higher = probabilities[:, column] > highest
        best[higher] = column
        highest = np.where(higher, probabilities[:, column], highest)
    return best


def predicted(probabilities: Floats, schema: Schema, threshold: float = thresholds.HALF) -> Counts:
    """(n,) the column of each row's label: the most probable one, or of two classes under another threshold than one
    half the positive one where its probability reaches that.
    """
    if schema.positive_label is None or threshold == thresholds.HALF:
        return most_probable(probabilities)
    positive = schema.labels.index(schema.positive_label)
    is_positive = thresholds.reached(probabilities[:, positive], threshold)
    return np.where(is_positive, positive, 1 - positive)


@dataclass(frozen=True)
class ClassCounts:
    """What a classifier answered, and against which outcomes.

    labels: as in the schema, k of them. predicted: (k,) rows per predicted label. scored: the labels whose
    probability is counted, s of them: the positive one for a binary task, else all.
    scores: (s, BINS) every row. positives, negatives: (s, BINS) rows whose outcome is, or is not, that label.
    confusion: (k, k) rows with a known outcome: outcome down, prediction across.
    """

    labels: tuple[str, ...]
    scored: tuple[str, ...]
    predicted: Counts
    scores: Counts
    positives: Counts
    negatives: Counts
    confusion: Counts

    @classmethod
    def of(
        cls, schema: Schema, probabilities: Floats, codes: Counts | None, chosen: Counts | None = None
    ) -> ClassCounts:
        """Counts of one block.

        probabilities: (n, k).  codes: (n,) index of each row's outcome, negative where it is not known; None for a file
        without outcomes.  chosen: (n,) what `predicted` says of them; None for the most probable labels.
        """
        labels, k = schema.labels, len(schema.labels)
        scored = labels if schema.positive_label is None else (schema.positive_label,)
        chosen = most_probable(probabilities) if chosen is None else chosen
        # known outcomes count from 1, and 0 stands for all others, so that one count serves every row
        outcomes = np.zeros(len(chosen), np.int64) if codes is None else np.maximum(codes, -1) + 1
        pairs = np.bincount(outcomes * k + chosen, minlength=(k + 1) * k).reshape(k + 1, k)
        by_outcome = np.empty((len(scored), 3, BINS), np.int64)
        for i, label in enumerate(scored):
            column = labels.index(label)
            bins = np.rint(probabilities[:, column] * (BINS - 1)).astype(np.int64)
            kind = np.array([0, *(2 if index == column else 1 for index in range(k))])  # 1 for another label
            counted = np.bincount(bins + BINS * kind.take(outcomes), minlength=3 * BINS)
            by_outcome[i] = counted.reshape(3, BINS)
        return cls(
            labels=labels,
            scored=scored,
            predicted=pairs.sum(axis=0),
            scores=by_outcome.sum(axis=1),
            positives=by_outcome[:, 2],
            negatives=by_outcome[:, 1],
            confusion=pairs[1:],
        )

    def merged(self, other: ClassCounts) -> ClassCounts:
        """The counts of both."""
        return ClassCounts(
            labels=self.labels,
            scored=self.scored,
            predicted=self.predicted + other.predicted,
            scores=self.scores + other.scores,
            positives=self.positives + other.positives,
            negatives=self.negatives + other.negatives,
            confusion=self.confusion + other.confusion,
        )

    def to_json(self) -> dict[str, Any]:
        """As plain lists; the histograms hold only the bins that are not empty."""
        return {
            "labels": list(self.labels),
            "scored": list(self.scored),
            "predicted": self.predicted.tolist(),
            "scores": _sparse(self.scores),
            "positives": _sparse(self.positives),
            "negatives": _sparse(self.negatives),
            "confusion": self.confusion.tolist(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ClassCounts:
        """The counts that `to_json` wrote."""
        return cls(
            labels=tuple(data["labels"]),
            scored=tuple(data["scored"]),
            predicted=np.array(data["predicted"], np.int64),
            scores=_dense(data["scores"]),
            positives=_dense(data["positives"]),
            negatives=_dense(data["negatives"]),
            confusion=np.array(data["confusion"], np.int64),
        )


@dataclass(frozen=True)
class NumberSums:
    """What a regression answered: sums over the rows with a known outcome, and a sample of all rows.

    total_absolute, total_squared, total_signed: of prediction minus outcome. mean: of the outcomes.
    total_spread: the sum of their squared distances from it (R² = 1 - total_squared / total_spread).
    sample: (m, 3), at most SAMPLE_ROWS rows drawn evenly: outcome or NaN, prediction, draw in [0, 1).
    """

    n: int
    total_absolute: float
    total_squared: float
    total_signed: float
    mean: float
    total_spread: float
    sample: Floats

    @classmethod
    def of(cls, predicted: Floats, outcomes: Floats | None, seed: int) -> NumberSums:
        """Sums of one block. predicted, outcomes: (n,), NaN where unknown. seed: another for each block."""
        known = np.full(len(predicted), np.nan) if outcomes is None else outcomes
        measured = ~np.isnan(known)
        y, gap = known[measured], (predicted - known)[measured]
        mean = float(y.mean()) if len(y) else 0.0
        draws = np.random.default_rng([_SEED, seed]).random(len(predicted))
        return cls(
            n=len(y),
            total_absolute=float(np.abs(gap).sum()),
            total_squared=float(np.square(gap).sum()),
            total_signed=float(gap.sum()),
            mean=mean,
            total_spread=float(np.square(y - mean).sum()),
            sample=_smallest(np.column_stack([known, predicted, draws])),
        )

    def merged(self, other: NumberSums) -> NumberSums:
        """The sums of both. The spread: Chan, Golub, LeVeque 1983, The American Statistician 37(3)."""
        n = self.n + other.n
        step = other.mean - self.mean
        share = other.n / n if n else 0.0
        return NumberSums(
            n=n,
            total_absolute=self.total_absolute + other.total_absolute,
            total_squared=self.total_squared + other.total_squared,
            total_signed=self.total_signed + other.total_signed,
            mean=self.mean + step * share,
            total_spread=self.total_spread + other.total_spread + step * step * self.n * share,
            sample=_smallest(np.concatenate([self.sample, other.sample])),
        )

    def to_json(self) -> dict[str, Any]:
        """As plain numbers; an unknown outcome in the sample is None."""
        rows = [[None if np.isnan(value) else float(value) for value in row] for row in self.sample]
        return {**asdict(self), "sample": rows}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> NumberSums:
        """The sums that `to_json` wrote."""
        rows = [[np.nan if value is None else value for value in row] for row in data["sample"]]
        return cls(**{**data, "sample": np.array(rows, np.float64).reshape(len(rows), 3)})


def _smallest(rows: Floats) -> Floats:
    if len(rows) <= SAMPLE_ROWS:
        return rows
    kept: Floats = rows[np.sort(np.argpartition(rows[:, 2], SAMPLE_ROWS)[:SAMPLE_ROWS])]
    return kept


def _sparse(counts: Counts) -> list[dict[str, list[int]]]:
    indexes = [np.flatnonzero(row) for row in counts]
    return [
        {"bins": at.tolist(), "counts": row[at].tolist()} for at, row in zip(indexes, counts, strict=True)
    ]


def _dense(rows: list[dict[str, list[int]]]) -> Counts:
    counts = np.zeros((len(rows), BINS), np.int64)
    for row, filled in zip(counts, rows, strict=True):
        row[filled["bins"]] = filled["counts"]
    return counts
