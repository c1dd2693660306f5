from __future__ import annotations

import numpy as np
import pandas as pd

from core.models.fitting import leaks
from core.models.fitting.leaks import Suspect
from core.models.schema import Feature, Schema, Task

N_ROWS = 400
DRAW = np.random.default_rng(0)
OUTCOME = DRAW.choice(["No", "Yes"], N_ROWS, p=[0.7, 0.3])


def find(column: object, values: np.ndarray, *, kind: str = "number", task: Task = "binary") -> list[Suspect]:
    schema = Schema((Feature("x", kind),), "y", task)  # type: ignore[arg-type]  # a literal passed on
    dtype = float if kind == "number" else object
    return leaks.find(pd.DataFrame({"x": pd.Series(column, dtype=dtype)}), values, schema)


def test_a_copy_of_the_outcome_leaks() -> None:
    [suspect] = find(OUTCOME == "Yes", OUTCOME)
    assert suspect.leaks
    assert "gives the answer away" in suspect.message("y")


def test_a_text_filled_in_only_after_the_outcome_leaks() -> None:
    reasons = [("moved" if row % 2 else "price") if yes else None for row, yes in enumerate(OUTCOME == "Yes")]
    [suspect] = find(reasons, OUTCOME, kind="category")
    assert suspect.leaks


def test_a_very_strong_column_is_suspicious_but_no_leak() -> None:
    [suspect] = find((OUTCOME == "Yes") * 4 + DRAW.normal(0, 1, N_ROWS), OUTCOME)
    assert not suspect.leaks
    assert 0.95 <= suspect.score < 0.999
    assert "suspiciously well" in suspect.message("y")


def test_a_strong_honest_column_is_no_suspect() -> None:
    assert find((OUTCOME == "Yes") * 1.5 + DRAW.normal(0, 1, N_ROWS), OUTCOME) == []


def test_a_column_with_gaps_is_judged_by_what_it_has() -> None:
    column = np.where(np.arange(N_ROWS) % 2 == 0, np.nan, DRAW.normal(size=N_ROWS))
    assert find(column, OUTCOME) == []


def test_numbers_beyond_single_precision_are_judged_too() -> None:
    [suspect] = find((OUTCOME == "Yes") * 1e300, OUTCOME)
    assert suspect.leaks


def test_a_column_that_ranks_three_classes_well_without_naming_them_is_no_leak() -> None:
    classes = DRAW.choice(["a", "b", "c"], N_ROWS)
    column = np.searchsorted(["a", "b", "c"], classes) * 4 + DRAW.normal(0, 1, N_ROWS)
    assert all(not suspect.leaks for suspect in find(column, classes, task="multiclass"))


def test_the_target_in_another_unit_leaks_in_a_regression() -> None:
    price = DRAW.gamma(2, 100, N_ROWS)
    [suspect] = find(price * 1.21, price, task="regression")
    assert suspect.leaks


def test_a_correlated_number_is_no_suspect_in_a_regression() -> None:
    size = DRAW.gamma(2, 100, N_ROWS)
    assert find(size, size + DRAW.normal(0, 80, N_ROWS), task="regression") == []


def test_columns_that_are_alike_are_told_of_in_one_sentence() -> None:
    strong = [Suspect("a", 0.96, leaks=False), Suspect("b", 0.97, leaks=False)]
    (told,) = leaks.messages(strong, "y")
    assert told.startswith(
        "2 columns each predict 'y' alone suspiciously well: 'a' (0.960), 'b' (0.970). Make sure"
    )
    kept = Suspect("c", 1.0, leaks=True)
    assert leaks.messages([*strong, kept], "y") == [kept.message("y"), told]
    assert leaks.messages([], "y") == []
