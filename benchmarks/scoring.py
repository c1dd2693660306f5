"""How fast a file is scored, against the obvious way and the limit: `python -m benchmarks.scoring [--rows N …]`.

Makes files of customers, trains on the first rows, and times with both recipes and their mean, file to file and without
imports, each run in a process of its own with one native thread:

- naive: pandas.read_csv, the pipeline, to_csv
- plain: the engine with a pipeline that it has no tables for, two threads
- engine: the engine, with one and two threads; cautions, hash and histograms on, as the product runs it
- bare: the engine with these off
- reasons: the engine with reasons for each row, one thread; the smallest file only
- limit: Arrow reads the file and writes it again; no model, no added column (whole and as a stream, the faster counts)

Ways take turns, round by round, so that a busy machine is busy for all; the best round counts. All results must
hold the same scores, and the engine's and the plain way's the same bytes. Exits non-zero where that fails or a
floor is missed. Results go to benchmarks/results/scoring.json.
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
import pyarrow.csv as arrow_csv

from benchmarks import customers
from benchmarks.customers import Fitted
from core.models import recipes
from core.predictions.scoring import engine
from core.uploads.csv.dialect import Dialect

WAYS = ("naive", "plain-2", "engine-1", "engine-2", "bare-2")
REASONS = "reasons-1"
LIMITS = ("limit-whole", "limit-stream")
ROUNDS = 2
SIZES = (1_000_000, 5_000_000)
HALF_A_DIGIT = 0.5e-6 + 1e-9  # what rounding to the written decimals takes away at most
RESULTS = Path(__file__).parent / "results" / "scoring.json"

# With two threads, against the naive way and the limit: the engine as it is, and with nothing but the answers.
TIMES_NAIVE = {"engine-2": 6.0, "bare-2": 8.0}
OF_LIMIT = {"engine-2": 2.4, "bare-2": 1.8}
BLEND_TIMES_NAIVE = 4.0  # it looks up trees and curves both; and is held to no limit of reading and writing
REASONS_ROWS_PER_CPU_S = 40_000
PEAK_MB = 350.0
LINEAR = 1.25  # seconds a row in the largest file against those in the smallest
LEAST_ROWS = 1_000_000  # below, what a run costs once outweighs its rows, and floors say nothing


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, nargs="+", default=SIZES)
    arguments.add_argument("--rounds", type=int, default=ROUNDS)
    arguments.add_argument("--out", type=Path, default=RESULTS)
    arguments.add_argument(
        "--one", nargs=4, metavar=("WAY", "RECIPE", "INPUT", "FOLDER"), help=argparse.SUPPRESS
    )
    given = arguments.parse_args()
    if given.one:
        way, recipe, path, folder = given.one
        print(json.dumps(measure(way, recipe, Path(path), Path(folder))))
        return 0
    files = [(n_rows, False) for n_rows in sorted(given.rows)]
    files.insert(1, (files[0][0], True))
    with tempfile.TemporaryDirectory() as folder:
        measured = [
            compare(n_rows, quoted, given.rounds, Path(folder), ways=WAYS + (REASONS,) * (place == 0))
            for place, (n_rows, quoted) in enumerate(files)
        ]
    report = {"cores": os.cpu_count(), "python": platform.python_version(), "files": measured}
    given.out.parent.mkdir(exist_ok=True)
    given.out.write_text(json.dumps(report, indent=2) + "\n")
    missed = list(below_floor(measured))
    print("\n".join(missed), file=sys.stderr)
    return 1 if missed else 0


def compare(n_rows: int, quoted: bool, rounds: int, folder: Path, *, ways: Sequence[str]) -> dict[str, Any]:
    """These ways with every recipe over one file, as the JSON that is kept."""
    path = folder / "input.csv"
    size = customers.make(path, n_rows, quoted=quoted)
    chosen = customers.fit(path, folder)
    load_before = os.getloadavg()[0]
    print(f"{n_rows:,} rows, {size / 1e6:,.0f} MB{', texts in quotes' * quoted}; load {load_before:.1f}\n")
    runs: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for _ in range(rounds):
        for recipe, way in (*itertools.product(recipes.NAMES, ways), *itertools.product(("",), LIMITS)):
            run = _run(way, recipe, path, folder)
            print(
                f"  {recipe:<16}{way:<13}{run['seconds']:>9.2f} s{run['cpu_seconds']:>9.2f} cpu s", flush=True
            )
            runs.setdefault((recipe, "limit" if way in LIMITS else way), []).append(run)
    faults = [fault for recipe in recipes.NAMES for fault in _differences(recipe, folder)]
    limit = min(run["seconds"] for run in runs["", "limit"])
    measured = []
    print(
        f"{'model':<16}{'way':<13}{'seconds':>9}{'cpu s':>8}{'rows/s':>12}{'peak MB':>9}{'naive':>8}{'limit':>8}"
    )
    for (recipe, way), rounds_of in runs.items():
        best = min(rounds_of, key=lambda run: run["seconds"])
        naive = min(run["seconds"] for run in runs[recipe, "naive"]) if recipe else None
        row = {
            "recipe": recipe,
            "way": way,
            **best,
            "peak_mb": max(run["peak_mb"] for run in rounds_of),
            "all_seconds": [run["seconds"] for run in rounds_of],
            "rows_per_second": round(n_rows / best["seconds"]),
            "rows_per_cpu_second": round(n_rows / best["cpu_seconds"]),
            "times_naive": round(naive / best["seconds"], 2) if naive else None,
            "of_limit": round(best["seconds"] / limit, 2),
        }
        measured.append(row)
        times = f"{row['seconds']:>9.2f}{row['cpu_seconds']:>8.2f}{row['rows_per_second']:>12,}{row['peak_mb']:>9.0f}"
        print(
            f"{recipe:<16}{way:<13}{times}{row['times_naive'] or 0:>7.1f}×{row['of_limit']:>7.2f}×",
            flush=True,
        )
    print()
    return {
        "rows": n_rows,
        "quoted": quoted,
        "input_mb": round(size / 1e6, 1),
        "chosen": chosen,
        "load": [round(load_before, 1), round(os.getloadavg()[0], 1)],
        "measured": measured,
        "differences": faults,
    }


def below_floor(files: list[dict[str, Any]]) -> Iterator[str]:
    """What is wrong with the figures, a sentence each."""
    rows_per_second: dict[str, list[float]] = {}
    for file in files:
        about = f"{file['rows']:,} rows{', texts in quotes' * file['quoted']}"
        yield from (f"{about}: {difference}" for difference in file["differences"])
        for run in file["measured"]:
            if run["way"].split("-")[0] not in ("engine", "bare", "reasons") or file["rows"] < LEAST_ROWS:
                continue
            named = f"{about}, {run['recipe']}, {run['way']}"
            if run["peak_mb"] >= PEAK_MB:
                yield f"{named}: {run['peak_mb']:.0f} MB at the peak, not under {PEAK_MB:.0f}"
            if run["way"] == REASONS and run["rows_per_cpu_second"] < REASONS_ROWS_PER_CPU_S:
                yield f"{named}: {run['rows_per_cpu_second']:,} rows/s a core, not {REASONS_ROWS_PER_CPU_S:,}"
            if run["way"] not in TIMES_NAIVE or file["quoted"]:
                continue
            if run["way"] == "engine-2":
                rows_per_second.setdefault(run["recipe"], []).append(run["rows_per_second"])
            is_blend = run["recipe"] == recipes.BLEND
            if run["times_naive"] < (least := BLEND_TIMES_NAIVE if is_blend else TIMES_NAIVE[run["way"]]):
                yield f"{named}: {run['times_naive']} × the naive way, not {least}"
            if not is_blend and run["of_limit"] > (most := OF_LIMIT[run["way"]]):
                yield f"{named}: {run['of_limit']} × the limit's time, more than {most}"
    for recipe, speeds in rows_per_second.items():
        if speeds[-1] * LINEAR < speeds[0]:
            yield f"{recipe}: {speeds[0]:,} rows/s in the smallest file, {speeds[-1]:,} in the largest"


def measure(way: str, recipe: str, path: Path, folder: Path) -> dict[str, float]:
    """Seconds from file to file by the clock and of processor, without imports, and the process's peak memory."""
    output = folder / f"{recipe}-{way}.csv"
    fitted = customers.load(recipe, folder) if recipe else None
    started, cpu_before = time.perf_counter(), time.process_time()
    if fitted is None:
        _copy(way, path, output)
    elif way == "naive":
        _score_naively(fitted, path, output)
    else:
        _score(way, fitted, path, output)
    seconds = time.perf_counter() - started
    cpu_seconds = time.process_time() - cpu_before
    return {"seconds": round(seconds, 3), "cpu_seconds": round(cpu_seconds, 3), "peak_mb": _peak_mb()}


def _copy(way: str, path: Path, output: Path) -> None:
    with path.open("rb") as source:
        source.readline()
        style = "needed" if b'"' in source.readline() else "none"
    options = arrow_csv.WriteOptions(quoting_style=style)
    if way == "limit-whole":
        arrow_csv.write_csv(arrow_csv.read_csv(path), output, options)
        return
    batches = arrow_csv.open_csv(path)
    with arrow_csv.CSVWriter(output, batches.schema, write_options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _score_naively(fitted: Fitted, path: Path, output: Path) -> None:
    rows = pd.read_csv(path)
    probability = fitted.pipeline.predict_proba(rows[[feature.name for feature in fitted.schema.features]])
    rows["prediction"] = np.array(fitted.schema.labels)[probability.argmax(axis=1)]
    rows["probability"] = probability[:, fitted.schema.labels.index(fitted.schema.positive_label or "")]
    rows.to_csv(output, index=False)


class _Opaque:
    """A pipeline that the engine does not know."""

    def __init__(self, fitted: Fitted) -> None:
        self.predict_proba = fitted.pipeline.predict_proba


def _score(way: str, fitted: Fitted, path: Path, output: Path) -> None:
    kind, n_threads = way.split("-")
    with path.open("rb") as source, output.open("wb") as sink:
        scored = engine.score(
            source,
            sink,
            dialect=Dialect(),
            pipeline=_Opaque(fitted) if kind == "plain" else fitted.pipeline,
            schema=fitted.schema,
            progress=lambda _: None,
            n_threads=int(n_threads),
            bare=kind == "bare",
            with_reasons=kind == "reasons",
        )
    if kind != "plain" and (scored.why_pipeline or scored.n_pipeline_rows > 0.1 * scored.n_rows):
        sys.exit(f"{scored.n_pipeline_rows:,} rows were scored by the pipeline: {scored.why_pipeline}")


def _run(way: str, recipe: str, path: Path, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.scoring", "--one", way, recipe, str(path), str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    found: dict[str, float] = json.loads(answer.stdout)
    return found


def _differences(recipe: str, folder: Path) -> Iterator[str]:
    """Where results differ that must not, a sentence each."""
    ours = folder / f"{recipe}-engine-2.csv"
    for way in ("engine-1", "plain-2"):
        if not filecmp.cmp(ours, folder / f"{recipe}-{way}.csv", shallow=False):
            yield f"{recipe}: engine-2 and {way} wrote other bytes"
    columns = ["prediction", "probability"]
    one, other, bare = (
        pd.read_csv(result, usecols=columns)
        for result in (folder / f"{recipe}-naive.csv", ours, folder / f"{recipe}-bare-2.csv")
    )
    if not other.equals(bare):
        yield f"{recipe}: engine-2 and bare-2 wrote other answers"
    if not (one["prediction"] == other["prediction"]).all():
        yield f"{recipe}: the naive way predicts other labels"
    gap = float((one["probability"] - other["probability"]).abs().max())
    if gap > HALF_A_DIGIT:
        yield f"{recipe}: the naive way's scores differ by {gap:.1e}"


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return round(int(peak.split()[1]) * 1024 / 1e6, 1)


if __name__ == "__main__":
    sys.exit(main())
