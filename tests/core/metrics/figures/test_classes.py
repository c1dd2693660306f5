from __future__ import annotations

import re

import numpy as np

from core.metrics import binary, figures, multiclass
from core.metrics.distributions import LabelCounts


def _plain(text: str) -> str:
    return re.sub("</?span[^>]*>", "", text).replace("<br>", " ").replace("\u00a0", " ")


def test_the_confusion_matrix_of_two_classes_shows_counts_and_shares_of_each_row() -> None:
    measured = binary.from_scores(
        [1, 1, 1, 1, 0, 0], [0.9, 0.8, 0.7, 0.1, 0.6, 0.2], positive_label="churn", negative_label="stay"
    )
    figure = figures.confusion_matrix(measured)
    assert [list(row) for row in figure.data[0].z] == [[0.5, -0.5], [-0.25, 0.75]]
    cells = {(cell.x, cell.y): _plain(cell.text) for cell in figure.layout.annotations}
    assert cells == {
        (0, 0): "<b>1</b> 50 %",
        (1, 0): "<b>1</b> 50 %",
        (0, 1): "<b>1</b> 25 %",
        (1, 1): "<b>3</b> 75 %",
    }
    assert list(figure.layout.xaxis.ticktext) == list(figure.layout.yaxis.ticktext) == ["stay", "churn"]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("Predicted", "Actual")
    assert (
        _plain(figure.layout.title.text)
        == "4 of 6 rows are predicted correctly (66.7 %); 1 of 4 'churn' rows is missed"
    )
    assert _plain(figure.data[0].customdata[1][0]) == "actual churn predicted stay 1 row, 25 % of 4"


def test_the_confusion_matrix_of_several_classes_names_the_commonest_mistake() -> None:
    measured = multiclass.from_scores(
        [0, 0, 0, 1, 2], np.eye(3)[[0, 1, 1, 1, 0]], labels=("red", "green", "blue")
    )
    title = _plain(figures.confusion_matrix(measured).layout.title.text)
    assert title == "2 of 5 rows are predicted correctly (40 %); 'red' is most often mistaken for 'green' (2)"


def test_without_a_mistake_none_is_named() -> None:
    measured = multiclass.from_scores([0, 1, 2], np.eye(3), labels=("red", "green", "blue"))
    title = _plain(figures.confusion_matrix(measured).layout.title.text)
    assert title == "3 of 3 rows are predicted correctly (100 %)"


def test_with_many_classes_the_numbers_move_into_the_hover_text() -> None:
    labels = [f"label {place}" for place in range(11)]
    measured = multiclass.from_scores(range(11), np.eye(11), labels=labels)
    figure = figures.confusion_matrix(measured)
    assert not figure.layout.annotations
    assert _plain(figure.data[0].customdata[3][3]).endswith("1 row, 100 % of 1")


def test_a_confusion_matrix_of_no_rows_is_a_note() -> None:
    measured = binary.from_scores([], [], positive_label="churn", negative_label="stay")
    assert not figures.confusion_matrix(measured).data


def test_label_counts_are_bars_with_the_most_frequent_first() -> None:
    figure = figures.label_counts(LabelCounts(("red", "green", "blue"), (30, 1_000, 170)))
    bars = figure.data[0]
    assert list(bars.x) == [1_000, 170, 30]
    assert [_plain(text) for text in bars.text] == ["1,000 · 83.3 %", "170 · 14.2 %", "30 · 2.5 %"]
    assert list(figure.layout.yaxis.ticktext) == ["green", "blue", "red"]
    assert figure.layout.xaxis.title.text == "Rows"
    assert _plain(figure.layout.title.text) == "'green' is predicted for 1,000 of 1,200 rows (83.3 %)"


def test_label_counts_of_no_rows_are_a_note() -> None:
    assert not figures.label_counts(LabelCounts(("red",), (0,))).data


def test_of_many_labels_only_as_many_are_named_as_find_room() -> None:
    labels = tuple(f"c{i}" for i in range(50))
    many = figures.label_counts(LabelCounts(labels, tuple(range(50, 0, -1)))).layout
    assert many.yaxis.ticktext == tuple(f"c{i}" for i in range(0, 50, 2))
    assert many.height == 510
    few = figures.label_counts(LabelCounts(labels[:20], tuple(range(20, 0, -1)))).layout.yaxis.ticktext
    assert few == labels[:20]


def test_labels_that_are_numbers_are_quoted_in_a_title() -> None:
    measured = binary.from_scores([1, 1, 1, 0], [0.9, 0.8, 0.1, 0.2], positive_label="1", negative_label="0")
    title = _plain(figures.confusion_matrix(measured).layout.title.text)
    assert title == "3 of 4 rows are predicted correctly (75 %); 1 of 3 '1' rows is missed"
    counted = figures.label_counts(LabelCounts(("0", "1"), (3, 1)))
    assert _plain(counted.layout.title.text) == "'0' is predicted for 3 of 4 rows (75 %)"


def test_of_one_row_it_is_said_what_it_was_and_what_it_was_called() -> None:
    wrong = binary.from_scores([0], [0.9], positive_label="Yes", negative_label="No")
    title = _plain(figures.confusion_matrix(wrong).layout.title.text)
    assert title == "The only row with a known outcome is 'No'; the model predicts 'Yes'"
    right = multiclass.from_scores([1], [[0, 1, 0]], labels=("low", "mid", "high"))
    title = _plain(figures.confusion_matrix(right).layout.title.text)
    assert title == "The only row with a known outcome is 'mid', as predicted"
    counted = figures.label_counts(LabelCounts(("low", "mid"), (0, 1)))
    assert _plain(counted.layout.title.text) == "'mid' is predicted for the only row"


def test_where_no_row_is_positive_none_is_said_to_be_missed() -> None:
    measured = binary.from_scores([0, 0], [0.9, 0.1], positive_label="Yes", negative_label="No")
    title = _plain(figures.confusion_matrix(measured).layout.title.text)
    assert title == "1 of 2 rows is predicted correctly (50 %)"


def test_of_a_dozen_classes_the_ten_commonest_mistakes_take_the_place_of_the_matrix() -> None:
    labels = [f"Product line number {place:02d}" for place in range(12)]
    called = np.arange(12)
    actual = [*range(12), *([3] * 5), *range(11)]
    named = np.eye(12)[[*called, *([4] * 5), *range(1, 12)]]
    figure = figures.confusion_matrix(multiclass.from_scores(actual, named, labels=labels))
    bars = figure.data[0]
    assert bars.type == "bar"
    assert len(bars.x) == 10
    assert bars.x[0] == 6  # 3 for 4, five times and once more
    assert _plain(bars.text[0]) == "6 · 85.7 %"
    assert _plain(figure.layout.yaxis.ticktext[0]) == "Product line number 03 → Product line number 04"
    expected = "12 of 28 rows are predicted correctly (42.9 %); the 10 most common of 11 kinds of mistake"
    assert _plain(figure.layout.title.text) == expected
    assert figure.layout.height > 450


def test_many_classes_without_a_mistake_are_a_note() -> None:
    labels = [f"c{place}" for place in range(12)]
    figure = figures.confusion_matrix(multiclass.from_scores(range(12), np.eye(12), labels=labels))
    assert not figure.data
    assert "12 of 12 rows are predicted correctly" in _plain(figure.layout.title.text)
