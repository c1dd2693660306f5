"""The recipes, fitted on made-up customers, and files of such customers in every mess that a file may be in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from core.models import forest, recipes
from core.models.schema import Feature, Schema, Task, frame
from core.uploads.csv.dialect import Dialect
from tests.core.predictions.conftest import Model

N_ROWS = 1_200
# Each run is compared with the pipeline, which takes most of its time a tree.
FEW_TREES = replace(recipes.USUAL_GROWTH, n_trees=40)
REGIONS = tuple(f"région {i}" for i in range(70))
FEATURES = (
    Feature("age", "number", minimum=18.0, maximum=90.0, median=54.1),
    Feature("plan", "category", categories=("basic", "plus", "pro")),
    Feature("spent", "number", minimum=0.0, maximum=9e6, median=61.5),
    Feature("region", "category", categories=REGIONS),
    Feature("visits", "number", minimum=0.0, maximum=12.0, median=2.0),
    Feature("debt", "number", minimum=-500.0, maximum=500.0, median=-1.25),
)
LABELS: dict[Task, tuple[str, ...]] = {
    "binary": ("No", "Yes"),
    "multiclass": ("a", "b", "c"),
    "regression": (),
}
DIALECTS = {
    "comma": Dialect(),
    "semicolon and decimal comma": Dialect(delimiter=";", decimal=","),
    "decimal comma between commas": Dialect(decimal=","),
    "tab and CRLF": Dialect(delimiter="\t", line_end="\r\n"),
    "pipe, CR and BOM": Dialect(delimiter="|", line_end="\r", has_bom=True),
    "UTF-16": Dialect(encoding="utf-16-le", line_end="\r\n", delimiter=";", decimal=",", has_bom=True),
    "cp1252": Dialect(encoding="cp1252", delimiter=";"),
}


@dataclass(frozen=True)
class Customers:
    """Columns of cells as text, before they are put into a dialect: "," and quotes are still to come."""

    cells: dict[str, list[str]]
    outcome: np.ndarray


def customers(n: int, seed: int) -> Customers:
    """n rows with gaps, skew, repeated and rare values, and an outcome between 0 and 1 that follows from them."""
    draw = np.random.default_rng(seed)
    age, visits = draw.uniform(18, 90, n).round(1), draw.poisson(2, n)
    spent, debt = draw.lognormal(5, 2.5, n).round(2), draw.normal(0, 120, n).round(3)
    spent[draw.random(n) < 0.3] = 0  # a quantile that many rows share
    plan, region = draw.integers(0, 3, n), np.minimum(draw.geometric(0.06, n), len(REGIONS)) - 1
    strength = age / 40 - visits + 0.3 * np.log1p(spent) + plan + np.sin(region) + draw.normal(0, 0.7, n)
    cells = {
        "age": [str(value) for value in age],
        "plan": [("basic", "plus", "pro")[i] for i in plan],
        "spent": ["" if draw.random() < 0.1 else str(value) for value in spent],
        "region": ["" if draw.random() < 0.05 else REGIONS[i] for i in region],
        "visits": [str(value) for value in visits],
        "debt": [str(value) for value in debt],
    }
    return Customers(cells, np.argsort(np.argsort(strength)) / n)


@cache
def fitted(recipe: str, task: Task, *, least: float = -700.0) -> Model:
    """The recipe fitted on N_ROWS customers; it has tables of its own. least: outcome of a regression."""
    rows = customers(N_ROWS, seed=1)
    labels = LABELS[task]
    schema = Schema(FEATURES, "outcome", task, labels, "Yes" if task == "binary" else None)
    known = {"plan": ("basic", "plus", "pro")}  # the other category's values are counted
    pipeline = recipes.build(
        recipe,
        schema,
        n_rows=N_ROWS,
        with_missing=frozenset(("spent",)),
        known=known,
        growth=FEW_TREES,
    )
    outcome: np.ndarray = rows.outcome * 5_000 + least
    if labels:
        outcome = np.array(labels)[(rows.outcome * len(labels)).astype(int)]
    given = frame(pa.table(rows.cells), schema, ".")
    if recipe == recipes.TREES:
        models = [recipes.trees(schema, replace(FEW_TREES, n_leaves=n_leaves)) for n_leaves in (12, 31)]
        return Model(forest.fit(pipeline[0], models, given, outcome), schema)
    pipeline.fit(given, outcome)
    if recipe == recipes.BLEND and task != "multiclass":  # older models have no weights
        pipeline[-1].weights = (0.375, 0.625)
    return Model(pipeline, schema)


class Opaque:
    """A pipeline that is not recognised, so that it answers for itself."""

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline

    def predict(self, given: Any) -> Any:
        return self.pipeline.predict(given)

    def predict_proba(self, given: Any) -> Any:
        return self.pipeline.predict_proba(given)


def opaque(model: Model) -> Model:
    """The same model for the pipeline alone."""
    return Model(Opaque(model.pipeline), model.schema)  # type: ignore[arg-type]  # answers like one


KINDS: tuple[tuple[str, Task], ...] = (
    (recipes.TREES, "binary"),
    (recipes.TREES, "multiclass"),
    (recipes.TREES, "regression"),
    (recipes.LINEAR, "binary"),
    (recipes.LINEAR, "multiclass"),
    (recipes.LINEAR, "regression"),
    (recipes.BLEND, "binary"),
    (recipes.BLEND, "multiclass"),
    (recipes.BLEND, "regression"),
)


@pytest.fixture(params=KINDS, ids=["-".join(kind) for kind in KINDS])
def tabled(request: pytest.FixtureRequest) -> Model:
    """Each kind of model that tables are made of."""
    return fitted(*request.param)


def written(n: int, dialect: Dialect, seed: int, *, schema: Schema, bad: float = 0.0) -> bytes:
    """A file of n customers in a dialect, with what files hold besides: notes, blank lines, odd spellings.

    bad: the share of rows in which a number column holds a word.
    """
    draw = np.random.default_rng(seed)
    rows = customers(n, seed)

    def spelled(name: str, cell: str) -> str:
        luck = draw.random()
        if name in ("plan", "region"):
            if luck < 0.05:
                return str(draw.choice(["", " ", "NA", "n/a", "NULL", "-", "?", "None", "unheard of", "PRO"]))
            return f" {cell} " if luck < 0.1 else cell
        cell = cell.replace(".", dialect.decimal)
        if luck < bad:
            return "a word"
        if luck < bad + 0.05:
            return str(draw.choice(["", "NA", "nan", "NaN", "null", "#N/A", "--", "."]))
        if luck < bad + 0.1:
            return {0: f" {cell}", 1: f"{cell}e0", 2: f"{cell} "}[int(draw.integers(3))] if cell else cell
        return cell

    def quoted(cell: str) -> str:
        if draw.random() < 0.1 or any(mark in cell for mark in (dialect.delimiter, '"', "\n", "\r")):
            return '"' + cell.replace('"', '""') + '"'
        return cell

    outcomes = {"binary": ("Yes", "No", " No", "", "maybe"), "multiclass": ("a", "b", "c", "NA", "d")}
    names = ["note", *rows.cells, "outcome"]
    lines = [dialect.delimiter.join(names)]
    for i in range(n):
        note = f'"x" {dialect.delimiter}{dialect.line_end} y' if draw.random() < 0.1 else f"{i}"
        if schema.task == "regression":
            outcome = ("12.5", "", "many", "-3")[i % 4].replace(".", dialect.decimal)
        else:
            outcome = outcomes[schema.task][int(draw.integers(5))]
        cells = [note, *(spelled(name, column[i]) for name, column in rows.cells.items()), outcome]
        lines.append(dialect.delimiter.join(quoted(cell) for cell in cells))
        if draw.random() < 0.02:
            lines.append("")
    text = dialect.line_end.join(lines) + (dialect.line_end if seed % 2 else "")
    return (("\ufeff" if dialect.has_bom else "") + text).encode(dialect.encoding)
