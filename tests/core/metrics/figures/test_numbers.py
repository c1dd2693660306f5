from __future__ import annotations

from core.metrics import distributions, figures, regression

MEASURED = regression.from_values([10, 20, 30, 40], [12, 21, 33, 46], target="price")


def _plain(text: str) -> str:
    return text.replace("<br>", " ").replace("\u00a0", " ")


def test_predictions_are_drawn_against_the_truth_with_the_line_of_perfect_ones() -> None:
    figure = figures.predicted_vs_actual(MEASURED)
    rows, perfect = figure.data
    assert (list(rows.x), list(rows.y)) == ([10, 20, 30, 40], [12, 21, 33, 46])
    assert rows.customdata[3] == "actual 40<br>predicted 46"
    assert list(perfect.x) == list(perfect.y) == [10, 46]
    assert _plain(figure.layout.title.text) == "Half of the predictions are within 2.5 of the actual price"
    assert figure.layout.xaxis.title.text == "Actual price"
    assert figure.layout.yaxis.title.text == "Predicted price"


def test_residuals_are_predicted_minus_actual_with_a_line_at_none() -> None:
    figure = figures.residuals(MEASURED)
    bars = figure.data[0]
    assert sum(bars.y) == 4
    assert bars.x[0] - bars.width / 0.9 / 2 == 1
    assert figure.layout.shapes[0].x0 == 0
    expected = "Predictions of price are 2.500 too high in the median; 9 of 10 are 1.150 to 5.550 too high"
    assert _plain(figure.layout.title.text) == expected
    assert figure.layout.xaxis.title.text == "Predicted minus actual price"


def test_errors_to_both_sides_are_told_by_their_median_and_tails() -> None:
    even = regression.from_values([0] * 41, range(-20, 21), target="price")
    expected = "Predictions of price are right in the median; 9 of 10 are 18.00 too low to 18.00 too high"
    assert _plain(figures.residuals(even).layout.title.text) == expected
    right = regression.from_values([1, 2], [1, 2], target="price")
    expected = "Predictions of price are right in the median; 9 of 10 are right"
    assert _plain(figures.residuals(right).layout.title.text) == expected


def test_charts_of_some_rows_say_how_many_are_drawn() -> None:
    many = regression.from_values(range(5_000), range(5_000), target="price")
    drawn = "Rows (2,000 of 5,000 drawn)"
    assert figures.predicted_vs_actual(many).data[0].name == drawn
    assert figures.residuals(many).layout.yaxis.title.text == drawn
    spread = distributions.values(range(2_000), target="price", n_rows=5_000)
    assert figures.predictions(spread).layout.yaxis.title.text == drawn


def test_the_distribution_of_predictions_marks_the_median() -> None:
    spread = distributions.values(range(101), target="price")
    figure = figures.predictions(spread)
    assert list(figure.data[0].y) == list(spread.counts)
    assert figure.layout.shapes[0].x0 == 50
    expected = "Half of the predictions of price lie between 25 and 75; the median is 50"
    assert _plain(figure.layout.title.text) == expected


def test_without_rows_there_are_notes() -> None:
    nothing = regression.from_values([], [], target="price")
    assert not figures.predicted_vs_actual(nothing).data
    assert not figures.residuals(nothing).data
    assert not figures.predictions(distributions.values([], target="price")).data


def test_the_line_of_perfect_predictions_is_named_where_no_dot_can_lie_on_the_name() -> None:
    figure = figures.predicted_vs_actual(MEASURED)
    assert not figure.layout.annotations
    assert figure.layout.showlegend
    assert [trace.name for trace in figure.data] == ["Rows", "Perfect prediction"]


def test_one_row_has_no_average_and_no_spread() -> None:
    one = regression.from_values([10], [13], target="price")
    expected = "The prediction of price is off by 3 in the only row with a known outcome"
    assert _plain(figures.predicted_vs_actual(one).layout.title.text) == expected
    expected = "The only prediction of price that can be compared is 3 too high"
    assert _plain(figures.residuals(one).layout.title.text) == expected
    alone = figures.predictions(distributions.values([18_663], target="price"))
    assert _plain(alone.layout.title.text) == "The only row has 18,663 as its prediction of price"


def test_predictions_that_are_all_the_same_lie_between_no_two_numbers() -> None:
    same = figures.predictions(distributions.values([18_663.0] * 9, target="price"))
    assert _plain(same.layout.title.text) == "Every prediction of price is 18,663"
    near = figures.predictions(distributions.values([1.0, *[18_663.0] * 9], target="price"))
    assert _plain(near.layout.title.text) == "Half of the predictions of price are about 18,663"


def test_tiny_numbers_get_exponents_and_no_greek_letter_on_their_axes() -> None:
    tiny = figures.predicted_vs_actual(regression.from_values([1e-6, 3e-6], [2e-6, 3e-6], target="price"))
    assert tiny.layout.xaxis.exponentformat == tiny.layout.yaxis.exponentformat == "e"
    large = figures.predictions(distributions.values([1e9, 3e9], target="price"))
    assert large.layout.xaxis.exponentformat == "B"
