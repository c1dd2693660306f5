"""`make bench ONLY=looks`: what the looks cost that come before scoring and before training.

The check of a file of 64 MB against a model of 15 columns, the first time and when it is asked for again; and finding
copies and groups among 200,000 rows of 50 columns, beside what reading these columns costs a training anyway. In
processor seconds of one core. Writes results/looks.json, and exits non-zero beyond MOST_CHECK_S or MOST_FIND_S.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from core.models.fitting import columns, related_rows
from core.models.schema import Schema, frame
from core.models.validation import UNSTATED
from core.predictions.check import first_rows
from core.uploads.csv.dialect import Dialect

RESULTS = Path(__file__).parent / "results" / "looks.json"
MOST_CHECK_S, MOST_FIND_S = 4.0, 10.0
N_ROWS, N_COLUMNS = 200_000, 50
CHECKED_MB = 64


def main() -> int:
    figures = {"check": _check(), "related_rows": _related()}
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    print(json.dumps(figures, indent=1))
    took = figures["check"]["first_s"], figures["related_rows"]["find_s"]
    return int(took[0] > MOST_CHECK_S or took[1] > MOST_FIND_S)


def _check() -> dict[str, float]:
    table = _table(40_000, 15)
    schema = _schema(table)
    sink = BytesIO()
    pyarrow.csv.write_csv(table, sink)
    head, _, rows = sink.getvalue().partition(b"\n")
    n_times = CHECKED_MB * 1_000_000 // len(rows)
    source = BytesIO(head + b"\n" + rows * n_times)
    dialect = Dialect("utf-8", ",", '"', ".")
    count = partial(first_rows.read, source, dialect, schema, {})
    first_s = _took(lambda: first_rows.once("sha256", source, count))
    source.seek(0)
    again_s = _took(lambda: first_rows.once("sha256", source, count))
    return {"mb": round(len(source.getvalue()) / 1e6, 1), "first_s": first_s, "again_s": again_s}


def _related() -> dict[str, float]:
    table = _table(N_ROWS, N_COLUMNS)
    read_s = _took(lambda: frame(table, _schema(table), "."))
    features = frame(table, _schema(table), ".")
    find_s = _took(lambda: related_rows.find(table, features, validation=UNSTATED, target="y", decimal="."))
    return {"rows": N_ROWS, "columns": N_COLUMNS, "read_s": read_s, "find_s": find_s}


def _table(n_rows: int, n_columns: int) -> pa.Table:
    """Measures, whole numbers and texts by turns, and an outcome."""
    draw = np.random.default_rng(0)
    kinds = (
        lambda: draw.normal(size=n_rows).round(4),
        lambda: draw.integers(0, 40, n_rows),
        lambda: draw.choice(["red", "green", "blue", "grey"], n_rows),
    )
    made = {f"c{place}": kinds[place % 3]() for place in range(n_columns)} | {
        "y": draw.integers(0, 2, n_rows)
    }
    return pa.table(
        {name: pa.array(pd.Series(cells).astype(str), pa.string()) for name, cells in made.items()}
    )


def _schema(table: pa.Table) -> Schema:
    return Schema(columns.examine(table, target="y", decimal=".").kept, "y", "binary", ("0", "1"), "1")


def _took(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return round(time.process_time() - began, 3)


if __name__ == "__main__":
    sys.exit(main())
