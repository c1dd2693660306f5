"""What a finished prediction's page says: findings, warnings, tiles, the names of what was added."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.metrics import binary, distributions, histograms, multiclass, regression
from core.metrics.distributions import LabelCounts
from core.predictions.results.csv_injection import HEADER, FormulaCount
from core.predictions.results.measures import FeatureQuality, PredictionMetrics
from core.ui.predictions import findings, rows
from core.ui.predictions import quality as prediction_quality
from core.ui.predictions import tiles as prediction_tiles
from core.ui.predictions.rows import ResultColumns

NOTHING = PredictionMetrics(
    n_rows=0,
    n_measured=0,
    n_blank=0,
    n_unknown=0,
    seconds=1.0,
    target="churned",
    positive_label=None,
    threshold=None,
    on_training_data=False,
    headline="",
    metrics=None,
    scores=None,
    bands=None,
    labels=None,
    values=None,
    quality=(),
)
FAR = FeatureQuality("load", n_outside=500, minimum=0.0, maximum=3.75)


def _scored(scores: list[float], *, label: str = "Yes", other: str = "No") -> PredictionMetrics:
    """Rows without outcomes that a model of two classes has scored."""
    return replace(
        NOTHING,
        n_rows=len(scores),
        positive_label=label,
        scores=distributions.scores(histograms.count(scores), positive_label=label),
        labels=LabelCounts((other, label), (sum(p < 0.5 for p in scores), sum(p >= 0.5 for p in scores))),
    )


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\\", "")


def test_outcomes_that_are_spelt_differently_are_named_beside_those_that_the_model_knows() -> None:
    found = replace(_scored([0.1] * 9), n_unknown=9, unknown_outcomes=("1", "0"))
    told = _plain(findings.rests_on(found))
    assert told.startswith(
        "The file has a column **churned**, but its outcomes don't match: "
        "the file has '1' and '0', the model knows 'No' and 'Yes'."
    )


def test_unknown_outcomes_of_which_no_example_was_kept_are_told_by_what_the_model_knows() -> None:
    found = replace(_scored([0.1] * 9), n_unknown=9)
    assert "the model knows 'No' and 'Yes'" in _plain(findings.rests_on(found))


def test_examples_that_may_be_some_of_many_are_said_to_be_some() -> None:
    found = replace(_scored([0.1] * 9), n_unknown=9, unknown_outcomes=tuple("abcde"))
    assert "the file has such as" not in _plain(findings.rests_on(found))
    assert "the file has 'a', 'b', 'c', 'd' and 'e' among others" in _plain(findings.rests_on(found))


def test_a_column_of_outcomes_that_is_blank_is_said_to_be_blank() -> None:
    found = replace(_scored([0.1] * 9), n_blank=9)
    assert "The file has a column **churned**, but it is empty" in findings.rests_on(found)


def test_a_few_unknown_outcomes_are_named_where_they_are_left_out() -> None:
    metrics = binary.from_scores([1, 0], [0.9, 0.1], positive_label="Yes", negative_label="No")
    found = replace(
        _scored([0.9, 0.1, 0.3]), metrics=metrics, n_measured=2, n_unknown=1, unknown_outcomes=("Maybe",)
    )
    expected = "1 row with an outcome the model doesn't know ('Maybe') was left out."
    assert expected in _plain(findings.rests_on(found))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (_scored([0.238]), "The only row is 'Yes' with a probability of 23.8 %."),
        (_scored([0.9, 0.1, 0.1]), "1 of 3 rows (33.3 %) is predicted churned = Yes."),
        (_scored([0.9, 0.8, 0.1], label="1"), "2 of 3 rows (66.7 %) are predicted churned = 1."),
        (
            replace(NOTHING, n_rows=1, labels=LabelCounts(("low", "mid"), (0, 1))),
            "The only row is predicted 'mid'.",
        ),
        (
            replace(NOTHING, n_rows=1, values=distributions.values([18_663], target="price")),
            "The only row has 18,663 as its prediction of price.",
        ),
    ],
)
def test_without_outcomes_the_finding_reads_well_for_one_row_and_for_several(
    found: PredictionMetrics, said: str
) -> None:
    assert _plain(findings.finding(found)) == said


def test_a_share_is_rounded_in_a_sentence_as_it_is_in_a_chart() -> None:
    found = _scored([0.9] * 73 + [0.1] * 127)
    assert "(36.5 %)" in _plain(findings.finding(found))
    quality = FeatureQuality("load", n_missing=73)
    assert "(36.5 %)" in _plain(prediction_quality.sentence(quality, n_rows=200))


def test_cells_that_were_read_nearly_or_by_a_guess_are_told_of() -> None:
    nearly = FeatureQuality("lead", n_about=18, n_bad=6)
    assert _plain(prediction_quality.sentence(nearly, n_rows=48)).endswith(
        "18 cells (37.5 %) hold a sign or a note beside the number, scored as the number alone."
    )
    assert nearly.n_rows_touched == 18, "the six may be among them"
    guessed = FeatureQuality("when", n_missing=2, n_guessed=1, of="dates")
    assert guessed.n_rows_touched == 3
    assert "1 cell (2.1 %) can be read in two ways" in _plain(prediction_quality.sentence(guessed, n_rows=48))


def test_columns_that_are_odd_in_most_rows_are_warned_of_by_name_and_fault() -> None:
    odd = (FAR, FeatureQuality("color", n_unseen=300), FeatureQuality("region", n_missing=250))
    found = replace(_scored([0.1] * 500), quality=odd)
    told = _plain(prediction_quality.warning(found))
    assert "**load** (100 % out of range) and **color** (60 % new values)" in told
    assert "region" not in told
    assert _plain(prediction_quality.label(found)) == "Data quality · 3"


def test_of_many_odd_columns_the_worst_are_named_and_the_rest_counted() -> None:
    odd = tuple(FeatureQuality(f"c{place}", n_missing=500) for place in range(9))
    told = _plain(prediction_quality.warning(replace(_scored([0.1] * 500), quality=odd)))
    assert "**c2** (100 % blank) and 6 more columns" in told


def test_nothing_is_warned_of_where_few_rows_are_odd_or_the_model_learned_from_them() -> None:
    some = replace(_scored([0.1] * 500), quality=(FeatureQuality("load", n_outside=250),))
    assert prediction_quality.warning(some) == ""
    learned = replace(_scored([0.1] * 500), quality=(FAR,), on_training_data=True)
    assert prediction_quality.warning(learned) == ""
    assert prediction_quality.label(_scored([0.1])) == "Data quality"


def test_numbers_out_of_range_are_told_with_the_range_of_training() -> None:
    told = _plain(prediction_quality.sentence(FAR, n_rows=500))
    assert told == "**load**: 500 cells (100 %) are outside the training range of 0 to 3.75."
    found = replace(_scored([0.1] * 500), quality=(FAR,))
    assert _plain(prediction_quality.summary(found)).startswith(
        "500 cells in 1 column differ from the training data"
    )


def test_tiles_quote_the_label_and_count_with_the_right_verb() -> None:
    tiles = {tile.label: _plain(tile.meaning) for tile in prediction_tiles.of(_scored([0.1, 0.9], label="1"))}
    assert tiles["Predicted '1'"] == "1 of 2 rows scores 50 % or more."


def test_negative_tiles_carry_a_true_minus() -> None:
    metrics = regression.from_values([1000, 3000], [500, 1900], target="price")
    tiles = {tile.label: tile for tile in prediction_tiles.of(replace(NOTHING, metrics=metrics))}
    assert tiles["Bias"].value == "−800.0"
    assert tiles["Bias"].meaning.endswith("Exactly: −800")
    worse = regression.from_values([1, 2], [9, 9], target="price")
    assert prediction_tiles.of(replace(NOTHING, metrics=worse))[0].value.startswith("−")


def test_the_means_over_classes_say_what_an_undefined_class_counts_as() -> None:
    metrics = multiclass.from_scores([0, 1, 2], np.eye(3)[[0, 1, 0]], labels=("a", "b", "c"))
    tiles = {tile.label: tile for tile in prediction_tiles.of(replace(NOTHING, metrics=metrics))}
    assert tiles["Precision"].value == "0.500"
    assert tiles["F1"].value == "0.556"
    assert "count as 0" in tiles["Precision"].meaning
    assert "count as 0" in tiles["Recall"].meaning


def test_a_few_added_columns_are_named_and_many_are_counted() -> None:
    few = ResultColumns(("prediction", "probability"), "caution", ("reason_1",))
    told = "**prediction**, **probability**, **caution**, **reason_1**"
    assert _plain(rows.names(few)) == told
    many = ResultColumns(("prediction", *(f"probability_{place}" for place in range(50))), None, ())
    assert rows.names(many) == "**prediction** and 50 probability columns, one per class"


def test_cells_that_a_spreadsheet_would_run_are_told_with_their_columns() -> None:
    assert prediction_quality.formula_sentence(NOTHING) == ""
    found = {
        "note": FormulaCount(2, 17),
        "=id": FormulaCount(1, HEADER),
        "a": FormulaCount(1, 1),
        "b": FormulaCount(1, 2),
    }
    told = _plain(prediction_quality.formula_sentence(replace(NOTHING, formulas=found))).replace("\\", "")
    assert told.startswith("5 cells of the file look like formulas that a spreadsheet would run: ")
    assert "**note** (2 cells, first in row 17), **=id** (1 cell, first in the header)" in told
    assert "1 more column." in told
    alone = prediction_quality.formula_sentence(replace(NOTHING, formulas={"note": FormulaCount(1, 3)}))
    assert "The result keeps it unchanged; *Safe CSV* makes it harmless." in alone


def test_blank_cells_differ_only_where_training_had_none() -> None:
    column = FeatureQuality("region", n_missing=300, n_unseen=2)
    found = replace(_scored([0.1] * 500), quality=(column,))
    usual = _plain(prediction_quality.sentence(column, n_rows=500, was_blank={"region"}))
    assert usual.startswith("**region**: 300 cells (60 %) are blank, as some were in training; 2 cells")
    assert _plain(prediction_quality.summary(found, was_blank={"region"})).startswith("2 cells in 1 column")
    assert prediction_quality.warning(found, was_blank={"region"}) == ""
    new = _plain(prediction_quality.sentence(column, n_rows=500, was_blank=set()))
    assert "300 cells (60 %) are blank, but none were in training" in new
    assert _plain(prediction_quality.summary(found, was_blank=set())).startswith("302 cells in 1 column")
    assert "**region** (60 % blank" in _plain(prediction_quality.warning(found, was_blank=set()))
    unknown = _plain(prediction_quality.sentence(column, n_rows=500, was_blank=None))
    assert "300 cells (60 %) are blank; 2 cells" in unknown
    only_usual = replace(found, quality=(FeatureQuality("region", n_missing=9),))
    assert prediction_quality.label(only_usual, was_blank={"region"}) == "Data quality"


def test_a_result_is_told_in_brief_by_its_positive_label_or_its_mean() -> None:
    assert _plain(prediction_tiles.in_brief(_scored([0.9, 0.1, 0.1, 0.2]))) == "25 % Yes"
    several = replace(NOTHING, n_rows=3, labels=LabelCounts(("low", "mid", "high"), (0, 2, 1)))
    assert _plain(prediction_tiles.in_brief(several)) == "67 % mid"
    codes = replace(NOTHING, n_rows=3, labels=LabelCounts(("1", "2"), (1, 2)))
    assert _plain(prediction_tiles.in_brief(codes)) == "67 % '2'"
    numbers = replace(NOTHING, n_rows=2, values=distributions.values([10, 20], target="price"))
    assert prediction_tiles.in_brief(numbers) == "mean 15"
