"""The code that the app brings, run by itself in a folder, as it runs in a sandbox."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from core.training import template


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
    (tmp_path / "train.py").write_text(template.text(), "utf-8")
    subprocess.run([sys.executable, "train.py"], cwd=tmp_path, check=True)
    said = json.loads((tmp_path / "predictions.json").read_text("utf-8"))["predictions"]
    assert [len(row) for row in said] == [12] * 12
