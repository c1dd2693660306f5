"""Metrics of any task, read back from the JSON they were stored as."""

from __future__ import annotations

from typing import Any

from core.metrics.binary import Binary
from core.metrics.errors import UnknownTask
from core.metrics.multiclass import Multiclass
from core.metrics.regression import Regression

Metrics = Binary | Multiclass | Regression


def read(stored: dict[str, Any]) -> Metrics:
    """What `to_json` of the metrics made. Raises UnknownTask."""
    match stored.get("task"):
        case "binary":
            return Binary.from_json(stored)
        case "multiclass":
            return Multiclass.from_json(stored)
        case "regression":
            return Regression.from_json(stored)
        case other:
            raise UnknownTask(task=str(other))
