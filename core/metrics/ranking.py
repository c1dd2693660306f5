"""Rows put in the order of their scores: ROC and precision-recall curves, the areas under them, and the cut
at a threshold.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.metrics import histograms
from core.metrics.errors import LengthMismatch
from core.metrics.histograms import Counts

Floats = NDArray[np.float64]

MAX_POINTS = 400
DECIMALS = 6
NEGLIGIBLE = 1e-7  # a point this near to the line between its neighbours adds nothing to a drawing


@dataclass(frozen=True)
class Curve:
    """The points of a curve in the order they are drawn, as few as show its shape.

    x, y: rates from 0 to 1. thresholds: the least score that is called positive at a point; None where no row
    is.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    thresholds: tuple[float | None, ...]

    def to_json(self) -> dict[str, Any]:
        return {"x": list(self.x), "y": list(self.y), "thresholds": list(self.thresholds)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Curve:
        return cls(tuple(stored["x"]), tuple(stored["y"]), tuple(stored["thresholds"]))


@dataclass(frozen=True)
class Confusion:
    """Rows by what they were and what they were called, at one threshold."""

    true_negatives: int
    false_positives: int
    false_negatives: int
    true_positives: int


@dataclass(frozen=True, eq=False)
class Ranking:
    """Rows of both classes at each distinct score, highest score first.

    scores: (k,) floats, falling. positives, negatives: (k,) counts. Rows that share a score are ties, and
    count as such.
    """

    scores: Floats
    positives: Counts
    negatives: Counts

    @property
    def n_positives(self) -> int:
        return int(self.positives.sum())

    @property
    def n_negatives(self) -> int:
        return int(self.negatives.sum())

    def confusion(self, threshold: float) -> Confusion:
        """Rows of a score of at least the threshold are called positive."""
        called = self.scores >= threshold
        true_positives = int(self.positives[called].sum())
        false_positives = int(self.negatives[called].sum())
        return Confusion(
            true_negatives=self.n_negatives - false_positives,
            false_positives=false_positives,
            false_negatives=self.n_positives - true_positives,
            true_positives=true_positives,
        )

    def roc_auc(self) -> float:
        """The share of positive-negative pairs in which the positive scores higher; a tie counts half. Needs
        both classes.

        Equal to the trapezoid area under the ROC curve. Source: Hanley & McNeil 1982, Radiology 143.
        """
        above = np.cumsum(self.positives) - self.positives
        won = np.dot(self.negatives.astype(np.float64), above + self.positives / 2)
        return float(won / (float(self.n_positives) * float(self.n_negatives)))

    def tied_pairs(self) -> float:
        """The share of positive-negative pairs that share a score. Needs both classes."""
        tied = np.dot(self.positives.astype(np.float64), self.negatives)
        return float(tied / (float(self.n_positives) * float(self.n_negatives)))

    def average_precision(self) -> float:
        """Precision at each score, weighted by the recall that is gained there; no interpolation. Needs a
        positive row.
        """
        called_right, called = np.cumsum(self.positives), np.cumsum(self.positives + self.negatives)
        return float(np.sum(called_right / called * (self.positives / self.n_positives)))

    def roc(self) -> Curve:
        """False positive rate (x) against true positive rate (y), (0, 0) to (1, 1). Needs both classes."""
        x = np.concatenate(([0.0], np.cumsum(self.negatives) / self.n_negatives))
        y = np.concatenate(([0.0], np.cumsum(self.positives) / self.n_positives))
        return _thinned(x, y, [None, *self.scores.tolist()])

    def precision_recall(self) -> Curve:
        """Recall (x) against precision (y), recall rising from the highest score's to 1. Needs a positive
        row.
        """
        called_right, called = np.cumsum(self.positives), np.cumsum(self.positives + self.negatives)
        all_found = int(np.searchsorted(called_right, self.n_positives)) + 1
        recall, precision = (called_right / self.n_positives)[:all_found], (called_right / called)[:all_found]
        return _thinned(recall, precision, self.scores[:all_found].tolist())


def by_score(is_positive: ArrayLike, scores: ArrayLike) -> Ranking:
    """Rank rows by their own scores.

    is_positive: (n,) bools, or 0 and 1. scores: (n,) probabilities of the positive class, same order.
    Raises LengthMismatch, NotAScore.
    """
    floats, truth = histograms.checked_scores(scores), np.asarray(is_positive).ravel().astype(bool)
    if truth.size != floats.size:
        raise LengthMismatch(n_outcomes=truth.size, n_predictions=floats.size)
    distinct, at = np.unique(floats, return_inverse=True)
    positives = np.bincount(at[truth], minlength=distinct.size)
    negatives = np.bincount(at[~truth], minlength=distinct.size)
    return Ranking(distinct[::-1], positives[::-1], negatives[::-1])


def by_bin(positives: ArrayLike, negatives: ArrayLike) -> Ranking:
    """Rank rows of which only the score histograms are known; rows in one bin become ties.

    positives, negatives: (10001,) counts, as histograms.count makes them. Raises NotAHistogram.
    """
    of_positives, of_negatives = histograms.checked(positives), histograms.checked(negatives)
    filled = np.flatnonzero(of_positives + of_negatives)[::-1]
    return Ranking(filled / histograms.STEPS, of_positives[filled], of_negatives[filled])


def _thinned(x: Floats, y: Floats, thresholds: list[float | None]) -> Curve:
    """Keep the ends and, one by one, the point farthest from the line drawn so far, until MAX_POINTS or no
    visible gap is left.

    Source: Douglas & Peucker 1973, Cartographica 10, with a limit on points in place of a tolerance.
    """
    last = len(x) - 1
    kept = {0, last}
    gaps: list[tuple[float, int, int, int]] = []

    def measure(start: int, end: int) -> None:
        if end - start < 2:
            return
        run, rise = x[end] - x[start], y[end] - y[start]
        between = slice(start + 1, end)
        area = np.abs(run * (y[between] - y[start]) - rise * (x[between] - x[start]))
        chord = float(np.hypot(run, rise))
        distance = area / chord if chord else np.hypot(x[between] - x[start], y[between] - y[start])
        farthest = int(np.argmax(distance))
        if distance[farthest] > NEGLIGIBLE:
            heapq.heappush(gaps, (-float(distance[farthest]), start, start + 1 + farthest, end))

    measure(0, last)
    while gaps and len(kept) < MAX_POINTS:
        _, start, corner, end = heapq.heappop(gaps)
        kept.add(corner)
        measure(start, corner)
        measure(corner, end)
    points = sorted(kept)
    return Curve(
        x=tuple(np.round(x[points], DECIMALS).tolist()),
        y=tuple(np.round(y[points], DECIMALS).tolist()),
        thresholds=tuple(thresholds[point] for point in points),
    )
