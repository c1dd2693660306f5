"""What the recipes make of columns."""

from __future__ import annotations

import pytest
from sklearn.pipeline import Pipeline

from core.models import recipes
from core.models.fitting.training import TrainingResult
from core.models.schema import frame
from tests.core.models.tables import subscribers, text_table, train, without


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_values_that_are_known_say_what_counted_ones_say_also_of_gaps_and_of_what_is_new(
    task: str, fitted: dict[tuple[str, str], Pipeline], trained: dict[str, TrainingResult]
) -> None:
    schema, table = trained[task].schema, subscribers()
    outcome = table.column(schema.target).to_numpy().astype(float if task == "regression" else str)
    counted = recipes.build(recipes.LINEAR, schema, n_rows=240, with_missing=frozenset({"tenure"}))
    counted.fit(frame(table, schema, "."), outcome)
    strange = text_table(
        tenure=["5", "", "700", "9"], plan=["basic", "", "platinum", "pro"], support=["1", "2", "", "4"]
    )
    ask = "predict" if task == "regression" else "predict_proba"
    said = [getattr(one, ask)(frame(strange, schema, ".")) for one in (fitted[task, recipes.LINEAR], counted)]
    assert said[0] == pytest.approx(said[1], abs=1e-9)


def test_the_values_of_a_column_with_a_rare_one_are_counted_and_others_are_known() -> None:
    table = without(subscribers(), "tier", "spend")
    rare = ["rare" if row < 6 else "common" for row in range(table.num_rows)]
    gaps = ["" if row % 40 == 0 else ("left", "right")[row % 2] for row in range(table.num_rows)]
    found = train(table.append_column("rare", [rare]).append_column("gaps", [gaps]), "churn")
    columns = [step for member in _members(found.pipeline) for step in member[0].transformers_]
    known = {name for kind, _, names in columns if kind == "known" for name in names}
    counted = {name for kind, _, names in columns if kind == "categories" for name in names}
    assert (known, counted) == ({"plan"}, {"rare", "gaps"})


def _members(pipeline: Pipeline) -> list[Pipeline]:
    return list(getattr(pipeline[-1], "members", [pipeline]))
