"""Which probabilities lie too near an edge for a sum that may differ from the pipeline's in its last bits.

What is written or counted changes only where a probability stands within TOLERANCE of the edge between two
written numbers, two bins of a histogram or two labels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.models.schema import Schema
from core.predictions.results.histograms import BINS, Floats
from core.predictions.results.rounding import DECIMALS

TOLERANCE = 1e-13
"""The largest difference from the pipeline's own probability that is let pass; 1e-15 was the largest seen."""


def any_at_an_edge(probabilities: Floats, schema: Schema) -> bool:
    """Whether a cell or a count could differ from the pipeline's. probabilities: (n, k) in the labels' order."""
    counted = range(len(schema.labels))
    if schema.positive_label is not None:
        counted = range(index := schema.labels.index(schema.positive_label), index + 1)
    return _any_tied(probabilities) or any(
        at_half(probabilities[:, i] * steps, TOLERANCE * steps).any()
        for i in counted
        for steps in (10**DECIMALS, BINS - 1)
    )


def at_half(values: Floats, slack: float) -> npt.NDArray[np.bool_]:
    """(n,) whether each value lies within the slack of the middle between two whole numbers."""
    found: npt.NDArray[np.bool_] = np.abs(values - np.floor(values) - 0.5) <= slack
    return found


def _any_tied(probabilities: Floats) -> bool:
    """Whether two labels are about as probable as each other, and no third more so."""
    best = np.sort(probabilities, axis=1)[:, -2:] if probabilities.shape[1] > 2 else probabilities
    return bool((np.abs(best[:, 1] - best[:, 0]) <= 2 * TOLERANCE).any())
