"""Models of dates are scored by tables too: the same bytes, reasons and counts as the pipeline's own."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pytest

from core.models import recipes
from core.models.fitting import columns
from core.models.schema import Schema, Task, frame
from core.uploads.csv.dialect import ColumnRule, Dialect
from tests.core.predictions.conftest import Model
from tests.core.predictions.scoring.fast.conftest import KINDS, LABELS
from tests.core.predictions.scoring.fast.test_path import both

RULES = (ColumnRule(0, date="dmy"), ColumnRule(1, date="time"), ColumnRule(2))
ODD = ["", "31/02/2024", "12/25/2024", "2024-07-12T14:30Z", "x", "9999-12-31", "n/a", "12 Jul 1999", "\u200f"]


def moments(n: int, seed: int) -> dict[str, list[str]]:
    """n days with times as text, times of day, and days in ISO form."""
    draw = np.random.default_rng(seed)
    seconds = draw.integers(0, 400 * 86_400, n)
    found = np.datetime64("2023-06-01", "s") + seconds
    days = [str(one)[:10] for one in found]
    return {
        "at": [
            f"{day[8:]}/{day[5:7]}/{day[:4]} {str(one)[11:]}" for day, one in zip(days, found, strict=True)
        ],
        "opens": [f"{hour}:{minute:02}" for hour, minute in draw.integers([0, 0], [24, 60], (n, 2))],
        "due": days,
        "size": [f"{one:.3f}" for one in draw.lognormal(1, 1, n)],
    }


@lru_cache(maxsize=9)
def dated(recipe: str, task: Task) -> Model:
    cells = moments(900, seed=1)
    table = pa.table(cells)
    rules = dict(zip(cells, RULES, strict=False))
    labels = LABELS[task]
    kept = columns.examine(table, target="outcome", decimal=".", rules=rules).kept
    schema = Schema(kept, "outcome", task, labels, "Yes" if task == "binary" else None)
    given = frame(table, schema, ".")
    strength = (
        3 * (given["at: weekday"] > 4) + given["at: hour"] / 8 + np.sin(given["due: month"]) + given["opens"]
    )
    rank = np.argsort(np.argsort(strength + np.random.default_rng(2).normal(0, 0.4, len(strength)))) / len(
        strength
    )
    outcome = np.array(labels)[(rank * len(labels)).astype(int)] if labels else rank * 900 - 50
    pipeline = recipes.build(recipe, schema, n_rows=900, with_missing=frozenset(("at",)))
    return Model(pipeline.fit(given, outcome), schema)


@pytest.mark.parametrize("kind", KINDS, ids=["-".join(kind) for kind in KINDS])
def test_dates_are_scored_by_tables_as_by_the_pipeline(kind: tuple[str, Task]) -> None:
    model = dated(*kind)
    assert [feature.kind for feature in model.schema.features] == ["date", "date", "date", "number"]
    cells = moments(400, seed=3)
    draw = np.random.default_rng(4)
    for name in ("at", "opens", "due"):
        for place in draw.choice(400, 30, replace=False):
            cells[name][place] = ODD[int(draw.integers(len(ODD)))]
    lines = [",".join(cells), *map(",".join, zip(*cells.values(), strict=True))]
    data = ("\n".join(lines) + "\n").encode()
    for rules in (RULES[:2], (*RULES[:2], ColumnRule(3, missing=("-99",)))):
        dialect = replace(Dialect(), names=tuple(cells), rules=rules)
        scored, _ = both(model, data, dialect, with_reasons=True, block_bytes=9_000)
        assert scored.why_pipeline is None
        assert scored.n_pipeline_rows < scored.n_rows == 400
        assert set(scored.statistics.bad) == {"at", "opens", "due"}
        assert set(scored.statistics.missing) == {"at", "opens", "due"}


def test_a_reason_names_the_day_and_the_part_that_counts() -> None:
    model = dated(recipes.TREES, "binary")
    data = b"at,opens,due,size\n13/07/2024 14:30:00,9:05,2024-07-13,1.5\n31/02/2024,,9999-12-31,1.5\n"
    result, scored = model.score(data, Dialect(rules=RULES[:2]), with_reasons=True)
    first, second = result.decode().splitlines()[1:]
    assert "higher because at is 2024-07-13 14:30: Saturday" in first
    assert second.count("at is missing") == 1, "however many parts it has"
    assert "out of range: due; not a date: at" in second
    assert scored.statistics.outside == {"at": 1, "due": 2}
