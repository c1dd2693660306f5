"""A file of customers, some of whom leave, made on the spot; and every recipe fitted on its first rows."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv
from sklearn.pipeline import Pipeline

from core.models import artifact, forest, recipes
from core.models.fitting import training
from core.models.schema import Schema, frame
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect

TARGET = "Churn"
FITTED_ROWS = 20_000
ROWS_A_PART = 100_000
N_TREES = 60  # of each growth and seed: 9,900 leaves in all

_CHOICES: dict[str, tuple[str, ...]] = {
    "gender": ("Female", "Male"),
    "Partner": ("Yes", "No"),
    "Dependents": ("Yes", "No"),
    "PhoneService": ("Yes", "No"),
    "MultipleLines": ("Yes", "No", "No phone service"),
    "InternetService": ("DSL", "Fiber optic", "No"),
    "OnlineSecurity": ("Yes", "No", "No internet service"),
    "OnlineBackup": ("Yes", "No", "No internet service"),
    "DeviceProtection": ("Yes", "No", "No internet service"),
    "TechSupport": ("Yes", "No", "No internet service"),
    "StreamingTV": ("Yes", "No", "No internet service"),
    "Contract": ("Month-to-month", "One year", "Two year"),
    "PaperlessBilling": ("Yes", "No"),
    "PaymentMethod": ("Electronic check", "Mailed check", "Bank transfer (automatic)", "Credit card"),
}


def make(path: Path, n_rows: int, *, quoted: bool) -> int:
    """Write n_rows customers in 21 columns and return the file's size in bytes. quoted: every text in quotes."""
    random = np.random.default_rng(7)
    style = "needed" if quoted else "none"
    options = arrow_csv.WriteOptions(include_header=False, quoting_style=style)
    with path.open("wb") as sink:
        for first in range(0, n_rows, ROWS_A_PART):
            part = _part(random, first, min(ROWS_A_PART, n_rows - first))
            if first == 0:
                sink.write(",".join(part.column_names).encode() + b"\n")
            arrow_csv.write_csv(part, sink, options)
    return path.stat().st_size


def _part(random: np.random.Generator, first: int, n: int) -> pa.Table:
    tenure = random.integers(0, 73, n)
    monthly = np.round(random.uniform(18, 120, n), 2)
    calls = random.poisson(1.5, n)
    picks = {name: random.integers(0, len(values), n) for name, values in _CHOICES.items()}
    odds = -1.5 - 0.04 * tenure + 0.02 * monthly + 0.3 * calls - 0.8 * picks["Contract"]
    total = pd.Series(np.round(tenure * monthly, 2)).astype(str).mask(tenure == 0, "")
    columns: dict[str, Any] = {"customerID": [f"{i:08d}-CUST" for i in range(first, first + n)]}
    columns |= {name: np.array(values)[picks[name]] for name, values in _CHOICES.items()}
    columns |= {"tenure": tenure, "MonthlyCharges": monthly, "TotalCharges": total, "SupportCalls": calls}
    columns["DataUsageGb"] = np.round(random.gamma(2.0, 8.0, n), 1)
    columns[TARGET] = np.where(random.random(n) < 1 / (1 + np.exp(-odds)), "Yes", "No")
    return pa.table({name: pa.array(values) for name, values in columns.items()})


@dataclass(frozen=True)
class Fitted:
    """A recipe's pipeline, fitted and read back from its file, and its schema."""

    pipeline: Pipeline
    schema: Schema


def fit(path: Path, folder: Path) -> str:
    """Train on the first rows of the file at `path`; keep every candidate in the folder, and say which was chosen."""
    with path.open("rb") as source:
        table = stream.read_table(source, Dialect(), max_rows=FITTED_ROWS)
    trained = training.train(table, target=TARGET, decimal=".", progress=lambda _done, _total: None)
    kept: dict[str, Any] = {"schema": trained.schema.to_json()}
    made = partial(
        recipes.build, schema=trained.schema, n_rows=table.num_rows, with_missing=frozenset(("TotalCharges",))
    )
    rows = frame(table, trained.schema, "."), np.array(table.column(TARGET).to_pylist())
    for recipe in recipes.NAMES:
        pipeline = trained.pipeline if recipe == trained.chosen else made(recipe).fit(*rows)
        if recipe == recipes.BLEND:  # as of fewer rows, with all growths: the most that is looked up
            schema, seeds = trained.schema, range(forest.MOST_SEEDS)
            grown = [replace(one, n_trees=N_TREES) for one in recipes.GROWTHS]
            models = [recipes.trees(schema, one, random_state=seed) for seed in seeds for one in grown]
            trees = forest.fit(made(recipes.TREES)[0], models, *rows)
            pipeline = recipes.blended([made(recipes.LINEAR).fit(*rows), trees], schema)
        kept[recipe] = artifact.save(pipeline, folder / f"{recipe}.skops")
    (folder / "kept.json").write_text(json.dumps(kept))
    return trained.chosen


def load(recipe: str, folder: Path) -> Fitted:
    """What `fit` kept of this recipe."""
    kept = json.loads((folder / "kept.json").read_text())
    return Fitted(artifact.load(folder / f"{recipe}.skops", kept[recipe]), Schema.from_json(kept["schema"]))
