from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.models.errors import (
    NothingRepeats,
    OneClassOnly,
    PositiveLabelUnknown,
    RareClass,
    TargetEmpty,
    TargetMissing,
    TargetTooLarge,
    TaskImpossible,
    TooFewRows,
    TooManyClasses,
)
from core.models.fitting import questions, target_columns, targets
from core.models.fitting.questions import TargetChoices
from core.models.fitting.targets import Target
from core.models.labels import likely_positive
from core.uploads.csv.dialect import ColumnRule
from core.uploads.report.profile import ColumnProfile
from tests.core.models.tables import text_table


def find(cells: list[object], positive_label: str | None = None, decimal: str = ".", **stated: Any) -> Target:
    choices = TargetChoices(positive_label=positive_label, **stated)
    return targets.find(text_table(outcome=cells), target="outcome", decimal=decimal, choices=choices)


def profile(name: str, n_distinct: int = 900, n_missing: int = 0) -> ColumnProfile:
    return ColumnProfile(
        name=name,
        kind="category",
        n_missing=n_missing,
        n_distinct=n_distinct,
        distinct_capped=False,
        minimum=None,
        maximum=None,
        examples=(),
    )


def test_two_texts_are_a_binary_question() -> None:
    found = find(["Yes", "No"] * 30)
    assert (found.task, found.labels, found.positive_label) == ("binary", ("No", "Yes"), "Yes")


def test_three_texts_are_several_classes() -> None:
    found = find(["red", "green", "blue"] * 20)
    assert (found.task, found.labels, found.positive_label) == ("multiclass", ("blue", "green", "red"), None)


def test_few_whole_numbers_are_classes_in_their_own_spelling() -> None:
    found = find([1, 2, 3, 4] * 15)
    assert (found.task, found.labels) == ("multiclass", ("1", "2", "3", "4"))


def test_many_different_numbers_are_a_regression() -> None:
    found = find([f"{row}.5" for row in range(60)])
    assert (found.task, found.labels) == ("regression", ())
    assert found.values.tolist() == [row + 0.5 for row in range(60)]


def test_numbers_with_a_decimal_comma_are_a_regression() -> None:
    assert find([f"{row},5" for row in range(60)], decimal=",").values[1] == 1.5


@pytest.mark.parametrize("large", ["1e307", "-1.5E101"])
def test_numbers_whose_squares_can_not_be_summed_are_refused(large: str) -> None:
    with pytest.raises(TargetTooLarge) as caught:
        find([*range(300), large])
    assert "holds 1 number beyond ±1e100" in str(caught.value)
    assert find([*range(300), "1e99"]).task == "regression"


def test_codes_that_look_like_large_numbers_are_classes() -> None:
    assert find(["1e307", "2e307"] * 40).task == "binary"


def test_a_few_cells_that_are_no_number_leave_a_regression_with_a_warning() -> None:
    found = find([*range(300), "unclear"])
    assert (found.task, len(found.values)) == ("regression", 300)
    assert found.rows.tolist() == list(range(300))
    assert found.warnings == ("In 1 of 301 rows, 'outcome' is not a number; these rows were left out.",)


def test_rows_without_an_outcome_are_left_out_and_counted() -> None:
    found = find(["Yes", "No", ""] * 30)
    assert len(found.rows) == len(found.values) == 60
    assert found.rows.tolist()[:4] == [0, 1, 3, 4]
    assert found.warnings == ("30 of 90 rows have no value in 'outcome' and were left out.",)


def test_labels_keep_the_files_most_frequent_spelling_without_blanks_around_it() -> None:
    found = find([" 1 ", " 1 ", "1", "0", "0", "0"] * 10)
    assert found.labels == ("0", "1")
    assert found.positive_label == "1"
    assert found.answers(np.arange(4)).tolist() == ["1", "1", "1", "0"]
    assert found.warnings == ("In the target, ' 1 ' was read as '1'.",)


def test_blanks_around_all_cells_of_a_label_go_without_a_word_and_count_for_no_spelling() -> None:
    assert find([" yes", "no\u00a0"] * 30).labels == ("no", "yes")
    assert find([" yes", "no\u00a0"] * 30).warnings == ()
    found = find([*["Yes"] * 25, *["yes"] * 15, *[" yes"] * 15, *["no"] * 30])
    assert found.labels == ("no", "yes")


def test_spellings_that_differ_in_case_are_one_class() -> None:
    found = find(["Yes", "Yes", "YES", "no"] * 15)
    assert found.labels == ("Yes", "no")


def test_numbers_that_differ_in_form_only_are_one_class() -> None:
    assert find(["1", "1", "1.0", "0"] * 15).labels == ("0", "1")


def test_the_rarer_class_is_looked_for_when_no_word_tells() -> None:
    assert find(["1", "2", "2"] * 20).positive_label == "1"
    assert find(["1", "1", "2"] * 20).positive_label == "2"


def test_one_is_looked_for_beside_zero_even_when_it_is_more_frequent() -> None:
    assert find(["1", "1", "0"] * 20).positive_label == "1"


def test_a_word_that_tells_beats_rarity() -> None:
    assert find(["churned", "churned", "stayed"] * 20).positive_label == "churned"


def test_the_asked_for_label_is_taken() -> None:
    assert find(["Yes", "No"] * 30, positive_label="No").positive_label == "No"
    assert find(["Yes", "No"] * 30, positive_label=" no").positive_label == "No"


def test_an_asked_for_label_that_does_not_occur_is_refused_with_those_that_do() -> None:
    with pytest.raises(PositiveLabelUnknown, match=r"'Maybe'.*No, Yes"):
        find(["Yes", "No"] * 30, positive_label="Maybe")


def test_a_label_to_look_for_makes_no_sense_among_several_classes() -> None:
    with pytest.raises(PositiveLabelUnknown):
        find(["a", "b", "c"] * 20, positive_label="a")


def test_a_label_to_look_for_makes_no_sense_for_numbers() -> None:
    with pytest.raises(PositiveLabelUnknown):
        find(list(range(60)), positive_label="1")


def test_a_target_outside_the_file_is_refused_with_the_columns_there_are() -> None:
    with pytest.raises(TargetMissing, match=r"no column 'price'.*outcome"):
        targets.find(text_table(outcome=["a"]), target="price", decimal=".")


def test_a_target_without_any_value_is_refused() -> None:
    with pytest.raises(TargetEmpty, match="'outcome'"):
        find(["", "NA"] * 40)


def test_one_class_only_is_refused_by_its_value() -> None:
    with pytest.raises(OneClassOnly, match="'No'"):
        find(["No"] * 60)


def test_too_few_rows_are_refused_with_the_least_number() -> None:
    with pytest.raises(TooFewRows, match=r"Only 40 rows have.*at least 50"):
        find(["Yes", "No"] * 20)


def test_a_rare_class_stays_while_two_folds_can_have_a_row_of_it() -> None:
    found = find(["Yes", "No"] * 30 + ["maybe"] * 2)
    assert (found.task, found.labels, found.warnings) == ("multiclass", ("No", "Yes", "maybe"), ())


def test_a_class_of_one_row_is_left_out_and_said() -> None:
    found = find(["red", "green", "blue"] * 20 + ["mauve"])
    assert (found.labels, len(found.rows)) == (("blue", "green", "red"), 60)
    assert found.warnings == ("1 class of 'outcome' has fewer than 2 rows: 'mauve' (1). 1 row was left out.",)


def test_where_hardly_any_class_has_two_rows_each_is_named_and_what_to_do() -> None:
    with pytest.raises(RareClass, match=r"'maybe' \(1\).*put rare classes together"):
        find(["No"] * 60 + ["maybe"])
    with pytest.raises(RareClass, match=r"and 2 more"):
        find(["Yes", "No"] * 30 + [f"note {row}" for row in range(12)])


def test_rare_classes_are_left_out_or_put_together_as_somebody_chooses() -> None:
    cells = ["red", "green"] * 30 + ["mauve"] * 4 + ["teal"] * 3
    assert find(cells, rare_classes="leave_out").labels == ("green", "red")
    found = find(cells, rare_classes="other")
    assert found.labels == ("Other", "green", "red")
    assert np.bincount(found.values).tolist() == [7, 30, 30]
    assert dict(found.spellings) == {"mauve": "Other", "teal": "Other"}
    assert found.warnings == (
        "2 classes of fewer than 5 rows were put together as 'Other': 'mauve' (4), 'teal' (3).",
    )
    assert find(["red", "green"] * 30 + ["mauve"] * 4, rare_classes="other").labels == (
        "Other",
        "green",
        "red",
    )


def test_a_target_of_free_text_is_refused() -> None:
    with pytest.raises(TooManyClasses, match="60 different values; a model can learn at most 50"):
        find([f"note {row}" for row in range(60)])


def test_a_column_of_thousands_of_texts_is_refused_by_its_profile_alone() -> None:
    refused = target_columns.refusal(profile("note", 10_000), n_rows=20_000)
    assert isinstance(refused, TooManyClasses)
    assert "'note' has 10,000 different values" in str(refused)


@pytest.mark.parametrize(
    "column",
    [
        profile("spelled in many ways", 10 * questions.MAX_CLASSES),
        replace(profile("price"), kind="number"),
        replace(profile("price with a few words in it"), n_odd=3),
    ],
)
def test_what_may_still_be_learnt_is_left_to_the_training(column: ColumnProfile) -> None:
    assert target_columns.refusal(column, n_rows=10_000) is None


@pytest.mark.parametrize(
    "name", ["Churn", "target", "Default", "Response", "charges", "is fraud", "Survived"]
)
def test_a_telling_name_is_guessed_as_the_target(name: str) -> None:
    assert target_columns.guess([profile("age"), profile(name, 4), profile("plan", 3)], n_rows=1000) == name


def test_the_more_telling_of_two_names_is_guessed() -> None:
    assert (
        target_columns.guess([profile("price", 9), profile("target", 9), profile("x")], n_rows=1000)
        == "target"
    )


def test_the_last_column_is_guessed_when_its_values_are_few() -> None:
    assert target_columns.guess([profile("age"), profile("quality", 6)], n_rows=1000) == "quality"


def test_a_column_that_the_file_gave_no_name_is_not_guessed() -> None:
    assert target_columns.guess([profile("age"), profile("column_2", 3)], n_rows=1000) is None
    assert target_columns.guess([profile("age"), profile("column_2_2", 3)], n_rows=1000) is None
    assert target_columns.guess([profile("age"), profile("column_9", 3)], n_rows=1000) == "column_9"


def test_a_column_that_is_mostly_empty_or_always_the_same_is_not_guessed() -> None:
    mostly_empty, constant = profile("churn", 2, n_missing=501), profile("target", 1)
    assert target_columns.guess([mostly_empty, constant, profile("note", 800)], n_rows=1000) is None
    assert target_columns.guess([profile("churn", 2, n_missing=500)], n_rows=1000) == "churn"
    assert target_columns.guess([profile("age"), profile("plan", 3, n_missing=501)], n_rows=1000) is None


def test_nothing_is_guessed_from_names_and_values_that_tell_nothing() -> None:
    assert target_columns.guess([profile("age"), profile("note", 800)], n_rows=1000) is None
    assert target_columns.guess([], n_rows=1000) is None


@pytest.mark.parametrize("name", ["Unnamed: 2", "", "...2", "  "])
def test_a_name_that_another_program_gave_for_want_of_one_is_none(name: str) -> None:
    assert target_columns.guess([profile("age"), profile(name, 3)], n_rows=1000) is None


def test_a_column_of_which_each_row_says_something_else_is_refused_and_not_guessed() -> None:
    assert isinstance(target_columns.refusal(profile("outcome", 400), n_rows=400), NothingRepeats)
    assert target_columns.guess([profile("age"), profile("outcome", 400)], n_rows=400) is None


def test_what_is_stated_of_the_question_is_obeyed_where_the_values_allow_it() -> None:
    codes = [f"{code}" for code in range(25)] * 12
    assert find(codes).task == "regression"
    assert (found := find(codes, task="multiclass")).task == "multiclass"
    assert len(found.labels) == 25
    assert find([3, 4, 5, 6] * 20).task == "multiclass"
    assert find([3, 4, 5, 6] * 20, task="regression").task == "regression"


def test_whole_numbers_in_a_column_that_is_called_after_codes_are_classes() -> None:
    for name, task in (("occupation_code", "multiclass"), ("jobType", "multiclass"), ("price", "regression")):
        table = text_table(**{name: [f"{code}" for code in range(25)] * 12})
        assert targets.find(table, target=name, decimal=".").task == task


@pytest.mark.parametrize(
    ("cells", "task", "why"),
    [
        (["a", "b", "c"] * 20, "binary", "it has 3 different values"),
        (["a", "b"] * 30, "multiclass", "it has 2 different values"),
        (["a", "b", "c"] * 20, "regression", "60 of its 60 values are not numbers"),
        (["0", "1"] * 30, "regression", "it has only 2 different numbers"),
    ],
)
def test_a_question_that_the_values_can_not_answer_is_refused_with_the_reason(
    cells: list[object], task: str, why: str
) -> None:
    with pytest.raises(TaskImpossible, match=why):
        find(cells, task=task)


def test_a_column_that_somebody_set_to_a_kind_asks_that() -> None:
    codes = text_table(outcome=[f"{code}" for code in range(25)] * 12)
    few = text_table(outcome=[3, 4, 5, 6] * 20)
    for table, kind, task in ((codes, "category", "multiclass"), (few, "number", "regression")):
        rule = ColumnRule(0, kind=kind)
        assert targets.find(table, target="outcome", decimal=".", rule=rule).task == task


def test_codes_are_apart_by_each_of_their_characters() -> None:
    assert find(["007", "7", "1E5", "10E4", "12"] * 12).labels == ("007", "10E4", "12", "1E5", "7")
    accounts = ["90071992547409921", "90071992547409922", "90071992547409923"]
    assert find(accounts * 20).labels == tuple(accounts)
    assert find([f"{code:04}" for code in range(30)] * 10).task == "multiclass"


def test_words_for_yes_and_no_are_two_classes_unless_somebody_says_otherwise() -> None:
    cells = ["Y", "Yes", "Yes", "N", "No", "No"] * 10
    found = find(cells)
    assert (found.task, found.labels, found.positive_label) == ("binary", ("No", "Yes"), "Yes")
    assert dict(found.spellings) == {"Y": "Yes", "N": "No"}
    assert found.warnings == (
        "In the target, 'Y' was read as 'Yes'.",
        "In the target, 'N' was read as 'No'.",
    )
    assert find(cells, merge_words=False).labels == ("N", "No", "Y", "Yes")


@pytest.mark.parametrize(
    ("labels", "likely"),
    [
        (["No", "Yes"], "Yes"),
        (["stayed", " Churned "], " Churned "),
        (["0", "1"], "1"),
        (["-1.0", "1.0"], "1.0"),
        (["1", "2"], None),
        (["a", "b"], None),
        (["yes", "true"], None),
        (["0.00", "1.00"], "1.00"),
        (["1,0", "0,0"], "1,0"),
        (["0", "3"], "3"),
        (["ja", "nein"], "ja"),
        (["Sí", "No"], "Sí"),
        (["нет", "да"], "да"),
        (["nein", "vielleicht"], "vielleicht"),
        (["-", "+"], "+"),
        (["+", "0"], "+"),
    ],
)
def test_the_words_of_two_outcomes_tell_which_is_looked_for_or_nothing(
    labels: list[str], likely: str | None
) -> None:
    assert likely_positive(labels) == likely
