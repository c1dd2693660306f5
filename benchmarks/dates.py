"""What models make of dates, and how fast they are scored: `python -m benchmarks.dates [--rows N]`.

- quality: visitors by month, weekday and hour over two years, learnt from one column of dates; R² of each recipe, in
  cross-validation
- scoring: a file of orders with two columns of dates, one with times that nearly all differ, one of days as Europe
  writes them; processor time, file to file, in one thread, of the naive way (pandas.read_csv, to_datetime, the parts of
  each date, the pipeline, to_csv) and of the engine, which writes cautions and counts besides. Ways take turns, and the
  least time of each counts. Their scores must be the same.

Exits non-zero where a floor is missed. Results go to benchmarks/results/dates.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from core.models import readings, recipes
from core.models.fitting import training
from core.models.schema import PartOfDate, Schema, frame
from core.predictions.scoring import engine
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from core.uploads.report.examine import examine

RESULTS: Final = Path(__file__).parent / "results" / "dates.json"
N_ROWS, FITTED_ROWS, ROUNDS = 100_000, 20_000, 2
LEAST_R2: Final = 0.98
TIMES_NAIVE: Final = {recipes.LINEAR: 4.0, recipes.TREES: 4.0, recipes.BLEND: 4.0}
HALF_A_DIGIT: Final = 0.5e-6 + 1e-9


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=N_ROWS)
    arguments.add_argument("--out", type=Path, default=RESULTS)
    given = arguments.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(limits=1):
        measured = {"quality": quality(Path(folder)), "scoring": scoring(Path(folder), given.rows)}
    report = {"python": platform.python_version(), "load_before": round(load, 1), **measured}
    given.out.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    print(json.dumps(report, indent=2))
    missed = [f"R² of {name} is {r2}" for name, r2 in measured["quality"].items() if r2 < LEAST_R2]
    for name, one in measured["scoring"]["recipes"].items():
        if one["times_naive"] < TIMES_NAIVE[name]:
            missed.append(f"{name}: {one['times_naive']} times the naive way")
        if one["largest_difference"] > HALF_A_DIGIT:
            missed.append(f"{name}: scores differ by {one['largest_difference']:.1e}")
    print("\n".join(missed), file=sys.stderr)
    return 1 if missed else 0


def quality(folder: Path) -> dict[str, float]:
    """R² of each recipe from one column of dates alone."""
    draw = np.random.default_rng(1)
    hours = draw.permutation(2 * 365 * 24)[:6_000]
    when = pd.DatetimeIndex(pd.Timestamp("2023-01-01") + pd.to_timedelta(hours, unit="h"))
    of_month, of_hour = draw.normal(0, 60, 13), 90 * np.sin(np.arange(24) / 24 * 2 * np.pi)
    visitors = hours / 100 + of_month[when.month] + 70 * (when.day_of_week >= 5) + of_hour[when.hour]
    table = pd.DataFrame({"when": when.strftime("%d/%m/%Y %H:%M"), "visitors": visitors.round(1)})
    path = folder / "visitors.csv"
    table.to_csv(path, index=False)
    found = _trained(path, "visitors")[0]
    return {one.name: round(one.metrics["r2"].mean, 4) for one in found.candidates}


def scoring(folder: Path, n_rows: int) -> dict[str, Any]:
    """Both ways with each recipe."""
    path = folder / "orders.csv"
    _orders(n_rows).to_csv(path, index=False)
    found, dialect = _trained(path, "late", FITTED_ROWS)
    with path.open("rb") as source:
        table = stream.read_table(source, dialect, max_rows=FITTED_ROWS)
    given = frame(table, found.schema, dialect.decimal)
    outcome = np.array(table.column("late").to_pylist())
    measured = {}
    for name in recipes.NAMES:
        pipeline = recipes.build(name, found.schema, n_rows=FITTED_ROWS, with_missing=frozenset())
        measured[name] = _compare(folder, path, pipeline.fit(given, outcome), found.schema, dialect)
    return {"rows": n_rows, "megabytes": round(path.stat().st_size / 1e6, 1), "recipes": measured}


def _compare(
    folder: Path, path: Path, pipeline: Pipeline, schema: Schema, dialect: Dialect
) -> dict[str, float]:
    naive, ours = folder / "naive.csv", folder / "ours.csv"
    of_naive, of_engine = [], []
    for _ in range(ROUNDS):
        of_naive.append(_timed(_naively, path, naive, pipeline, schema))
        of_engine.append(_timed(_by_engine, path, ours, pipeline, schema, dialect))
    gap = (pd.read_csv(naive)["probability"] - pd.read_csv(ours)["probability"]).abs().max()
    return {
        "naive_cpu_seconds": round(min(of_naive), 2),
        "engine_cpu_seconds": round(min(of_engine), 2),
        "times_naive": round(min(of_naive) / min(of_engine), 1),
        "largest_difference": float(gap),
    }


def _timed(way: Any, *given: Any) -> float:
    started = time.process_time()
    way(*given)
    return time.process_time() - started


def _naively(path: Path, output: Path, pipeline: Pipeline, schema: Schema) -> None:
    rows = pd.read_csv(path)
    moments = {
        "ordered": pd.to_datetime(rows["ordered"], format="%Y-%m-%d %H:%M:%S"),
        "due": pd.to_datetime(rows["due"], format="%d/%m/%Y"),
    }
    columns = {}
    for one in schema.inputs:
        if isinstance(one, PartOfDate):
            part = "day_of_week" if one.part == "weekday" else one.part
            columns[one.name] = getattr(moments[one.source].dt, part).astype("float64")
        elif one.name in moments:
            columns[one.name] = (moments[one.name] - pd.Timestamp(0)) / pd.Timedelta(days=1)
        else:
            columns[one.name] = rows[one.name]
    probability = pipeline.predict_proba(pd.DataFrame(columns))
    rows["prediction"] = np.array(schema.labels)[probability.argmax(axis=1)]
    rows["probability"] = probability[:, schema.labels.index(schema.positive_label or "")]
    rows.to_csv(output, index=False)


def _by_engine(path: Path, output: Path, pipeline: Pipeline, schema: Schema, dialect: Dialect) -> None:
    with path.open("rb") as source, output.open("wb") as sink:
        scored = engine.score(
            source,
            sink,
            dialect=dialect,
            pipeline=pipeline,
            schema=schema,
            progress=lambda _: None,
            n_threads=1,
        )
    if scored.why_pipeline or scored.n_pipeline_rows > 0.1 * scored.n_rows:
        sys.exit(f"{scored.n_pipeline_rows:,} rows were scored by the pipeline: {scored.why_pipeline}")


def _trained(path: Path, target: str, max_rows: int | None = None) -> tuple[training.TrainingResult, Dialect]:
    found = examine(path, file_name=path.name)
    with path.open("rb") as source:
        table = stream.read_table(source, found.dialect, max_rows=max_rows)
    trained = training.train(
        table,
        target=target,
        decimal=found.dialect.decimal,
        rules=readings.rules_of(found.dialect, [column.name for column in found.columns]),
        progress=lambda _done, _total: None,
    )
    return trained, found.dialect


def _orders(n_rows: int) -> pd.DataFrame:
    draw = np.random.default_rng(2)
    ordered = pd.DatetimeIndex(
        pd.Timestamp("2022-01-01") + pd.to_timedelta(draw.integers(0, 900 * 86_400, n_rows), unit="s")
    )
    due = (ordered + pd.to_timedelta(draw.integers(1, 40, n_rows), unit="D")).normalize()
    shop = draw.integers(0, 12, n_rows)
    amount = draw.lognormal(3, 1, n_rows).round(2)
    odds = (
        (due.day_of_week >= 5) * 1.2 + np.sin(ordered.hour / 24 * 6.28) + (due.month == 12) + shop / 8 - 1.6
    )
    return pd.DataFrame(
        {
            "order": np.arange(n_rows) + 10_000_000,
            "ordered": ordered.strftime("%Y-%m-%d %H:%M:%S"),
            "due": due.strftime("%d/%m/%Y"),
            "shop": [f"shop {one}" for one in shop],
            "amount": amount,
            "late": np.where(draw.random(n_rows) < 1 / (1 + np.exp(-odds)), "yes", "no"),
        }
    )


if __name__ == "__main__":
    sys.exit(main())
