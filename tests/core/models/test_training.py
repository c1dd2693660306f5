from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.pipeline import Pipeline

from core.models import recipes
from core.models.errors import NoFeatures, TargetMissing
from core.models.fitting import preparation, training
from core.models.fitting.questions import TargetChoices
from core.models.fitting.training import TrainingResult
from core.models.schema import frame
from tests.core.models.tables import subscribers, text_table, train, without

METRICS = {
    "binary": {"roc_auc", "pr_auc", "log_loss", "accuracy"},
    "multiclass": {"roc_auc", "log_loss", "accuracy"},
    "regression": {"r2", "mae", "rmse"},
}


@pytest.mark.parametrize("task", METRICS)
def test_both_recipes_and_the_baseline_are_measured_alike(
    task: str, trained: dict[str, TrainingResult]
) -> None:
    found = trained[task]
    assert found.schema.task == task
    assert tuple(candidate.name for candidate in found.candidates) == recipes.NAMES
    assert all(candidate.metrics.keys() == METRICS[task] for candidate in found.candidates)
    assert found.baseline.keys() == METRICS[task]


@pytest.mark.parametrize("task", METRICS)
def test_the_candidate_with_the_best_mean_is_chosen_and_beats_the_baseline(
    task: str, trained: dict[str, TrainingResult]
) -> None:
    found = trained[task]
    means = {candidate.name: candidate.metrics[found.chosen_by].mean for candidate in found.candidates}
    assert found.chosen == max(means, key=means.__getitem__)
    assert found.metrics[found.chosen_by].mean == means[found.chosen]
    assert found.metrics[found.chosen_by].mean > found.baseline[found.chosen_by].mean + 0.1


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_the_labels_stand_in_the_order_of_the_probabilities(
    task: str, trained: dict[str, TrainingResult]
) -> None:
    found = trained[task]
    assert found.schema.labels == tuple(found.pipeline.classes_)


def test_the_identifier_is_set_aside_and_the_rest_is_learned_from(trained: dict[str, TrainingResult]) -> None:
    found = trained["binary"]
    assert [dropped.column for dropped in found.dropped] == ["customer_id"]
    assert [feature.name for feature in found.schema.features] == ["tenure", "plan", "support"]


def test_every_feature_has_an_importance_and_what_matters_comes_first(
    trained: dict[str, TrainingResult],
) -> None:
    found = trained["regression"]
    assert {name for name, _ in found.importance} == {feature.name for feature in found.schema.features}
    assert found.importance[0][0] == "tenure"
    falls = [fall for _, fall in found.importance]
    assert falls == sorted(falls, reverse=True)


def test_a_model_keeps_the_versions_and_rows_it_was_made_with(trained: dict[str, TrainingResult]) -> None:
    found = trained["binary"]
    assert set(found.versions) >= {"python", "scikit-learn", "pandas", "numpy", "skops", "pyarrow"}
    assert (found.n_rows, found.n_fitted) == (240, 240)
    assert found.seconds > 0


@pytest.fixture(scope="module")
def second(table: pa.Table) -> tuple[TrainingResult, list[tuple[int, int]]]:
    """A training for churn once more, and the progress that it told."""
    seen: list[tuple[int, int]] = []
    found = training.train(
        without(table, "tier", "spend"),
        target="churn",
        decimal=".",
        progress=lambda done, total: seen.append((done, total)),
    )
    return found, seen


def test_the_same_table_gives_the_same_model(
    trained: dict[str, TrainingResult], second: tuple[TrainingResult, object], table: pa.Table
) -> None:
    again, first = second[0], trained["binary"]
    assert again.candidates == first.candidates
    assert again.importance == first.importance
    features = frame(table, first.schema, ".")
    assert np.array_equal(again.pipeline.predict_proba(features), first.pipeline.predict_proba(features))


def test_rows_that_are_given_when_asked_for_train_the_same_model(
    trained: dict[str, TrainingResult], table: pa.Table
) -> None:
    table, asked = without(table, "tier", "spend"), []

    def take(rows: np.ndarray) -> pa.Table:
        asked.append(len(rows))
        return table.take(pa.array(rows))

    found = train(table.select(["churn"]), "churn", take=take)
    assert found.metrics == trained["binary"].metrics
    assert found.schema == trained["binary"].schema
    assert asked == [trained["binary"].n_fitted]


def test_progress_counts_every_unit_up_to_the_last(second: tuple[object, list[tuple[int, int]]]) -> None:
    assert second[1] == [(done, 15) for done in range(1, 16)]


@pytest.mark.parametrize("task", METRICS)
def test_values_never_seen_and_missing_cells_can_be_scored(
    task: str, trained: dict[str, TrainingResult]
) -> None:
    found = trained[task]
    strange = text_table(
        tenure=["", "99999", "-5"], plan=["platinum", "", "basic"], support=["x", "3", ""],
        churn=["Yes"] * 3, tier=["1"] * 3, spend=["40"] * 3,
    )  # fmt: skip
    answers = found.pipeline.predict(frame(strange, found.schema, "."))
    assert len(answers) == 3
    if task == "regression":
        assert np.isfinite(answers).all()
    else:
        assert set(answers) <= set(found.schema.labels)


def test_a_leak_is_set_aside_with_the_reason() -> None:
    table = without(subscribers(), "tier", "spend")
    told = [{"Yes": "too expensive", "No": ""}[label] for label in table.column("churn").to_pylist()]
    found = train(table.append_column("cancel_reason", pa.array(told)), "churn")
    reasons = {dropped.column: dropped.reason for dropped in found.dropped}
    assert "gives the answer away" in reasons["cancel_reason"]
    assert "cancel_reason" not in {feature.name for feature in found.schema.features}


def test_a_leak_stays_in_on_request_with_a_warning() -> None:
    table = without(subscribers(), "churn", "tier")
    taxed = [str(float(spend) * 1.21) for spend in table.column("spend").to_pylist()]
    found = train(table.append_column("with_tax", pa.array(taxed)), "spend", keep=("with_tax",))
    assert "with_tax" in {feature.name for feature in found.schema.features}
    assert any("'with_tax' alone predicts" in warning for warning in found.warnings)


def test_columns_that_say_nothing_are_admitted_to() -> None:
    draw = np.random.default_rng(3)
    noise = text_table(x=draw.normal(size=120).round(3), outcome=["Yes", "No"] * 60)
    found = train(noise, "outcome")
    (warning,) = [warning for warning in found.warnings if "no better than guessing" in warning]
    assert "set aside" not in warning


def test_where_nothing_is_left_to_learn_the_columns_set_aside_are_counted() -> None:
    outcome = ["Yes", "No"] * 60
    draw = np.random.default_rng(3)
    leaks = {f"told_{place}": [f"{place}{label}" for label in outcome] for place in range(2)}
    found = train(text_table(x=draw.normal(size=120).round(3), **leaks, outcome=outcome), "outcome")
    (warning,) = [warning for warning in found.warnings if "no better than guessing" in warning]
    assert "2 columns that give the answer away had been left out" in warning


def test_the_chosen_positive_label_is_kept(table: pa.Table) -> None:
    found = train(without(table, "tier", "spend"), "churn", choices=TargetChoices(positive_label="No"))
    assert found.schema.positive_label == "No"
    assert found.baseline["pr_auc"].mean > 0.3


def test_a_file_with_nothing_to_learn_from_is_refused_with_the_reasons() -> None:
    table = text_table(id=range(60), outcome=["Yes", "No"] * 30)
    with pytest.raises(NoFeatures, match=r"No column is left.*'id' looks like an identifier"):
        train(table, "outcome")


def test_an_unknown_target_is_refused_before_any_work(table: pa.Table) -> None:
    with pytest.raises(TargetMissing):
        train(table, "nothing")


def test_a_column_empty_in_some_fold_and_one_that_is_nearly_constant_do_no_harm() -> None:
    table = without(subscribers(), "tier", "spend")
    sparse = ["" if row >= 22 else str(row % 4) for row in range(table.num_rows)]
    nearly = ["1" if row == 5 else "0" for row in range(table.num_rows)]
    found = train(
        table.append_column("sparse", pa.array(sparse)).append_column("nearly", pa.array(nearly)), "churn"
    )
    assert {"sparse", "nearly"} <= {feature.name for feature in found.schema.features}


def test_as_many_classes_as_a_small_file_can_hold_are_learned() -> None:
    draw = np.random.default_rng(4)
    table = text_table(x=draw.normal(size=60).round(3), kind=[f"k{row % 12}" for row in range(60)])
    assert len(train(table, "kind").schema.labels) == 12


def test_a_huge_file_is_cut_to_what_memory_and_patience_allow_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training, "CROSS_VALIDATED_ROWS", 100)
    monkeypatch.setattr(preparation, "FITTED_ROWS", 200)
    found = train(without(subscribers(), "tier", "spend"), "churn")
    assert found.n_rows == 240
    assert 200 <= found.n_fitted < 240
    assert any(warning.startswith("Of 240 rows, ") for warning in found.warnings)


def test_a_file_that_grows_too_wide_when_encoded_is_fitted_on_fewer_rows(
    monkeypatch: pytest.MonkeyPatch, trained: dict[str, TrainingResult]
) -> None:
    n_columns = recipes.n_columns(trained["binary"].schema.features)
    monkeypatch.setattr(preparation, "MAX_ENCODED_CELLS", 100 * n_columns)
    found = train(without(subscribers(), "tier", "spend"), "churn")
    assert 100 <= found.n_fitted < 200


def test_the_encoded_width_is_never_underrated(
    trained: dict[str, TrainingResult], fitted: dict[tuple[str, str], Pipeline]
) -> None:
    for (task, name), pipeline in fitted.items():
        if name == recipes.BLEND:
            continue  # of the two others
        n_encoded = len(pipeline.named_steps["columns"].get_feature_names_out())
        assert n_encoded <= recipes.n_columns(trained[task].schema.features)


def test_what_only_hangs_together_in_many_columns_is_found_by_trees() -> None:
    draw = np.random.default_rng(6)
    columns = {f"x{place}": draw.integers(0, 2, 3000) for place in range(4)}
    parity = sum(columns.values()) % 2
    outcome = np.where(parity + draw.normal(0, 0.3, 3000) > 0.5, "Yes", "No")
    found = train(text_table(**columns, noise=draw.normal(size=3000).round(3), outcome=outcome), "outcome")
    means = {one.name: one.metrics["roc_auc"].mean for one in found.candidates}
    assert means[recipes.LINEAR] < 0.6 < 0.9 < means[recipes.TREES] <= found.metrics["roc_auc"].mean


def test_probabilities_of_several_classes_are_as_sure_as_they_are_right() -> None:
    draw = np.random.default_rng(7)
    x = draw.normal(size=(1500, 5))
    kinds = np.digitize(x[:, 0] + 0.7 * np.abs(x[:, 1]) + draw.normal(0, 0.8, 1500), [-0.3, 0.4, 1.2])
    table = text_table(**{f"x{place}": x[:, place].round(3) for place in range(5)}, kind=kinds)
    found = train(table.slice(0, 1000), "kind")
    said = found.pipeline.predict_proba(frame(table.slice(1000), found.schema, "."))
    sure, right = said.max(axis=1), said.argmax(axis=1) == kinds[1000:]
    assert sure.mean() == pytest.approx(right.mean(), abs=0.05)
