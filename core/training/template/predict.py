"""Opens model.bin and predicts: a row of probabilities, one a label, or a number."""

from typing import Any

import joblib
import numpy as np
from scipy.special import expit, softmax


def load(path: Any) -> Any:
    return joblib.load(path)


def said(model: Any, frame: Any) -> np.ndarray:
    """The weighted mean of what the members say: logits, or numbers."""
    asked = "decision_function" if hasattr(model["members"][0], "predict_proba") else "predict"
    answers = [getattr(one, asked)(frame) for one in model["members"]]
    return np.asarray(np.average(answers, axis=0, weights=model["weights"]))


def predict(model: Any, frame: Any) -> np.ndarray:
    answers = said(model, frame)
    if not hasattr(model["members"][0], "predict_proba"):
        return answers
    logits = answers / model["temperature"]
    if logits.ndim == 1:
        return np.column_stack([expit(-logits), expit(logits)])
    return np.asarray(softmax(logits, axis=1))
