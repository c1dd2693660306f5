"""One training per task, shared by the tests that only look at it."""

from __future__ import annotations

import pyarrow as pa
import pytest

from core.models.training import Trained
from tests.core.models.tables import TARGETS, subscribers, train, without


@pytest.fixture(scope="session")
def table() -> pa.Table:
    return subscribers()


@pytest.fixture(scope="session")
def trained(table: pa.Table) -> dict[str, Trained]:
    """By task: binary, multiclass, regression."""
    return {
        task: train(without(table, *(other for other in TARGETS.values() if other != target)), target)
        for task, target in TARGETS.items()
    }
