"""How fast a file of numbers to predict is scored: `python -m benchmarks.regression [--rows N]`.

The customers of `benchmarks.customers`, their monthly charges as the target; both recipes; the ways and limits of
`benchmarks.scoring`, by turns, in processes of their own, timed alike. All results must hold the same numbers to the
last written digit, but for the naive way's, which may be off by half of one. Exits non-zero where they do not.
Results go to benchmarks/results/regression.json.
"""

from __future__ import annotations

import argparse
import filecmp
import itertools
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import customers, scoring
from core.models import artifact, recipes
from core.models.fitting.columns import examine
from core.models.schema import Schema, frame
from core.predictions.scoring import engine
from core.uploads.csv import cells, stream
from core.uploads.csv.dialect import Dialect

TARGET = "MonthlyCharges"
ROUNDS = 2
HALF_A_DIGIT = 0.5e-6 + 1e-9
RESULTS = Path(__file__).parent / "results" / "regression.json"


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=ROUNDS)
    arguments.add_argument("--recipes", nargs="+", choices=recipes.NAMES, default=recipes.NAMES)
    arguments.add_argument("--out", type=Path, default=RESULTS)
    arguments.add_argument("--one", nargs=3, metavar=("WAY", "RECIPE", "FOLDER"), help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.one:
        way, recipe, folder = given.one
        print(json.dumps(measure(way, recipe, Path(folder))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        report = compare(given.rows, given.rounds, given.recipes, Path(folder))
    given.out.parent.mkdir(exist_ok=True)
    given.out.write_text(json.dumps(report, indent=2) + "\n")
    print("\n".join(report["differences"]), file=sys.stderr)
    return 1 if report["differences"] else 0


def compare(n_rows: int, rounds: int, names: Sequence[str], folder: Path) -> dict[str, Any]:
    """Every way with every recipe, as the JSON that is kept."""
    size = customers.make(folder / "input.csv", n_rows, quoted=False)
    fit(names, folder)
    load = os.getloadavg()[0]
    runs: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for _ in range(rounds):
        ways = (*itertools.product(names, scoring.WAYS), *itertools.product(("",), scoring.LIMITS))
        for recipe, way in ways:
            run = _run(way, recipe, folder)
            print(
                f"{recipe:<16}{way:<13}{run['seconds']:>8.2f} s{run['cpu_seconds']:>8.2f} cpu s", flush=True
            )
            runs.setdefault((recipe, "limit" if way in scoring.LIMITS else way), []).append(run)
    limit = min(run["cpu_seconds"] for run in runs["", "limit"])
    measured = []
    for (recipe, way), found in runs.items():
        best = min(found, key=lambda run: run["seconds"])
        naive = min(found["cpu_seconds"] for found in runs[recipe, "naive"]) if recipe else 0.0
        least = min(run["cpu_seconds"] for run in found)
        measured.append(
            {"recipe": recipe, "way": way, **best, "all_seconds": [run["seconds"] for run in found]}
            | {"times_naive_cpu": round(naive / least, 2), "of_limit_cpu": round(least / limit, 2)}
        )
    differences = [fault for recipe in names for fault in _differences(recipe, folder)]
    about = {"cores": os.cpu_count(), "python": platform.python_version(), "rows": n_rows}
    loads = [round(load, 1), round(os.getloadavg()[0], 1)]
    return about | {
        "input_mb": round(size / 1e6, 1), "load": loads, "measured": measured, "differences": differences
    }  # fmt: skip


def fit(names: Sequence[str], folder: Path) -> None:
    """Fit these recipes on the first rows of the folder's file; keep them there."""
    with (folder / "input.csv").open("rb") as source:
        table = stream.read_table(source, Dialect(), max_rows=customers.FITTED_ROWS)
    schema = Schema(examine(table, target=TARGET, decimal=".").kept, TARGET, "regression")
    kept: dict[str, Any] = {"schema": schema.to_json()}
    for recipe in names:
        gaps = frozenset(("TotalCharges",))
        pipeline = recipes.build(recipe, schema, n_rows=table.num_rows, with_missing=gaps)
        pipeline.fit(frame(table, schema, "."), cells.numbers(table.column(TARGET), ".")[0])
        kept[recipe] = artifact.save(pipeline, folder / f"{recipe}.skops")
    (folder / "kept.json").write_text(json.dumps(kept))


def measure(way: str, recipe: str, folder: Path) -> dict[str, float]:
    """Seconds from file to file by the clock and of processor, without imports; and peak memory."""
    path, output = folder / "input.csv", folder / f"{recipe}-{way}.csv"
    fitted = customers.load(recipe, folder) if recipe else None
    started, cpu_before = time.perf_counter(), time.process_time()
    if fitted is None:
        scoring._copy(way, path, output)
    elif way == "naive":
        rows = pd.read_csv(path)
        rows["prediction"] = fitted.pipeline.predict(rows[[one.name for one in fitted.schema.features]])
        rows.to_csv(output, index=False)
    else:
        kind, n_threads = way.split("-")
        pipeline = _Opaque(fitted.pipeline) if kind == "plain" else fitted.pipeline
        with path.open("rb") as source, output.open("wb") as sink:
            scored = engine.score(
                source, sink, dialect=Dialect(), pipeline=pipeline, schema=fitted.schema,
                progress=lambda _: None, n_threads=int(n_threads),
            )  # fmt: skip
        if kind == "engine" and (scored.why_pipeline or scored.n_pipeline_rows):
            sys.exit(f"{scored.n_pipeline_rows:,} rows were scored by the pipeline: {scored.why_pipeline}")
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu_before
    return {"seconds": round(seconds, 3), "cpu_seconds": round(cpu, 3), "peak_mb": scoring._peak_mb()}


class _Opaque:
    """A pipeline that the engine does not know."""

    def __init__(self, pipeline: Any) -> None:
        self.predict = pipeline.predict


def _run(way: str, recipe: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.regression", "--one", way, recipe, str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    found: dict[str, float] = json.loads(answer.stdout)
    return found


def _differences(recipe: str, folder: Path) -> Iterator[str]:
    ours = folder / f"{recipe}-engine-2.csv"
    for way in ("engine-1", "plain-2"):
        if not filecmp.cmp(ours, folder / f"{recipe}-{way}.csv", shallow=False):
            yield f"{recipe}: engine-2 and {way} wrote other bytes"
    naive, scored = (
        pd.read_csv(folder / f"{recipe}-{way}.csv", usecols=["prediction"])["prediction"].to_numpy()
        for way in ("naive", "engine-2")
    )
    gap = float(np.abs(naive - scored).max())
    if gap > HALF_A_DIGIT:
        yield f"{recipe}: the naive way's numbers differ by {gap:.1e}"


if __name__ == "__main__":
    sys.exit(main())
