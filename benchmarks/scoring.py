"""How fast a file is scored, against the obvious way: `python -m benchmarks.scoring [--rows N] [--out FILE]`.

Makes a file of N rows and 21 columns, fits both recipes on its first rows, and times, each in a process of its
own with one native thread: pandas.read_csv + the pipeline + to_csv, and the engine with one and two threads.
The engine's scores must equal the naive way's. Results go to benchmarks/results/scoring.json.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv

from core.models import artifact, recipes
from core.models.schema import Feature, Schema, frame
from core.predictions import engine
from core.uploads import stream
from core.uploads.dialect import Dialect

TARGET = "Churn"
FITTED_ROWS = 20_000
ROWS_A_PART = 100_000
ENDS_WITHIN = 1.5e-6  # half a unit of the last decimal on either side
RESULTS = Path(__file__).parent / "results" / "scoring.json"

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
_NUMBERS = ("tenure", "MonthlyCharges", "TotalCharges", "SupportCalls", "DataUsageGb")


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--out", type=Path, default=RESULTS)
    arguments.add_argument("--one", nargs=3, metavar=("WAY", "RECIPE", "FOLDER"), help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.one:
        way, recipe, folder = given.one
        print(json.dumps(measure(way, recipe, Path(folder))))
        return
    with tempfile.TemporaryDirectory() as folder:
        report = compare(given.rows, Path(folder))
    given.out.parent.mkdir(exist_ok=True)
    given.out.write_text(json.dumps(report, indent=2) + "\n")


def compare(n_rows: int, folder: Path) -> dict[str, Any]:
    """Every way with every recipe over one file of n_rows rows, as the JSON that is kept."""
    size = make(folder / "input.csv", n_rows)
    fit(folder)
    print(f"{n_rows:,} rows, {size / 1e6:,.0f} MB; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print(f"{'recipe':<16}{'way':<18}{'seconds':>9}{'cpu s':>8}{'rows/s':>12}{'peak MB':>9}")
    measured: list[dict[str, Any]] = []
    for recipe in recipes.NAMES:
        for way in ("naive", "engine-1", "engine-2"):
            command = [sys.executable, "-m", "benchmarks.scoring", "--one", way, recipe, str(folder)]
            environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            answer = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
            row = {"recipe": recipe, "way": way, **json.loads(answer.stdout)}
            row["rows_per_second"] = round(n_rows / row["seconds"])
            measured.append(row)
            times = f"{row['seconds']:>9.2f}{row['cpu_seconds']:>8.2f}{row['rows_per_second']:>12,}"
            print(f"{recipe:<16}{way:<18}{times}{row['peak_mb']:>9.0f}", flush=True)
        gap = largest_gap(folder / "naive.csv", folder / "engine-2.csv")
        same = (folder / "engine-1.csv").read_bytes() == (folder / "engine-2.csv").read_bytes()
        print(f"{'':<16}scores differ by at most {gap:.1e}; one and two threads: same bytes {same}\n")
        if gap > ENDS_WITHIN or not same:
            sys.exit("The engine's scores are not the naive way's.")
    return {
        "rows": n_rows,
        "input_mb": round(size / 1e6, 1),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "measured": measured,
    }


def make(path: Path, n_rows: int) -> int:
    """Write a file of customers, some of whom leave, and return its size in bytes."""
    random = np.random.default_rng(7)
    with path.open("wb") as sink:
        for first in range(0, n_rows, ROWS_A_PART):
            part = _part(random, first, min(ROWS_A_PART, n_rows - first))
            options = arrow_csv.WriteOptions(include_header=first == 0, quoting_style="needed")
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


def fit(folder: Path) -> None:
    """Fit each recipe on the first rows and keep its file, its hash and its schema in the folder."""
    with (folder / "input.csv").open("rb") as source:
        table = stream.read_table(source, Dialect(), max_rows=FITTED_ROWS)
    features = [Feature(name, "number") for name in _NUMBERS]
    features += [Feature(name, "category", categories=values) for name, values in _CHOICES.items()]
    schema = Schema(tuple(features), TARGET, "binary", ("No", "Yes"), "Yes")
    outcome = np.array(table.column(TARGET).to_pylist())
    kept: dict[str, Any] = {"schema": schema.to_json()}
    for recipe in recipes.NAMES:
        pipeline = recipes.build(recipe, schema, n_rows=table.num_rows, with_missing=frozenset())
        pipeline.fit(frame(table, schema, "."), outcome)
        kept[recipe] = artifact.save(pipeline, folder / f"{recipe}.skops")
    (folder / "kept.json").write_text(json.dumps(kept))


def measure(way: str, recipe: str, folder: Path) -> dict[str, float]:
    """Seconds from file to file by the clock and of processor, without imports, and the process's peak memory."""
    kept = json.loads((folder / "kept.json").read_text())
    pipeline = artifact.load(folder / f"{recipe}.skops", kept[recipe])
    schema = Schema.from_json(kept["schema"])
    features = [feature.name for feature in schema.features]
    output = folder / f"{way}.csv"
    started, cpu_before = time.perf_counter(), time.process_time()
    if way == "naive":
        rows = pd.read_csv(folder / "input.csv")
        probability = pipeline.predict_proba(rows[features])
        rows["prediction"] = np.array(schema.labels)[probability.argmax(axis=1)]
        rows["probability"] = probability[:, 1]
        rows.to_csv(output, index=False)
    else:
        with (folder / "input.csv").open("rb") as source, output.open("wb") as sink:
            engine.score(
                source,
                sink,
                dialect=Dialect(),
                pipeline=pipeline,
                schema=schema,
                progress=lambda _: None,
                n_threads=int(way.removeprefix("engine-")),
            )
    seconds = time.perf_counter() - started
    cpu_seconds = time.process_time() - cpu_before
    return {"seconds": round(seconds, 3), "cpu_seconds": round(cpu_seconds, 3), "peak_mb": _peak_mb()}


def largest_gap(naive: Path, ours: Path) -> float:
    """The largest difference of two results' probabilities; infinite where a predicted label differs."""
    columns = ["prediction", "probability"]
    one, other = (pd.read_csv(path, usecols=columns) for path in (naive, ours))
    if not (one["prediction"] == other["prediction"]).all():
        return float("inf")
    return float((one["probability"] - other["probability"]).abs().max())


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    peak = next(line for line in io.StringIO(status) if line.startswith("VmHWM"))
    return round(int(peak.split()[1]) / 1024, 1)


if __name__ == "__main__":
    main()
