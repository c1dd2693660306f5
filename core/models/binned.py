"""Rows that several boosted trees learn from, put into bins once for all of them.

scikit-learn bins the rows in each `fit`, of the same rows to the same bins: a fifth of the time that trees of few rows
take. Here the first model bins them, and the others get its bins.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

Bins = npt.NDArray[np.uint8]


class BinnedRows:
    """Rows to learn from, and those held out, if any; every model that learns from them has as many bins.

    Above 200,000 rows, bins follow the rows that the first model's seed draws.
    """

    def __init__(self, learnt: np.ndarray, held_out: np.ndarray | None = None) -> None:
        self._learnt, self._held_out = learnt, held_out
        self._mapper: Any = None
        self._bins: dict[bool, Bins] = {}  # is it of the rows to learn from?

    def fit(self, model: Any, values: np.ndarray, held_out_values: np.ndarray | None = None) -> Any:
        """The model, fitted to the values of the rows, and stopped by those of the rows held out."""
        stopped_by = {} if self._held_out is None else {"X_val": self._held_out, "y_val": held_out_values}
        # the model's own method stands behind this one, and is back once it is fitted
        model._bin_data = partial(self._bin_data, model, model._bin_data)
        try:
            return model.fit(self._learnt, values, **stopped_by)
        finally:
            del model._bin_data

    def _bin_data(
        self,
        model: Any,
        bin_data: Callable[..., Bins],
        rows: np.ndarray,
        weights: np.ndarray | None,
        is_training_data: bool,
    ) -> Bins:
        """What scikit-learn's method of this name answers, (n, columns); and the mapper with which it was found."""
        model._bin_mapper = self._mapper or model._bin_mapper
        if is_training_data not in self._bins:
            self._bins[is_training_data] = bin_data(rows, weights, is_training_data=is_training_data)
            self._mapper = model._bin_mapper
        return self._bins[is_training_data]
