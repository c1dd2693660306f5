"""What scoring an upload is said to take."""

from __future__ import annotations

import pytest

from core.ui.uploads import score_panel


@pytest.mark.parametrize(
    ("plain", "explained", "more_s"),
    [
        (None, None, 7.5),  # 10 s with reasons, a quarter of that without
        (400_000, 50_000, 17.5),
        (None, 50_000, 15.0),
        (10_000, None, 300.0),
        (50_000, 60_000, 0.0),  # two runs on a machine that was busy at the first
    ],
)
def test_reasons_take_what_a_run_with_them_takes_longer_than_one_without(
    plain: float | None, explained: float | None, more_s: float
) -> None:
    assert score_panel.reasons_s(1_000_000, plain=plain, explained=explained) == pytest.approx(more_s)
