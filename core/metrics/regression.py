"""How near a model's numbers come to the true ones, where those are known."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.metrics.errors import LengthMismatch, NotNumbers

N_SHOWN = 2_000


@dataclass(frozen=True)
class Regression:
    """The numbers of one file, in units of the target. An undefined one is None, and `undefined` says why, by
    its name.

    mae: mean absolute error. rmse: root of the mean squared error. r2: share of the target's variance that is
    explained, below 0 where the target's own mean would do better. bias: mean of prediction minus truth.
    actual, predicted: at most 2,000 of the rows, to be drawn.
    """

    task: ClassVar[Literal["regression"]] = "regression"

    target: str
    n_rows: int
    mae: float | None
    rmse: float | None
    r2: float | None
    bias: float | None
    actual: tuple[float, ...]
    predicted: tuple[float, ...]
    undefined: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"task": self.task}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Regression:
        known = {name: value for name, value in stored.items() if name != "task"}
        return cls(**known | {name: tuple(stored[name]) for name in ("actual", "predicted")})


def from_sums(
    *,
    n_rows: int,
    total_absolute: float,
    total_squared: float,
    total_signed: float,
    total_spread: float,
    actual: ArrayLike,
    predicted: ArrayLike,
    target: str,
) -> Regression:
    """Measure from what a stream of rows left behind, over the n_rows with a known outcome.

    total_absolute, total_squared, total_signed: of prediction minus truth. total_spread: the squared
    distances of the truth from its own mean. actual, predicted: (m,) a fair sample of the rows, to be drawn.
    target: the name of what was predicted. Raises LengthMismatch, NotNumbers.
    """
    truth, guess = _checked(actual, predicted)
    undefined = {}
    if n_rows == 0:
        undefined = dict.fromkeys(("mae", "rmse", "r2", "bias"), "No row of the file has a known outcome.")
    elif total_spread == 0:
        undefined = {"r2": f"Every known '{target}' is the same, so there is no variance to explain."}
    return Regression(
        target=target,
        n_rows=n_rows,
        mae=total_absolute / n_rows if n_rows else None,
        rmse=float(np.sqrt(total_squared / n_rows)) if n_rows else None,
        r2=1 - total_squared / total_spread if total_spread else None,
        bias=total_signed / n_rows if n_rows else None,
        actual=tuple(truth[:N_SHOWN].tolist()),
        predicted=tuple(guess[:N_SHOWN].tolist()),
        undefined=undefined,
    )


def from_values(actual: ArrayLike, predicted: ArrayLike, *, target: str) -> Regression:
    """Measure from the rows themselves: (n,) true and (n,) predicted numbers, in no particular order.

    Raises LengthMismatch, NotNumbers.
    """
    truth, guess = _checked(actual, predicted)
    errors = guess - truth
    return from_sums(
        n_rows=truth.size,
        total_absolute=float(np.abs(errors).sum()),
        total_squared=float(np.dot(errors, errors)),
        total_signed=float(errors.sum()),
        total_spread=float(((truth - truth.mean()) ** 2).sum()) if truth.size else 0.0,
        actual=truth,
        predicted=guess,
        target=target,
    )


def _checked(actual: ArrayLike, predicted: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    truth = np.asarray(actual, dtype=np.float64).ravel()
    guess = np.asarray(predicted, dtype=np.float64).ravel()
    if truth.size != guess.size:
        raise LengthMismatch(n_outcomes=truth.size, n_predictions=guess.size)
    n_bad = int(np.count_nonzero(~(np.isfinite(truth) & np.isfinite(guess))))
    if n_bad:
        raise NotNumbers(n_bad=n_bad, n_values=truth.size)
    return truth, guess
