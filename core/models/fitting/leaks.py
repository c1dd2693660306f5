"""Columns that give the outcome away: each is asked to predict the target on its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.metrics import balanced_accuracy_score, r2_score, roc_auc_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from core.models.fitting import folds
from core.models.fitting.folds import Fold, Groups
from core.models.schema import Schema, Task

MAX_ROWS = 5000
N_FOLDS = 3
# Honest columns can rank well alone (a petal's width ranks iris at .99); a leak also names nearly every
# class rightly.
LEAK_AUC, LEAK_ACCURACY, STRONG_AUC = 0.99, 0.985, 0.95
LEAK_R2, STRONG_R2 = 0.99, 0.95


@dataclass(frozen=True)
class Suspect:
    """A column that predicts the target by itself. score: AUC for classes, R² for numbers, out of fold."""

    column: str
    score: float
    leaks: bool

    def message(self, target: str) -> str:
        """The sentence for whoever trains the model."""
        share = f"{min(self.score, 0.999):.3f}"
        if self.leaks:
            return (
                f"'{self.column}' alone predicts '{target}' almost perfectly ({share} of 1): "
                "it gives the answer away."
            )
        return (
            f"'{self.column}' alone predicts '{target}' suspiciously well ({share} of 1). "
            "Make sure its value is known before the outcome is."
        )


# Of a column's name and its (n, 1) codes.
Judge = Callable[[str, np.ndarray], Suspect | None]


def messages(suspects: Sequence[Suspect], target: str) -> list[str]:
    """What to say of these columns: a sentence for one, one sentence for several that are alike."""
    told = []
    for leaks in (True, False):
        alike = [suspect for suspect in suspects if suspect.leaks is leaks]
        if len(alike) == 1:
            told.append(alike[0].message(target))
        elif alike:
            named = ", ".join(f"'{one.column}' ({min(one.score, 0.999):.3f})" for one in alike)
            told.append(
                f"{len(alike)} columns each predict '{target}' alone "
                + (
                    f"almost perfectly, so they give the answer away: {named}."
                    if leaks
                    else f"suspiciously well: {named}. Make sure their values are known before the outcome is."
                )
            )
    return told


def find(
    features: pd.DataFrame, values: np.ndarray, schema: Schema, *, groups: Groups | None = None
) -> list[Suspect]:
    """The columns whose own small tree, cross-validated, comes suspiciously near the target.

    features: (n,) rows as from schema.frame.  values: (n,) labels as str, or float64 for regression.
    groups: (n,) rows of one number are kept in one fold.
    At most MAX_ROWS rows are looked at, drawn with a fixed seed.
    """
    if len(features) > MAX_ROWS:
        chosen = np.random.default_rng(0).choice(len(features), MAX_ROWS, replace=False)
        features, values = features.iloc[chosen], values[chosen]
        groups = None if groups is None else groups[chosen]
    judge = _of_numbers(values, groups) if schema.task == "regression" else _of_classes(values, groups)
    suspects = []
    for feature in schema.features:
        column = features[feature.name]
        # ranks, since a tree only needs the order; for a text any code, with -1 for missing
        ranks = column.rank(method="dense") if feature.is_measured else pd.factorize(column)[0]
        coded = np.asarray(ranks, dtype=float)
        suspect = judge(feature.name, coded.reshape(-1, 1))
        if suspect is not None and feature.kind == "date" and schema.task == "regression":
            suspect = replace(suspect, leaks=False)  # what changes slowly is told by the days around it
        if suspect is not None:
            suspects.append(suspect)
    return suspects


def _of_classes(values: np.ndarray, groups: Groups | None) -> Judge:
    """What judges a column by the classes of which each fold has rows."""
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    common = np.flatnonzero(counts >= N_FOLDS)
    rows = np.isin(codes, common)
    codes = np.searchsorted(common, codes[rows])
    if len(common) < 2:
        return lambda _name, _column: None
    splits = _folds(codes, None if groups is None else groups[rows], "multiclass")
    ranked = range(1, 2) if len(common) == 2 else range(len(common))  # of two, either ranks alike

    def judge(name: str, column: np.ndarray) -> Suspect | None:
        column, predicted = column[rows], np.zeros((len(codes), len(common)))
        for train, test in splits:
            tree = DecisionTreeClassifier(min_samples_leaf=_leaf(len(train)), random_state=0)
            predicted[test] = tree.fit(column[train], codes[train]).predict_proba(column[test])
        auc = float(np.mean([roc_auc_score(codes == code, predicted[:, code]) for code in ranked]))
        if auc < STRONG_AUC:
            return None
        accuracy = balanced_accuracy_score(codes, predicted.argmax(axis=1))
        return Suspect(name, auc, leaks=auc >= LEAK_AUC and accuracy >= LEAK_ACCURACY)

    return judge


def _of_numbers(values: np.ndarray, groups: Groups | None) -> Judge:
    """What judges a column by the numbers themselves."""
    splits = _folds(values, groups, "regression")

    def judge(name: str, column: np.ndarray) -> Suspect | None:
        predicted = np.zeros(len(values))
        for train, test in splits:
            tree = DecisionTreeRegressor(min_samples_leaf=2, random_state=0)
            predicted[test] = tree.fit(column[train], values[train]).predict(column[test])
        r2 = float(r2_score(values, predicted))
        return Suspect(name, r2, leaks=r2 >= LEAK_R2) if r2 >= STRONG_R2 else None

    return judge


def _folds(values: np.ndarray, groups: Groups | None, task: Task) -> list[Fold]:
    """With groups together, unless a class then has no fold without it."""
    together = [] if groups is None else folds.grouped(values, groups, task, N_FOLDS)
    return together or folds.independent(values, task, N_FOLDS)


def _leaf(n_rows: int) -> int:
    return max(2, min(20, n_rows // 50))
