"""Predictions that the code has left are taken only where they are those of the rows, and never at any price."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.models.schema import Schema
from core.training.bargain import outputs
from core.training.errors import NothingMade

BINARY = Schema((), "left", "binary", ("No", "Yes"), "Yes")


def test_predictions_of_every_row_are_read_however_they_are_laid_out() -> None:
    said = {"note": "by hand", "predictions": [[0.25, 0.75]] * 5_000}
    for indent in (None, 4):
        found = outputs.read(json.dumps(said, indent=indent).encode(), schema=BINARY, n_rows=5_000)
        assert np.array_equal(found, np.tile([0.25, 0.75], (5_000, 1)))


@pytest.mark.parametrize("value", [b"{}", b"[]", b"0"])
def test_a_file_of_small_values_without_end_is_refused_before_it_is_read(value: bytes) -> None:
    content = b'{"predictions": [' + b",".join([value] * 100_000) + b"]}"
    with pytest.raises(NothingMade, match="more values than the 80 rows need"):
        outputs.read(content, schema=BINARY, n_rows=80)
