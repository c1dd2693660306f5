from __future__ import annotations

import re

import pytest

from core.metrics import distributions, figures, histograms
from core.metrics.figures import style

NOTHING = histograms.count([])


def _plain(text: str) -> str:
    return re.sub("</?span[^>]*>", "", text).replace("<br>", " ").replace("\u00a0", " ")


def test_scores_of_all_rows_are_bars_of_counts() -> None:
    spread = distributions.scores(histograms.count([0.01, 0.11, 0.61, 0.99]), positive_label="churn")
    figure = figures.score_distribution(spread)
    assert list(figure.data[0].y) == list(spread.counts)
    assert (figure.data[0].x[0], figure.data[0].x[-1]) == (1.25, 98.75)
    expected = "Half of the rows score 11 % or less; 2 of 4 rows (50 %) score 50 % or more"
    assert _plain(figure.layout.title.text) == expected
    assert figure.layout.xaxis.title.text == "Probability of 'churn', %"
    assert figure.layout.yaxis.title.text == "Rows"


def test_scores_by_class_are_shares_of_each_class() -> None:
    spread = distributions.scores_by_class(
        histograms.count([0.9, 0.9, 0.7, 0.1]), histograms.count([0.1, 0.2]), positive_label="churn"
    )
    figure = figures.score_distribution(spread)
    others, positives = figure.data
    assert _plain(others.name) == "not 'churn' (2 rows)"
    assert _plain(positives.name) == "'churn' (4 rows)"
    drawn = dict(zip(positives.x, positives.y, strict=True))
    assert {x: y for x, y in drawn.items() if y} == {10: 25, 70: 25, 90: 50}
    assert sum(others.y) == pytest.approx(100)
    title = _plain(figure.layout.title.text)
    assert title == "Median score: 70 % for 'churn', 10 % for the others"
    assert figure.layout.yaxis.title.text == "Rows of the class, %"
    assert figure.layout.showlegend


def test_one_class_alone_is_drawn_and_said() -> None:
    spread = distributions.scores_by_class(NOTHING, histograms.count([0.1, 0.2]), positive_label="churn")
    figure = figures.score_distribution(spread)
    assert [_plain(trace.name) for trace in figure.data] == ["not 'churn' (2 rows)"]
    assert "Every row with a known outcome is not 'churn'" in _plain(figure.layout.title.text)


def test_risk_bands_are_bars_with_the_highest_on_top() -> None:
    bands = distributions.risk_bands(histograms.count([0.1, 0.1, 0.3, 0.6, 0.9]), positive_label="churn")
    figure = figures.risk_bands(bands)
    assert list(figure.data[0].x) == [1, 1, 1, 2]
    assert [_plain(text) for text in figure.data[0].text] == ["1 · 20 %"] * 3 + ["2 · 40 %"]
    assert _plain(figure.layout.yaxis.ticktext[0]) == "Very high ≥ 80 %"
    assert figure.data[0].marker.color == (style.RED, style.ORANGE, style.GREY, style.BLUE)
    assert figure.layout.xaxis.title.text == "Rows"
    expected = "1 of 5 rows (20 %) is at very high risk: 'churn' at least 80 %"
    assert _plain(figure.layout.title.text) == expected


def test_two_bands_take_the_ends_of_the_palette() -> None:
    bands = distributions.risk_bands(
        histograms.count([0.1, 0.9]), positive_label="churn", edges=(0.5,), names=("Low", "High")
    )
    assert figures.risk_bands(bands).data[0].marker.color == (style.RED, style.BLUE)


def test_without_rows_there_are_notes() -> None:
    assert not figures.score_distribution(distributions.scores(NOTHING, positive_label="churn")).data
    assert not figures.risk_bands(distributions.risk_bands(NOTHING, positive_label="churn")).data


def test_one_row_is_not_spoken_of_as_half_of_the_rows() -> None:
    alone = histograms.count([0.238])
    titles = [
        _plain(figure.layout.title.text)
        for figure in (
            figures.score_distribution(distributions.scores(alone, positive_label="1")),
            figures.score_distribution(distributions.scores_by_class(NOTHING, alone, positive_label="1")),
            figures.risk_bands(distributions.risk_bands(alone, positive_label="1")),
        )
    ]
    assert titles == [
        "The only row scores 23.8 %",
        "The only row with a known outcome is not '1' and scores 23.8 %",
        "The only row is at medium risk: '1' 20–50 %",
    ]


def test_classes_that_score_alike_are_not_set_against_each_other() -> None:
    spread = distributions.scores_by_class(
        histograms.count([0.238] * 2), histograms.count([0.238] * 5), positive_label="churn"
    )
    title = _plain(figures.score_distribution(spread).layout.title.text)
    expected = "The 'churn' rows score no higher than the others: half of each score 24 % or less"
    assert title == expected


def test_an_axis_of_a_few_rows_counts_whole_ones() -> None:
    few = distributions.risk_bands(histograms.count([0.1]), positive_label="1")
    assert figures.risk_bands(few).layout.xaxis.dtick == 1
    many = distributions.risk_bands(histograms.count([0.1] * 500), positive_label="1")
    assert figures.risk_bands(many).layout.xaxis.dtick is None
