"""Trains on a file as the app does and says how good and how quick it was.

    python -m benchmarks.training [--data FILE --target COLUMN]

Without a file it takes the sample that a fresh installation starts with.
It counts seconds of processor. Writes the figures to benchmarks/results/training-<file>.json. Exits with 1 when
training took longer than the limit or, on IBM's Telco churn file, when cross-validation falls short of the figures
promised for it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read once, when NumPy and scikit-learn are first imported

from core.models.fitting import evaluation, training
from core.system import sample
from core.uploads.csv import stream
from core.uploads.report.examine import examine

RESULTS = Path(__file__).parent / "results"
LIMIT_S = 20.0
TELCO_ROWS, TELCO_TARGET = 7043, "Churn"
TELCO_FLOORS = {"roc_auc": 0.850, "pr_auc": 0.672}


def main(arguments: list[str] | None = None) -> int:
    """Train, print, write; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--data", type=Path, help="a CSV file")
    parser.add_argument("--target", help="its column to predict")
    asked = parser.parse_args(arguments)
    if asked.data is not None:
        return _measure(asked.data, asked.target)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.csv"
        sample.write_sample(path)
        return _measure(path, sample.TARGET)


def _measure(path: Path, target: str) -> int:
    found = examine(path, file_name=path.name).dialect
    with path.open("rb") as source:
        table = stream.read_table(source, found)
    started = time.process_time()
    trained = training.train(table, target=target, decimal=found.decimal, progress=lambda _done, _units: None)
    trained = replace(trained, seconds=time.process_time() - started)  # whatever else the machine does
    misses = _misses(trained, table.num_rows)
    _show(trained, misses)
    _write(trained, misses, RESULTS / f"training-{path.stem}.json")
    return 1 if misses else 0


def _misses(trained: training.TrainingResult, n_rows: int) -> list[str]:
    misses = []
    if trained.seconds > LIMIT_S:
        misses.append(f"training took {trained.seconds:.1f} s of processor, the limit is {LIMIT_S:.0f} s")
    if n_rows == TELCO_ROWS and trained.schema.target == TELCO_TARGET:
        misses += [
            f"{name} is {trained.metrics[name].mean}, the floor is {floor}"
            for name, floor in TELCO_FLOORS.items()
            if trained.metrics[name].mean < floor
        ]
    return misses


def _show(trained: training.TrainingResult, misses: list[str]) -> None:
    schema = trained.schema
    positive = f", positive label {schema.positive_label!r}" if schema.positive_label else ""
    print(f"{trained.n_rows:,} rows, {len(schema.features)} columns, {schema.task}{positive}")
    tried = [(candidate.name, candidate.metrics) for candidate in trained.candidates]
    for name, metrics in [*tried, ("baseline", trained.baseline)]:
        figures = "  ".join(
            f"{metric} {statistics.mean:.7g} ± {statistics.std:.4f}" for metric, statistics in metrics.items()
        )
        print(f"{name:16} {figures}")
    print(f"chosen by {trained.chosen_by}: {trained.chosen}")
    for dropped in trained.dropped:
        print(f"set aside: {dropped.reason}")
    for warning in trained.warnings:
        print(f"warning: {warning}")
    print("importance: " + ", ".join(f"{name} {fall:.4f}" for name, fall in trained.importance[:5]))
    print(f"{trained.seconds:.2f} s of processor")
    for miss in misses:
        print(f"MISSED: {miss}")


def _write(trained: training.TrainingResult, misses: list[str], path: Path) -> None:
    figures = {
        "target": trained.schema.target,
        "task": trained.schema.task,
        "n_rows": trained.n_rows,
        "candidates": {candidate.name: _plain(candidate.metrics) for candidate in trained.candidates},
        "baseline": _plain(trained.baseline),
        "chosen": trained.chosen,
        "chosen_by": trained.chosen_by,
        "dropped": [asdict(dropped) for dropped in trained.dropped],
        "warnings": list(trained.warnings),
        "importance": dict(trained.importance),
        "versions": trained.versions,
        "seconds": trained.seconds,
        "misses": misses,
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _plain(metrics: dict[str, evaluation.FoldStatistics]) -> dict[str, dict[str, float]]:
    return {name: asdict(statistics) for name, statistics in metrics.items()}


if __name__ == "__main__":
    sys.exit(main())
