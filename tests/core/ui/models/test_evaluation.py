"""How a model was measured, in words."""

from __future__ import annotations

from typing import Any

import pytest

from core.models.validation import Evaluation
from core.ui.models import evaluation


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (Evaluation("rows"), "Measured over five folds."),
        (
            Evaluation("rows", is_stated=True),
            "Measured over five folds, with rows taken as independent, as you stated.",
        ),
        (
            Evaluation("groups", column="patient_id", n_groups=200),
            "Measured with all rows of one **patient\\_id** in one fold (200 values).",
        ),
        (
            Evaluation("copies", n_groups=250, n_folds=4),
            "Measured with all copies of a row in one fold (250 different rows).",
        ),
        (
            Evaluation("time", 1, "day", is_stated=True),
            "Measured on the latest fifth by **day**, predicted from the rows before, as you stated.",
        ),
    ],
)
def test_what_was_kept_together_is_said(how: Evaluation, said: str) -> None:
    assert evaluation.sentence({"evaluation": how.to_json()}).replace("\u00a0", " ") == said


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ({}, "five folds"),
        ({"evaluation": Evaluation("groups", 3).to_json()}, "three folds"),
        ({"evaluation": Evaluation("time", 1).to_json()}, "resamples of the latest rows"),
        ({"evaluation": Evaluation("copies", 1).to_json(), "n_held_out": 9}, "resamples of unseen rows"),
    ],
)
def test_what_figures_vary_over_is_said(report: dict[str, Any], said: str) -> None:
    assert evaluation.measured_over(report) == said
