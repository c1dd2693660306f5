"""Trains trees and curves on a table, keeps the better or the mean of both, and predicts the rows that were held out.

Runs by itself, in a folder that holds
  train.parquet    the rows to learn from: the features, and the target
  holdout.parquet  other rows, without the target
  groups.parquet   which of the rows to learn from belong together, where some do: the same "group" for copies of a row
  times.parquet    when each of the rows to learn from was, where those held out are the latest: "time", null if unknown
  predict.py       load(path) and predict(model, frame): what serves the model later also predicts here
  job.json         {"target", "task", "labels", "positive_label", "features": [{"name", "kind"}, …]}; a date is
                   the number of its day, and each part of it one more feature, which says {"part": "month", …}
and leaves there
  model.bin        the model, for predict.py alone
  predictions.json what the model says of the held-out rows, in their order
It prints a line of JSON for each point of the curve: {"metric", "split", "step", "value"}.

The linear recipe lays splines over the quantiles of each number: it is strong on small tables and smooth effects. The
boosted trees find thresholds and interactions; they are the mean of three growths. A fifth of the rows says when more
trees stop helping, and whether trees, curves or a mean of both are kept, which then learns from all rows, trees of few
by several seeds. A temperature makes probabilities of several classes as sure as they were right there.
"""

import json
import math
import runpy
import time
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score
from sklearn.model_selection import GroupShuffleSplit, KFold, train_test_split
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    OneHotEncoder,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

Job = dict[str, Any]
Growth = tuple[int, float, int, float, float]
Rows = np.ndarray
Model = dict[str, Any]  # as predict.py takes it

SEED = 0
N_POINTS = 15  # of the curve, at most
MIN_GAPS = 20  # missing cells from which on a gap is a signal of its own
METRIC = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "r2"}

# As (leaves a tree, learning rate, rows a leaf at least, l2, share of the columns that a split may look at)
GROWTHS = ((8, 0.1, 10, 3.0, 0.3), (16, 0.1, 10, 3.0, 0.6), (31, 0.1, 5, 10.0, 0.6))
N_BINS = 127  # of a number, at most, before trees are grown
STEADIED_ROWS, MOST_SEEDS, FEW_ROWS = 20_000, 3, 2_000  # trees of few rows are grown over by other seeds
PATIENCE = 20  # trees that may come without making unseen rows likelier
HEATS = np.geomspace(0.2, 5.0, 65)  # Source: Guo et al. 2017, On Calibration of Modern Neural Networks
COME_ROUND = ("month", "weekday", "hour")  # parts of dates of which curves take each value for itself
ONE_HOT_VALUES = 8  # a category of more values becomes the mean outcome of each


def as_fitted(frame: pd.DataFrame, job: Job) -> pd.DataFrame:
    """The features in their order: numbers as float64, categories as str, and None where there is no value."""
    columns = {}
    for feature in job["features"]:
        column = frame[feature["name"]]
        texts = column.astype(object).where(column.notna(), None)
        columns[feature["name"]] = column.astype("float64") if feature["kind"] == "number" else texts
    return pd.DataFrame(columns)


def one_hot() -> OneHotEncoder:
    """One column a value; rare values share one, and what was never seen gets that one or none."""
    rare = {"min_frequency": 5, "max_categories": 60, "handle_unknown": "infrequent_if_exist"}
    return OneHotEncoder(**rare, sparse_output=False)


def named(job: Job, kind: str) -> list[str]:
    return [feature["name"] for feature in job["features"] if feature["kind"] == kind]


def linear(job: Job, frame: pd.DataFrame) -> Pipeline:
    parts = {feature["name"]: feature["part"] for feature in job["features"] if "part" in feature}
    coded = [name for name, part in parts.items() if part in COME_ROUND]
    numbers = [name for name in named(job, "number") if name not in coded]
    gaps = [name for name in numbers if name not in parts and frame[name].isna().sum() >= MIN_GAPS]
    both = [("line", StandardScaler()), ("splines", SplineTransformer(n_knots=6))]
    curves = FeatureUnion(both, transformer_weights={"splines": 0.35})  # small tables need less of splines
    fill = SimpleImputer(strategy="median", keep_empty_features=True)
    quantiles = QuantileTransformer(n_quantiles=min(200, len(frame)), random_state=SEED)
    splines = Pipeline([("fill", fill), ("quantiles", quantiles), ("curves", curves)])
    made = [
        ("numbers", splines, numbers),
        ("gaps", MissingIndicator(features="all"), gaps),
        ("codes", one_hot(), coded),
        ("categories", one_hot(), named(job, "category")),
    ]
    columns = ColumnTransformer([part for part in made if part[2]], sparse_threshold=0)
    model = Ridge(alpha=1.0) if job["task"] == "regression" else LogisticRegression(C=0.3, max_iter=2000)
    return Pipeline([("columns", columns), ("model", model)])


def columns_of_trees(job: Job, frame: pd.DataFrame) -> ColumnTransformer:
    """Numbers as they are, few categories a column each, many as the mean outcome of each, cross-fitted."""
    kinds = {"binary": "binary", "multiclass": "multiclass", "regression": "continuous"}
    means = TargetEncoder(target_type=kinds[job["task"]], cv=KFold(5, shuffle=True, random_state=SEED))
    most = max(ONE_HOT_VALUES, len(job["labels"]))
    few = [name for name in named(job, "category") if frame[name].nunique() <= most]
    many = [name for name in named(job, "category") if name not in few]
    parts = [("numbers", "passthrough", named(job, "number")), ("few", one_hot(), few), ("many", means, many)]
    return ColumnTransformer([part for part in parts if part[2]], sparse_threshold=0)


def trees(job: Job, growth: Growth, n_trees: int = 1500, **more: Any) -> Any:
    n_leaves, learning_rate, min_leaf, l2, share = growth
    shape = {
        "max_leaf_nodes": n_leaves,
        "min_samples_leaf": min_leaf,
        "l2_regularization": l2,
        "max_bins": N_BINS,
    }
    rounds = {"max_iter": n_trees, "learning_rate": learning_rate, "early_stopping": False}
    settings = {**shape, **rounds, "max_features": share, "random_state": SEED, **more}
    forest = HistGradientBoostingRegressor if job["task"] == "regression" else HistGradientBoostingClassifier
    return forest(**settings)


def grown(
    job: Job, frame: pd.DataFrame, target: Rows, seen: Rows, unseen: Rows
) -> tuple[Pipeline, list[Any]]:
    """The mean of the growths, each until more trees stop helping on the rows unseen; and each of them, unfitted.

    The largest trees, then the smallest, are left out for as long as the mean of the others is as good.
    """
    columns = columns_of_trees(job, frame)
    matrix = columns.fit_transform(frame.iloc[seen], target[seen])
    held_out, truth = columns.transform(frame.iloc[unseen]), target[unseen]
    kept: list[tuple[Any, Any, np.ndarray]] = []

    def loss(some: list[tuple[Any, Any, np.ndarray]]) -> float:
        return float(losses(job, np.mean([said for _, _, said in some], axis=0), truth).min())

    for growth in GROWTHS:
        if len(frame) > FEW_ROWS and len(kept) > 1 and loss(kept[-1:]) > loss(kept[-2:-1]):
            break  # middle trees say less than small ones, and so would large ones
        model = trees(job, growth, early_stopping=True, n_iter_no_change=PATIENCE)
        model.fit(matrix, target[seen], X_val=held_out, y_val=truth)
        n_trees = max(10, int(np.argmax(model.validation_score_)))
        model._predictors = model._predictors[:n_trees]
        answer = model.predict if job["task"] == "regression" else model.decision_function
        kept.append((model, trees(job, growth, n_trees), answer(held_out)))
    while len(kept) > 1 and loss(kept[:-1]) <= loss(kept):
        kept.pop()
    while len(kept) > 1 and loss(kept[1:]) <= loss(kept):
        kept.pop(0)
    model = mean([fitted for fitted, _, _ in kept])
    return Pipeline([("columns", columns), ("model", model)]), [made for _, made, _ in kept]


def mean(models: list[Any]) -> Any:
    """What these models, fitted on the same rows, say on average, as one of them: leaves hold shares of the values."""
    rounds = zip_longest(*(one._predictors for one in models))
    models[0]._predictors = [one for several in rounds for one in several if one]
    for one in chain.from_iterable(models[0]._predictors):
        one.nodes["value"] /= len(models)
    return models[0]


def parted(job: Job, target: np.ndarray) -> tuple[Rows, Rows]:
    """The rows that say how to grow trees, and a fifth, the latest or of whole groups, that says which way is best."""
    rows, labels = np.arange(len(target)), set(job["labels"])
    if Path("times.parquet").exists():
        times = pd.read_parquet("times.parquet")["time"].to_numpy("float64")
        is_late = times >= np.nanquantile(times, 0.8)
        if 0 < is_late.mean() <= 0.5 and labels <= set(target[is_late]) & set(target[~is_late]):
            return rows[~is_late], rows[is_late]
    if Path("groups.parquet").exists():
        groups = pd.read_parquet("groups.parquet")["group"]
        seen, unseen = next(GroupShuffleSplit(1, test_size=0.2, random_state=SEED).split(rows, groups=groups))
        if labels <= set(target[seen]) & set(target[unseen]):
            return seen, unseen
    stratify = None if job["task"] == "regression" else target
    n_unseen = max(math.ceil(0.2 * len(target)), len(labels))  # at least one of each label
    seen, unseen = train_test_split(rows, test_size=n_unseen, random_state=SEED, stratify=stratify)
    return seen, unseen


def score(job: Job, truth: np.ndarray, answers: np.ndarray) -> float:
    """How good answers are, by the metric that fits the question; more is better."""
    if job["task"] == "regression":
        return float(r2_score(truth, answers))
    labels = np.array(job["labels"])
    if job["task"] == "binary":
        positive = job["labels"].index(job["positive_label"])
        return float(roc_auc_score(truth == job["positive_label"], answers[:, positive]))
    return float(accuracy_score(truth, labels[answers.argmax(axis=1)]))


def losses(job: Job, said: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """How unlikely the truth is at each of HEATS, or of two classes and numbers at the only one."""
    if job["task"] == "regression":
        return np.array([np.square(said - truth).mean()])
    codes = np.searchsorted(job["labels"], truth)
    logits = said if said.ndim == 2 else np.column_stack([np.zeros(len(said)), said])
    heats, own = HEATS if job["task"] == "multiclass" else [1.0], (np.arange(len(truth)), codes)
    return np.array([-log_softmax(logits / heat, axis=1)[own].mean() for heat in heats])


def weighed(job: Job, apart: list[np.ndarray], truth: np.ndarray) -> list[float]:
    """Weights of two members, in eighths, at which the truth is likeliest. apart: what each says of those rows."""
    pairs = [[1 - eighths / 8, eighths / 8] for eighths in range(1, 8)]
    return min(pairs, key=lambda pair: losses(job, pair[0] * apart[0] + pair[1] * apart[1], truth).min())


def fitted(model: Model, made: list[Any], frame: pd.DataFrame, target: np.ndarray) -> Model:
    """Those of its members that weigh, fitted on all rows; trees of few rows by several seeds. made: the trees."""
    linear, of_trees = model["members"]
    members = [clone(linear).fit(frame, target)] if model["weights"][0] > 0 else []
    if model["weights"][1] > 0:
        columns = clone(of_trees[0])
        matrix = columns.fit_transform(frame, target)
        n_seeds = max(1, min(STEADIED_ROWS // (len(frame) * len(made)), MOST_SEEDS))
        seeded = [clone(one).set_params(random_state=SEED + seed) for seed in range(n_seeds) for one in made]
        forest = mean([one.fit(matrix, target) for one in seeded])
        members.append(Pipeline([("columns", columns), ("model", forest)]))
    return {**model, "members": members, "weights": [weight for weight in model["weights"] if weight > 0]}


def report(job: Job, split: str, step: int, value: float) -> None:
    point = {"metric": METRIC[job["task"]], "split": split, "step": step, "value": float(value)}
    print(json.dumps(point), flush=True)  # noqa: T201  # what it prints is read


def curve(job: Job, model: Pipeline, frame: pd.DataFrame, truth: np.ndarray) -> None:
    """Tell how the trees got better as they became more."""
    columns, forest = model[:-1], model[-1]
    staged = forest.staged_predict if job["task"] == "regression" else forest.staged_predict_proba
    shown = {round(n) for n in np.linspace(1, forest.n_iter_, min(N_POINTS, forest.n_iter_))}
    for n_trees, answers in enumerate(staged(columns.transform(frame)), start=1):
        if n_trees in shown:
            report(job, "boosted_trees", n_trees, score(job, truth, answers))


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

    seen, unseen = parted(job, target)
    shown, truth = frame.iloc[unseen], target[unseen]
    of_linear = linear(job, frame.iloc[seen]).fit(frame.iloc[seen], target[seen])
    of_trees, made = grown(job, frame, target, seen, unseen)
    curve(job, of_trees, shown, truth)

    served = runpy.run_path("predict.py")
    model: Model = {"members": [of_linear, of_trees], "temperature": 1.0}
    apart = [served["said"]({"members": [one], "weights": [1.0]}, shown) for one in model["members"]]
    candidates = {"curves": [1.0, 0.0], "trees": [0.0, 1.0], "their mean": weighed(job, apart, truth)}
    scores = {}
    for name, weights in candidates.items():
        scores[name] = score(job, truth, served["predict"]({**model, "weights": weights}, shown))
        say(started, f"{name}: {METRIC[job['task']]} {scores[name]:.4f}")
    report(job, "linear_splines", of_trees[-1].n_iter_, scores["curves"])
    report(job, "blend", of_trees[-1].n_iter_, scores["their mean"])

    chosen = max(scores, key=scores.__getitem__)
    model["weights"] = candidates[chosen]
    if job["task"] == "multiclass":
        model["temperature"] = float(HEATS[losses(job, served["said"](model, shown), truth).argmin()])
    model = fitted(model, made, frame, target)
    say(started, f"fitted {chosen} to all rows")

    answers = served["predict"](model, held_out)
    known = [] if job["task"] == "regression" else list(model["members"][0].classes_)
    if known != job["labels"]:
        raise SystemExit(f"the model knows {known}, but was asked for {job['labels']}")
    Path("predictions.json").write_text(json.dumps({"predictions": answers.tolist()}), "utf-8")
    joblib.dump(model, "model.bin", compress=1)
    say(started, f"predicted {len(held_out):,} held-out rows")


if __name__ == "__main__":
    main()
