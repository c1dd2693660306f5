"""The types that a model's file may hold beyond those that skops trusts by itself, for whoever opens one."""

from __future__ import annotations

from typing import Final

# What our recipes need. A literal: never what a file asks for.
TRUSTED: Final = (
    "core.models.blend.MeanOfLogits",
    "core.models.blend.MeanOfNumbers",
    "numpy.dtype",
    "scipy._lib.array_api_compat.numpy._aliases.asarray",  # a BSpline keeps its array function
    "scipy.interpolate._bsplines.BSpline",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.model_selection._split.KFold",  # how a TargetEncoder was cross-fitted
)
