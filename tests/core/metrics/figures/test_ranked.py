from __future__ import annotations

import pytest

from core.metrics import binary, figures
from core.metrics.binary import Binary

OUTCOMES = [1, 0, 1, 1, 0, 0, 1, 0, 0, 0]
SCORES = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.35, 0.3, 0.2, 0.1]


def _measured(outcomes: list[int], threshold: float = 0.5) -> Binary:
    return binary.from_scores(
        outcomes, SCORES, positive_label="churn", negative_label="stay", threshold=threshold
    )


def _title(figure: object) -> str:
    return figure.layout.title.text.replace("<br>", " ").replace("\u00a0", " ")  # type: ignore[attr-defined,no-any-return]  # plotly is untyped


def _trace(figure: object, name: str) -> object:
    return next(trace for trace in figure.data if trace.name.startswith(name))  # type: ignore[attr-defined]  # plotly is untyped


def test_the_roc_curve_draws_the_rates_in_percent_between_chance_and_threshold() -> None:
    measured = _measured(OUTCOMES)
    figure = figures.roc_curve(measured)
    assert measured.roc is not None
    curve, chance, dot = (_trace(figure, name) for name in ("ROC", "Chance", "Threshold"))
    assert list(curve.x) == pytest.approx([100 * x for x in measured.roc.x])  # type: ignore[attr-defined]
    assert list(curve.y) == pytest.approx([100 * y for y in measured.roc.y])  # type: ignore[attr-defined]
    assert (list(chance.x), list(chance.y)) == ([0, 100], [0, 100])  # type: ignore[attr-defined]
    assert (dot.x[0], dot.y[0]) == pytest.approx((100 / 3, 75))  # type: ignore[attr-defined]


def test_the_roc_curve_is_titled_with_its_finding_and_units() -> None:
    figure = figures.roc_curve(_measured(OUTCOMES))
    expected = "At 50 % it finds 75 % of 'churn' rows and flags 33.3 % of 'stay' rows"
    assert _title(figure) == expected
    assert figure.layout.xaxis.title.text == "'stay' rows predicted 'churn', % (false positives)"
    assert figure.layout.yaxis.title.text == "'churn' rows found, %"


def test_each_point_of_the_roc_curve_tells_the_score_it_cuts_at() -> None:
    curve = _trace(figures.roc_curve(_measured(OUTCOMES)), "ROC")
    assert list(curve.customdata)[:2] == ["no row predicted", "score ≥ 90.00 %"]  # type: ignore[attr-defined]


def test_the_precision_recall_curve_is_drawn_over_its_base_rate() -> None:
    measured = _measured(OUTCOMES)
    figure = figures.precision_recall_curve(measured)
    assert measured.precision_recall is not None
    curve, base, dot = (_trace(figure, name) for name in ("Precision-recall", "Base rate", "Threshold"))
    assert list(curve.y) == pytest.approx([100 * y for y in measured.precision_recall.y])  # type: ignore[attr-defined]
    assert list(base.y) == [40, 40]  # type: ignore[attr-defined]
    assert (dot.x[0], dot.y[0]) == pytest.approx((75, 60))  # type: ignore[attr-defined]
    expected = "At 50 % it finds 75 % of 'churn' rows and is right 60 % of the time"
    assert _title(figure) == expected
    assert figure.layout.xaxis.title.text == "'churn' rows found, % (recall)"
    assert figure.layout.yaxis.title.text == "Precision for 'churn', %"


def test_a_threshold_that_no_row_reaches_is_said_and_not_drawn() -> None:
    figure = figures.precision_recall_curve(_measured(OUTCOMES, threshold=0.95))
    assert _title(figure) == "No row reaches the threshold of 95 %"
    assert not [trace.name for trace in figure.data if "Threshold" in trace.name]


@pytest.mark.parametrize("outcome", [0, 1])
def test_with_one_class_a_note_takes_the_place_of_both_curves(outcome: int) -> None:
    measured = _measured([outcome] * 10)
    for figure in (figures.roc_curve(measured), figures.precision_recall_curve(measured)):
        assert not figure.data
        assert "nothing to rank" in figure.layout.annotations[0].text.replace("<br>", " ")


def test_scores_that_are_all_the_same_are_a_note_and_no_curve() -> None:
    measured = binary.from_scores([1, 0, 0, 0], [0.238] * 4, positive_label="churn", negative_label="stay")
    for figure in (figures.roc_curve(measured), figures.precision_recall_curve(measured)):
        assert not figure.data
        assert "PR-AUC" not in _title(figure)
        assert "Every row scores 23.8" in figure.layout.annotations[0].text.replace("<br>", " ")


def test_lines_and_dots_are_named_in_the_legend_where_no_curve_and_no_axis_runs_through_the_names() -> None:
    measured = _measured(OUTCOMES)
    named = [
        [trace.name.replace("\u00a0", " ") for trace in figure.data if trace.showlegend is not False]
        for figure in (figures.roc_curve(measured), figures.precision_recall_curve(measured))
    ]
    assert named == [["Chance", "Threshold 50 %"], ["Base rate 40 %", "Threshold 50 %"]]
    assert figures.roc_curve(measured).layout.showlegend
    assert not figures.roc_curve(measured).layout.annotations
