"""Several fitted pipelines as one: the mean of what they say before it becomes a probability.

The linear recipe and the trees err in different places, so that their mean is often better than either. Source:
Perrone and Cooper 1993, When Networks Disagree. A temperature makes probabilities of several classes as sure as they
are right: it divides the logits, so the order of classes stays. Source: Guo et al. 2017, On Calibration of Modern
Neural Networks, ICML.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.extmath import softmax
from sklearn.utils.validation import check_is_fitted

Floats = npt.NDArray[np.float64]
Weights = Sequence[float]

COLDEST, HOTTEST = 0.2, 5.0
WEIGHED_ROWS = 5_000  # of several classes, about, as each pair of weights is tried at its own temperature


def mean(said: Sequence[Floats], weights: Weights | None = None) -> Floats:
    """The mean of the members' numbers, added in their order.

    said: one array a member, of one shape.  weights: one a member, 1 in all; equal where there are none.
    """
    if weights is None:
        total = said[0].copy()
        for other in said[1:]:
            total += other
        total /= len(said)
        return total
    total = said[0] * weights[0]
    for other, weight in zip(said[1:], weights[1:], strict=True):
        total += other * weight
    return total


def probabilities(logits: Floats, temperature: float) -> Floats:
    """(n, k) of each class. logits: (n,) of the second of two classes, or (n, k)."""
    cooled = logits / temperature
    if cooled.ndim == 1:
        positive = expit(cooled)
        return np.column_stack([1 - positive, positive])
    return np.asarray(softmax(cooled), np.float64)


def temperature(logits: Floats, codes: npt.NDArray[np.int64]) -> float:
    """The temperature at which these rows' true classes are likeliest.

    logits: (n, k), of rows that were not learnt from.  codes: (n,) which class is each row's own.
    """
    found = minimize_scalar(
        lambda heat: _log_loss(logits / np.exp(heat), codes),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
    )
    return float(np.exp(found.x))


def weights(said: Sequence[Floats], truth: npt.NDArray[np.generic]) -> tuple[float, float]:
    """The weights of two members, in eighths, at which these rows' outcomes are likeliest, or nearest.

    said: of each member (n,) numbers or logits of the second of two classes, or (n, k) logits, of rows that were not
    learnt from.  truth: (n,) numbers as float64, or which class is each row's own.
    """
    shown = slice(None, None, max(1, len(truth) // WEIGHED_ROWS)) if said[0].ndim > 1 else slice(None)
    first, second, truth = said[0][shown], said[1][shown], truth[shown]
    pairs = [(1 - eighths / 8, eighths / 8) for eighths in range(1, 8)]
    return min(pairs, key=lambda pair: loss(mean([first, second], pair), truth))


def loss(said: Floats, truth: npt.NDArray[np.generic]) -> float:
    """The mean squared error of numbers, or the mean of minus the logarithm of the own class's probability."""
    if truth.dtype.kind == "f":
        return float(np.square(said - np.asarray(truth, np.float64)).mean())
    if said.ndim == 1:
        return float(np.logaddexp(0.0, np.where(truth == 1, -said, said)).mean())
    codes = np.asarray(truth, np.int64)
    return _log_loss(said / temperature(said, codes), codes)


def _log_loss(logits: Floats, codes: npt.NDArray[np.int64]) -> float:
    own = log_softmax(logits, axis=1)[np.arange(len(codes)), codes]
    return -float(own.mean())


class MeanOfLogits(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier that is the mean of its members.

    members: pipelines of one set of classes, fitted, or to be fitted by `fit`; each has `decision_function`.
    weights: as in `mean`.
    """

    weights: Weights | None = None  # files of models from before there were weights hold none

    def __init__(
        self, members: Sequence[Pipeline], temperature: float = 1.0, weights: Weights | None = None
    ) -> None:
        self.members = members
        self.temperature = temperature
        self.weights = weights

    def fit(self, features: pd.DataFrame, values: np.ndarray) -> MeanOfLogits:
        """Fit each member on the same rows."""
        for member in self.members:
            member.fit(features, values)
        return self

    @property
    def classes_(self) -> np.ndarray:
        """(k,) the labels, in the order of the probabilities."""
        return np.asarray(self.members[0].classes_)

    def decision_function(self, features: pd.DataFrame) -> Floats:
        """(n,) or (n, k) the mean of the members' logits, before the temperature."""
        said = [np.asarray(one.decision_function(features), np.float64) for one in self.members]
        return mean(said, self.weights)

    def predict_proba(self, features: pd.DataFrame) -> Floats:
        """(n, k) probabilities."""
        return probabilities(self.decision_function(features), self.temperature)

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """(n,) the most probable label of each row."""
        return np.asarray(self.classes_[self.predict_proba(features).argmax(axis=1)])

    def __sklearn_is_fitted__(self) -> bool:
        return _are_fitted(self.members)


class MeanOfNumbers(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # as above
    """A regression that is the mean of its members. Both as in MeanOfLogits; each member has `predict`."""

    weights: Weights | None = None  # as above

    def __init__(self, members: Sequence[Pipeline], weights: Weights | None = None) -> None:
        self.members = members
        self.weights = weights

    def fit(self, features: pd.DataFrame, values: np.ndarray) -> MeanOfNumbers:
        """Fit each member on the same rows."""
        for member in self.members:
            member.fit(features, values)
        return self

    def predict(self, features: pd.DataFrame) -> Floats:
        """(n,) the mean of the members' numbers."""
        return mean([np.asarray(one.predict(features), np.float64) for one in self.members], self.weights)

    def __sklearn_is_fitted__(self) -> bool:
        return _are_fitted(self.members)


def _are_fitted(members: Sequence[Pipeline]) -> bool:
    try:
        for member in members:
            check_is_fitted(member)
    except NotFittedError:
        return False
    return True
