"""Trains one of two recipes on a table, keeps the model, and predicts the rows that were held out.

Runs by itself, in a folder that holds
  train.parquet    the rows to learn from: the features, and the target
  holdout.parquet  other rows, without the target
  job.json         {"target", "task", "labels", "positive_label", "features": [{"name", "kind"}, …]}
and leaves there
  model.bin        the model, for predict.py alone
  predict.py       load(path) and predict(model, frame)
  predictions.json what the model says of the held-out rows, in their order
It prints a line of JSON for each point of the curve: {"metric", "split", "step", "value"}.

The linear recipe lays splines over the quantiles of each number: it is strong on small tables and smooth effects. The
boosted trees find thresholds and interactions, and win as tables grow. A fifth of the rows decides between the two;
the better one then learns from all. The same table gives the same model: every random choice begins at seed 0.
"""

import json
import math
import time
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, SplineTransformer, StandardScaler

Job = dict[str, Any]

SEED = 0
N_POINTS = 15  # of the curve, at most
MIN_GAPS = 20  # missing cells from which on a gap is a signal of its own
METRIC = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "r2"}

PREDICT = '''"""Opens model.bin and predicts: a row of probabilities, one a label, or a number."""

import joblib


def load(path):
    return joblib.load(path)


def predict(model, frame):
    return model.predict_proba(frame) if hasattr(model, "predict_proba") else model.predict(frame)
'''


def as_fitted(frame: pd.DataFrame, job: Job) -> pd.DataFrame:
    """The features in their order: numbers as float64, categories as str, and None where there is no value."""
    columns = {}
    for feature in job["features"]:
        column = frame[feature["name"]]
        if feature["kind"] == "number":
            columns[feature["name"]] = column.astype("float64")
        else:
            columns[feature["name"]] = column.astype(object).where(column.notna(), None)
    return pd.DataFrame(columns)


def one_hot() -> OneHotEncoder:
    """One column a value; rare values share one, and what was never seen gets that one or none."""
    return OneHotEncoder(
        min_frequency=5, max_categories=60, handle_unknown="infrequent_if_exist", sparse_output=False
    )


def linear(job: Job, frame: pd.DataFrame) -> Pipeline:
    numbers = [feature["name"] for feature in job["features"] if feature["kind"] == "number"]
    categories = [feature["name"] for feature in job["features"] if feature["kind"] == "category"]
    gaps = [name for name in numbers if frame[name].isna().sum() >= MIN_GAPS]
    # Splines count less than the straight line beside them: small tables need that.
    curves = FeatureUnion(
        [("line", StandardScaler()), ("splines", SplineTransformer(n_knots=6))],
        transformer_weights={"splines": 0.35},
    )
    splines = Pipeline(
        [
            ("fill", SimpleImputer(strategy="median", keep_empty_features=True)),
            ("quantiles", QuantileTransformer(n_quantiles=min(200, len(frame)), random_state=SEED)),
            ("curves", curves),
        ]
    )
    parts = [
        ("numbers", splines, numbers),
        ("gaps", MissingIndicator(features="all"), gaps),
        ("categories", one_hot(), categories),
    ]
    columns = ColumnTransformer([part for part in parts if part[2]], sparse_threshold=0)
    if job["task"] == "regression":
        return Pipeline([("columns", columns), ("model", Ridge(alpha=1.0))])
    return Pipeline([("columns", columns), ("model", LogisticRegression(C=0.3, max_iter=2000))])


def trees(job: Job, frame: pd.DataFrame, n_trees: int | None = None) -> Pipeline:
    """n_trees: how many to grow; where that is not known yet, as many as help."""
    numbers = [feature["name"] for feature in job["features"] if feature["kind"] == "number"]
    categories = [feature["name"] for feature in job["features"] if feature["kind"] == "category"]
    stops_early = n_trees is None and len(frame) // 10 >= 2 * max(1, len(job["labels"]))
    settings = {
        "learning_rate": 0.05,
        "max_iter": n_trees or (1500 if stops_early else 100),
        "max_leaf_nodes": 12,
        "min_samples_leaf": 30,
        "l2_regularization": 3.0,
        "max_features": 0.5,
        "early_stopping": stops_early,
        "n_iter_no_change": 30,
        "validation_fraction": 0.1,
        "random_state": SEED,
    }
    parts = [("numbers", "passthrough", numbers), ("categories", one_hot(), categories)]
    columns = ColumnTransformer([part for part in parts if part[2]], sparse_threshold=0)
    forest = HistGradientBoostingRegressor if job["task"] == "regression" else HistGradientBoostingClassifier
    return Pipeline([("columns", columns), ("model", forest(**settings))])


def score(job: Job, truth: np.ndarray, answers: np.ndarray) -> float:
    """How good answers are, by the metric that fits the question; more is better."""
    if job["task"] == "regression":
        return float(r2_score(truth, answers))
    labels = np.array(job["labels"])
    if job["task"] == "binary":
        positive = job["labels"].index(job["positive_label"])
        return float(roc_auc_score(truth == job["positive_label"], answers[:, positive]))
    return float(accuracy_score(truth, labels[answers.argmax(axis=1)]))


def predict(model: Pipeline, frame: pd.DataFrame) -> np.ndarray:
    answers = model.predict_proba(frame) if hasattr(model, "predict_proba") else model.predict(frame)
    return np.asarray(answers)


def report(job: Job, split: str, step: int, value: float) -> None:
    point = {"metric": METRIC[job["task"]], "split": split, "step": step, "value": float(value)}
    print(json.dumps(point), flush=True)  # noqa: T201  # what it prints is read


def curve(job: Job, model: Pipeline, frame: pd.DataFrame, truth: np.ndarray) -> float:
    """Tell how the trees got better as they became more; the last point is the model's own."""
    columns, forest = model[:-1], model[-1]
    staged = forest.staged_predict if job["task"] == "regression" else forest.staged_predict_proba
    shown = {round(n) for n in np.linspace(1, forest.n_iter_, min(N_POINTS, forest.n_iter_))}
    last = 0.0
    for n_trees, answers in enumerate(staged(columns.transform(frame)), start=1):
        if n_trees in shown:
            last = score(job, truth, answers)
            report(job, "boosted_trees", n_trees, last)
    return last


def say(started: float, sentence: str) -> None:
    print(f"[{time.monotonic() - started:.1f} s] {sentence}", flush=True)  # noqa: T201  # the log


def main() -> None:
    started = time.monotonic()
    job: Job = json.loads(Path("job.json").read_text("utf-8"))
    table = pd.read_parquet("train.parquet")
    held_out = as_fitted(pd.read_parquet("holdout.parquet"), job)
    frame, target = as_fitted(table, job), table[job["target"]].to_numpy()
    if job["task"] != "regression":
        target = target.astype(str)
    say(started, f"{len(frame):,} rows to learn from, {frame.shape[1]} columns")

    stratify = None if job["task"] == "regression" else target
    n_unseen = max(math.ceil(0.2 * len(frame)), len(job["labels"]))  # at least one of each label
    seen, unseen = train_test_split(
        np.arange(len(frame)), test_size=n_unseen, random_state=SEED, stratify=stratify
    )
    of_linear = linear(job, frame.iloc[seen]).fit(frame.iloc[seen], target[seen])
    linear_score = score(job, target[unseen], predict(of_linear, frame.iloc[unseen]))
    say(started, f"linear model over splines: {METRIC[job['task']]} {linear_score:.4f}")
    of_trees = trees(job, frame.iloc[seen]).fit(frame.iloc[seen], target[seen])
    trees_score = curve(job, of_trees, frame.iloc[unseen], target[unseen])
    report(job, "linear_splines", of_trees[-1].n_iter_, linear_score)
    say(started, f"{of_trees[-1].n_iter_} boosted trees: {METRIC[job['task']]} {trees_score:.4f}")

    if trees_score > linear_score:
        model, chosen = trees(job, frame, of_trees[-1].n_iter_), "boosted trees"
    else:
        model, chosen = linear(job, frame), "the linear model"
    model.fit(frame, target)
    say(started, f"fitted {chosen} to all rows")

    answers = predict(model, held_out)
    if job["task"] != "regression" and list(model.classes_) != job["labels"]:
        raise SystemExit(f"the model knows {list(model.classes_)}, but was asked for {job['labels']}")
    Path("predictions.json").write_text(json.dumps({"predictions": answers.tolist()}), "utf-8")
    joblib.dump(model, "model.bin", compress=1)
    Path("predict.py").write_text(PREDICT, "utf-8")
    say(started, f"predicted {len(held_out):,} held-out rows")


if __name__ == "__main__":
    main()
