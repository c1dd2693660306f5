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

COLDEST, HOTTEST = 0.2, 5.0


def mean(said: Sequence[Floats]) -> Floats:
    """The mean of the members' numbers, added in their order. said: one array a member, of one shape."""
    total = said[0].copy()
    for other in said[1:]:
        total += other
    total /= len(said)
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

    def loss(heat: float) -> float:
        own = log_softmax(logits / np.exp(heat), axis=1)[np.arange(len(codes)), codes]
        return -float(own.mean())

    found = minimize_scalar(loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
    return float(np.exp(found.x))


class MeanOfLogits(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier that is the mean of its members.

    members: pipelines of one set of classes, fitted, or to be fitted by `fit`; each has `decision_function`.
    """

    def __init__(self, members: Sequence[Pipeline], temperature: float = 1.0) -> None:
        self.members = members
        self.temperature = temperature

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
        return mean([np.asarray(one.decision_function(features), np.float64) for one in self.members])

    def predict_proba(self, features: pd.DataFrame) -> Floats:
        """(n, k) probabilities."""
        return probabilities(self.decision_function(features), self.temperature)

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        """(n,) the most probable label of each row."""
        return np.asarray(self.classes_[self.predict_proba(features).argmax(axis=1)])

    def __sklearn_is_fitted__(self) -> bool:
        return _are_fitted(self.members)


class MeanOfNumbers(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # as above
    """A regression that is the mean of its members. members: as in MeanOfLogits; each has `predict`."""

    def __init__(self, members: Sequence[Pipeline]) -> None:
        self.members = members

    def fit(self, features: pd.DataFrame, values: np.ndarray) -> MeanOfNumbers:
        """Fit each member on the same rows."""
        for member in self.members:
            member.fit(features, values)
        return self

    def predict(self, features: pd.DataFrame) -> Floats:
        """(n,) the mean of the members' numbers."""
        return mean([np.asarray(one.predict(features), np.float64) for one in self.members])

    def __sklearn_is_fitted__(self) -> bool:
        return _are_fitted(self.members)


def _are_fitted(members: Sequence[Pipeline]) -> bool:
    try:
        for member in members:
            check_is_fitted(member)
    except NotFittedError:
        return False
    return True
