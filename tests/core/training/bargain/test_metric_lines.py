"""The curve that code reports of itself: plain points pass, whatever else is dropped and counted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.training.bargain.metric_lines import MOST_NAMES, MOST_POINTS, MetricLines, Point


def told(lines: MetricLines, **said: Any) -> Point | None:
    return lines.read(json.dumps(said))


def test_a_point_passes_and_any_other_line_is_left_to_the_log() -> None:
    lines = MetricLines()
    assert told(lines, metric="loss", split="valid", step=3, value=1) == Point("loss", "valid", 3, 1.0)
    assert told(lines, metric="loss", value=0.5) == Point("loss", "train", 0, 0.5)
    for line in ("hello", "{", "[1]", '{"a": 1}', '"metric"', '{"metric"', "{" * 100_000 + '"metric"'):
        assert lines.read(line) is None
    assert (lines.n_points, lines.warnings()) == (2, [])


@pytest.mark.parametrize(
    "said",
    [
        {"metric": 1, "value": 1},
        {"metric": "a b", "value": 1},
        {"metric": "x" * 61, "value": 1},
        {"metric": "<b>", "value": 1},
        {"metric": "auc", "split": "holdout", "value": 1},
        {"metric": "auc", "split": "baseline", "value": 1},
        {"metric": "auc", "split": None, "value": 1},
        {"metric": "auc", "step": -1, "value": 1},
        {"metric": "auc", "step": 1.5, "value": 1},
        {"metric": "auc", "step": True, "value": 1},
        {"metric": "auc", "step": 2**40, "value": 1},
        {"metric": "auc", "value": "1"},
        {"metric": "auc", "value": None},
        {"metric": "auc", "value": float("nan")},
        {"metric": "auc", "value": float("inf")},
        {"metric": "auc", "value": 10**400},
    ],
)
def test_a_point_that_is_none_is_dropped_with_a_warning(said: dict[str, Any]) -> None:
    lines = MetricLines()
    assert told(lines, **said) is None
    assert len(lines.warnings()) == 1
    assert lines.n_points == 0


def test_points_and_curves_are_bounded_and_none_counts_twice() -> None:
    lines = MetricLines()
    for number in range(MOST_NAMES + 2):
        told(lines, metric=f"m{number}", value=1)
    told(lines, metric="m0", value=2)
    assert lines.warnings() == [
        f"2 points of the reported curve were dropped beyond {MOST_NAMES} curves.",
        "1 point of the reported curve was dropped that was there already.",
    ]
    for step in range(1, MOST_POINTS):
        told(lines, metric="m0", step=step, value=1)
    assert lines.n_points == MOST_POINTS
