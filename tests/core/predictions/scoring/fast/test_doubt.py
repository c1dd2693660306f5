"""An answer in the last bits of which a digit, a bin or a label hangs is doubtful; others are not."""

from __future__ import annotations

import numpy as np
import pytest

from core.models.schema import Feature, Schema
from core.predictions.scoring.fast import doubt

FEATURES = (Feature("x", "number"),)
BINARY = Schema(FEATURES, "y", "binary", ("No", "Yes"), "Yes")
THREE = Schema(FEATURES, "y", "multiclass", ("a", "b", "c"))


@pytest.mark.parametrize("edge", [0.1234565, 0.00005, 0.99995, 0.5, 0.0000005])
def test_a_probability_at_an_edge_is_doubtful(edge: float) -> None:
    for p in (edge, edge + 5e-14, edge - 5e-14):
        rows = np.array([[0.8, 0.2], [1 - p, p]])
        assert doubt.any_at_an_edge(rows, BINARY)


@pytest.mark.parametrize("p", [0.0, 1.0, 0.123456, 0.1234564999, 0.49999, 1e-9])
def test_a_probability_between_edges_is_not(p: float) -> None:
    assert not doubt.any_at_an_edge(np.array([[0.8, 0.2], [1 - p, p]]), BINARY)


def test_two_labels_that_lead_together_are_doubtful() -> None:
    assert doubt.any_at_an_edge(np.array([[0.4, 0.4 + 1e-14, 0.2]]), THREE)
    assert not doubt.any_at_an_edge(np.array([[0.6, 0.2, 0.2 + 1e-14]]), THREE)
