"""The fast way is the plain way, byte for byte and count for count, whatever the file."""

from __future__ import annotations

from typing import Any

import pytest

from core.predictions.engine import Scored
from tests.core.predictions.conftest import Model
from tests.core.predictions.fast.conftest import DIALECTS, opaque, written


def both(model: Model, data: bytes, dialect: Any, **options: Any) -> tuple[Scored, Scored]:
    """The same file scored by tables and by the pipeline: the same bytes and the same tally."""
    result, scored = model.score(data, dialect, **options)
    expected, plainly = opaque(model).score(data, dialect, **options)
    assert result == expected
    assert scored.tally.to_json() == plainly.tally.to_json()
    assert plainly.why_plain is not None
    return scored, plainly


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
def test_every_dialect_gives_the_same_bytes_and_counts(tabled: Model, dialect: Any) -> None:
    data = written(400, dialect, seed=5, schema=tabled.schema)
    scored, _ = both(tabled, data, dialect, block_bytes=9_000)
    assert scored.why_plain is None
    assert scored.n_plain_rows < scored.n_rows == 400


@pytest.mark.parametrize("seed", range(6))
def test_a_bad_cell_costs_its_block_alone(tabled: Model, seed: int) -> None:
    data = written(600, DIALECTS["comma"], seed, schema=tabled.schema, bad=0.002)
    scored, _ = both(tabled, data, DIALECTS["comma"], block_bytes=2_000)
    assert scored.why_plain is None
    assert sum(scored.tally.bad.values()) > 0
    assert 0 < scored.n_plain_rows < 600
