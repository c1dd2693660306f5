"""Small made-up tables of text cells, as uploads are read, for the tests of training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from core.models.fitting import training


def text_table(**columns: Sequence[object]) -> pa.Table:
    """Columns of text: None becomes an empty cell, everything else its str."""
    return pa.table(
        {
            name: pa.array(["" if cell is None else str(cell) for cell in cells], pa.string())
            for name, cells in columns.items()
        }
    )


def subscribers(n_rows: int = 240, *, seed: int = 0) -> pa.Table:
    """Rows with an identifier, numbers with gaps, categories, and three targets: churn, tier (three) and spend."""
    draw = np.random.default_rng(seed)
    tenure = draw.integers(0, 60, n_rows)
    plan = draw.choice(["basic", "plus", "pro"], n_rows)
    support = draw.poisson(2, n_rows)
    strength = 2.5 * (plan == "basic") - tenure / 12 + 0.6 * support
    spend = 30 + 20.0 * (plan == "pro") + tenure + draw.normal(0, 4, n_rows)
    return text_table(
        customer_id=[f"K-{number}" for number in range(n_rows)],
        tenure=[None if row % 9 == 0 else months for row, months in enumerate(tenure)],
        plan=[None if row % 11 == 0 else text for row, text in enumerate(plan)],
        support=support,
        churn=np.where(strength + draw.logistic(0, 1, n_rows) > 0, "Yes", "No"),
        tier=np.digitize(strength + draw.logistic(0, 1, n_rows), [-1, 1]),
        spend=spend.round(2),
    )


def without(table: pa.Table, *columns: str) -> pa.Table:
    """The table less these columns."""
    return table.drop_columns(list(columns))


def quietly(_done: int, _total: int) -> None:
    """A progress that nobody watches."""


TARGETS = {"binary": "churn", "multiclass": "tier", "regression": "spend"}


def train(table: pa.Table, target: str, **options: object) -> training.TrainingResult:
    """A training with a decimal point and no audience."""
    return training.train(table, target=target, decimal=".", progress=quietly, **options)
