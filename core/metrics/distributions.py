"""What predictions look like, whether or not the outcomes are known."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.metrics import histograms
from core.metrics.errors import BadBands, NotNumbers

N_SCORE_BINS = 40
N_VALUE_BINS = 40
DEFAULT_EDGES = (0.2, 0.5, 0.8)
DEFAULT_BANDS = ("Low", "Medium", "High", "Very high")
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class ScoreDistribution:
    """How many rows score how high, in 40 bins of 2.5 % each.

    counts: rows a bin. positives: those of them that were positive; None where the outcomes are unknown.
    Medians are scores; None without rows to take them from.
    """

    positive_label: str
    counts: tuple[int, ...]
    positives: tuple[int, ...] | None
    median: float | None
    median_positives: float | None
    median_negatives: float | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> ScoreDistribution:
        positives = None if stored["positives"] is None else tuple(stored["positives"])
        return cls(**stored | {"counts": tuple(stored["counts"]), "positives": positives})


def scores(histogram: ArrayLike, *, positive_label: str) -> ScoreDistribution:
    """The distribution of all rows together. histogram: (10001,) counts. Raises NotAHistogram."""
    rows = histograms.checked(histogram)
    return ScoreDistribution(positive_label, _coarse(rows), None, histograms.median(rows), None, None)


def scores_by_class(positives: ArrayLike, negatives: ArrayLike, *, positive_label: str) -> ScoreDistribution:
    """The distributions of the rows that were positive and of the rest, (10001,) counts each. Raises
    NotAHistogram.
    """
    had, rest = histograms.checked(positives), histograms.checked(negatives)
    return ScoreDistribution(
        positive_label=positive_label,
        counts=_coarse(had + rest),
        positives=_coarse(had),
        median=histograms.median(had + rest),
        median_positives=histograms.median(had),
        median_negatives=histograms.median(rest),
    )


def _coarse(histogram: histograms.Counts) -> tuple[int, ...]:
    width = histograms.STEPS // N_SCORE_BINS
    counts = histogram[:-1].reshape(N_SCORE_BINS, width).sum(axis=1)
    counts[-1] += histogram[-1]  # the score 1 belongs to the last bin
    return tuple(counts.tolist())


@dataclass(frozen=True)
class RiskBands:
    """Rows by how high they score. Band i: from edges[i - 1] up to, not including, edges[i]."""

    positive_label: str
    edges: tuple[float, ...]
    names: tuple[str, ...]
    counts: tuple[int, ...]

    @property
    def shares(self) -> tuple[float | None, ...]:
        """Each band's part of all rows; None where there are no rows."""
        n_rows = sum(self.counts)
        return tuple(count / n_rows if n_rows else None for count in self.counts)

    @property
    def ranges(self) -> tuple[str, ...]:
        """Each band in words: "< 20 %", "20–50 %", "≥ 80 %"."""
        edges = [f"{edge * 100:g}" for edge in self.edges]
        between = [f"{low}–{high}\u00a0%" for low, high in itertools.pairwise(edges)]
        return (f"<\u00a0{edges[0]}\u00a0%", *between, f"≥\u00a0{edges[-1]}\u00a0%")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> RiskBands:
        return cls(**stored | {name: tuple(stored[name]) for name in ("edges", "names", "counts")})


def risk_bands(
    histogram: ArrayLike,
    *,
    positive_label: str,
    edges: Sequence[float] = DEFAULT_EDGES,
    names: Sequence[str] = DEFAULT_BANDS,
) -> RiskBands:
    """Count rows by band. histogram: (10001,) counts, so edges hold to 0.00005. Raises NotAHistogram,
    BadBands.
    """
    rows = histograms.checked(histogram)
    rising = all(low < high for low, high in zip((0.0, *edges), (*edges, 1.0), strict=True))
    if not rising or len(names) != len(edges) + 1 or not edges:
        raise BadBands(edges=tuple(edges), n_names=len(names))
    band = np.searchsorted(np.asarray(edges, dtype=np.float64), histograms.middles(), side="right")
    counts = np.zeros(len(names), dtype=np.int64)
    np.add.at(counts, band, rows)
    return RiskBands(positive_label, tuple(edges), tuple(names), tuple(counts.tolist()))


@dataclass(frozen=True)
class LabelCounts:
    """How many rows were given each label, in the model's own order of labels."""

    labels: tuple[str, ...]
    counts: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> LabelCounts:
        return cls(tuple(stored["labels"]), tuple(stored["counts"]))


@dataclass(frozen=True)
class ValueDistribution:
    """Predicted numbers in 40 bins of equal width, with their quantiles; None and empty where there are no
    rows.

    edges: n bins + 1 rising values, in units of the target. quantiles: the values at 5, 25, 50, 75 and 95 %.
    n_rows: all rows; counts may be of a sample of them.
    """

    target: str
    n_rows: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    mean: float | None
    quantiles: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> ValueDistribution:
        return cls(**stored | {name: tuple(stored[name]) for name in ("edges", "counts", "quantiles")})


def values(predicted: ArrayLike, *, target: str, n_rows: int | None = None) -> ValueDistribution:
    """The distribution of predicted numbers, (n,); n_rows where these are a sample of more. Raises
    NotNumbers.
    """
    numbers = np.asarray(predicted, dtype=np.float64).ravel()
    n_bad = int(np.count_nonzero(~np.isfinite(numbers)))
    if n_bad:
        raise NotNumbers(n_bad=n_bad, n_values=numbers.size)
    if numbers.size == 0:
        return ValueDistribution(target, n_rows or 0, (), (), None, ())
    counts, edges = binned(numbers)
    return ValueDistribution(
        target=target,
        n_rows=numbers.size if n_rows is None else n_rows,
        edges=edges,
        counts=counts,
        mean=float(numbers.mean()),
        quantiles=tuple(np.quantile(numbers, QUANTILES).tolist()),
    )


def binned(numbers: NDArray[np.float64]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Counts in 40 bins of equal width over the range of numbers, (n,) with n > 0, and the 41 edges.

    Numbers that differ by no more than rounding get bins about a hundredth of their size around them: their own range
    is too narrow to be cut.
    """
    low, high = float(numbers.min()), float(numbers.max())
    size = max(abs(low), abs(high))
    if high - low <= size * 1e-9:
        low, high = low - (size * 0.01 or 0.5), high + (size * 0.01 or 0.5)
    counts, edges = np.histogram(numbers, bins=N_VALUE_BINS, range=(low, high))
    return tuple(counts.tolist()), tuple(edges.tolist())
