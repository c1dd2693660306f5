"""The code that the app brings, run by itself in a folder, as it runs in a sandbox."""

from __future__ import annotations

import contextlib
import json
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from core.training import template


def ran(
    folder: Path, target: list[str] | np.ndarray, columns: dict[str, object], job: dict[str, object]
) -> list:
    """What the template says of the last quarter of the rows, after learning from the others."""
    table = pd.DataFrame({**columns, "y": target})
    n_learnt = len(table) * 3 // 4
    table[:n_learnt].to_parquet(folder / "train.parquet")
    table[n_learnt:].drop(columns="y").to_parquet(folder / "holdout.parquet")
    (folder / "job.json").write_text(json.dumps({"target": "y", **job}), "utf-8")
    _write_code(folder)
    subprocess.run([sys.executable, "train.py"], cwd=folder, check=True)
    said: list = json.loads((folder / "predictions.json").read_text("utf-8"))["predictions"]
    served = runpy.run_path(str(folder / "predict.py"))
    features = table[n_learnt:].drop(columns="y").astype({"place": object})
    again = served["predict"](served["load"](folder / "model.bin"), features)
    assert np.array_equal(np.asarray(again), np.asarray(said))
    return said


def _write_code(folder: Path) -> None:
    (folder / "train.py").write_text(template.text(), "utf-8")
    (folder / "predict.py").write_text(template.predict_text(), "utf-8")


def test_what_serves_the_model_says_what_the_training_said_of_a_number_and_of_two_labels(
    tmp_path: Path,
) -> None:
    draw = np.random.default_rng(2)
    x, place = draw.normal(size=800), draw.integers(0, 20, 800)
    strength = 2 * x + draw.normal(0, 1, 20)[place] * 2 + np.sin(4 * x) + draw.normal(0, 0.5, 800)
    columns = {"x": x, "place": [f"place {code}" for code in place]}
    features = [{"name": "x", "kind": "number"}, {"name": "place", "kind": "category"}]
    job = {"task": "regression", "labels": [], "positive_label": None, "features": features}
    (tmp_path / "number").mkdir()
    said = np.array(ran(tmp_path / "number", strength, columns, job))
    assert np.corrcoef(said, strength[600:])[0, 1] > 0.9

    labels = np.where(strength > 0, "up", "down")
    job = {"task": "binary", "labels": ["down", "up"], "positive_label": "up", "features": features}
    (tmp_path / "label").mkdir()
    said = np.array(ran(tmp_path / "label", labels, columns, job))
    assert (np.array(["down", "up"])[said.argmax(axis=1)] == labels[600:]).mean() > 0.85


def test_many_small_classes_are_learnt_from_the_few_rows_that_they_have(tmp_path: Path) -> None:
    labels = [f"class {n:02}" for n in range(12)]
    target = labels * 4  # what is left of five rows each, the least that is taken
    x = np.random.default_rng(0).normal(size=len(target))
    pd.DataFrame({"x": x, "y": target}).to_parquet(tmp_path / "train.parquet")
    pd.DataFrame({"x": x[:12]}).to_parquet(tmp_path / "holdout.parquet")
    features = [{"name": "x", "kind": "number"}]
    job = {
        "target": "y",
        "task": "multiclass",
        "labels": labels,
        "positive_label": None,
        "features": features,
    }
    (tmp_path / "job.json").write_text(json.dumps(job), "utf-8")
    _write_code(tmp_path)
    subprocess.run([sys.executable, "train.py"], cwd=tmp_path, check=True)
    said = json.loads((tmp_path / "predictions.json").read_text("utf-8"))["predictions"]
    assert [len(row) for row in said] == [12] * 12


def test_parts_of_dates_are_learnt_value_by_value(tmp_path: Path) -> None:
    draw = np.random.default_rng(6)
    days = draw.integers(19_000, 20_000, 800).astype(float)
    month = (days // 30.4 % 12).astype(int) + 1.0
    target = draw.normal(0, 10, 13)[month.astype(int)] + days / 100 + draw.normal(0, 0.5, 800)
    days[:40] = month[:40] = np.nan
    columns = {"day": days, "day: month": month, "place": ["here"] * 800}
    features = [
        {"name": "day", "kind": "number", "date": "day"},
        {"name": "day: month", "kind": "number", "part": "month", "source": "day"},
        {"name": "place", "kind": "category"},
    ]
    job = {"task": "regression", "labels": [], "positive_label": None, "features": features}
    said = np.array(ran(tmp_path, target, columns, job))
    assert np.corrcoef(said, target[600:])[0, 1] > 0.95


def test_of_rows_with_times_the_latest_say_which_way_is_best(tmp_path: Path) -> None:
    """What was true of early rows only is not what later ones are judged by."""
    draw = np.random.default_rng(9)
    when = draw.permutation(900).astype(float)
    x, z = draw.normal(size=900), draw.normal(size=900)
    y = np.where(when < 500, np.sin(6 * x) * 3, x) + z
    columns = {"x": x, "z": z}
    features = [{"name": name, "kind": "number"} for name in columns]
    job = {"target": "y", "task": "regression", "labels": [], "positive_label": None, "features": features}
    is_late = when >= 720
    pd.DataFrame({**columns, "y": y})[~is_late].to_parquet(tmp_path / "train.parquet")
    pd.DataFrame(columns)[is_late].to_parquet(tmp_path / "holdout.parquet")
    times = pd.DataFrame({"time": np.where(when[~is_late] == 3, np.nan, when[~is_late])})
    times.to_parquet(tmp_path / "times.parquet")
    (tmp_path / "job.json").write_text(json.dumps(job), "utf-8")
    (tmp_path / "train.py").write_text(template.text(), "utf-8")
    code = runpy.run_path(str(tmp_path / "train.py"))
    with contextlib.chdir(tmp_path):
        seen, unseen = code["parted"](job, y[~is_late])
    assert np.nanmax(times["time"][seen]) < times["time"][unseen].min()
    assert len(unseen) == 144  # a fifth of those whose time is known
