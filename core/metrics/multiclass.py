"""How well a model tells three or more classes apart, where the outcomes are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from core.metrics import ranking, wording
from core.metrics.errors import LengthMismatch
from core.metrics.histograms import Counts
from core.metrics.ranking import Ranking

Share = float | None


@dataclass(frozen=True)
class Multiclass:
    """The numbers of one file. A number that is not defined is None, and `undefined` says why, by the
    number's name.

    confusion[i][j]: rows that were labels[i] and were called labels[j]. precision, recall, f1, roc_auc: one a
    label, roc_auc that of the label against all others. macro_*: their plain mean. In that of the first three a
    label that no row has and none was called is left out, and one without a value of its own counts as 0, as it
    does in its F1; macro_roc_auc is undefined as soon as one of its parts is.
    Source: scikit-learn's precision_recall_fscore_support with zero_division=0.
    """

    task: ClassVar[Literal["multiclass"]] = "multiclass"

    labels: tuple[str, ...]
    n_rows: int
    confusion: tuple[tuple[int, ...], ...]
    precision: tuple[Share, ...]
    recall: tuple[Share, ...]
    f1: tuple[Share, ...]
    roc_auc: tuple[Share, ...]
    accuracy: Share
    macro_precision: Share
    macro_recall: Share
    macro_f1: Share
    macro_roc_auc: Share
    undefined: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"task": self.task}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Multiclass:
        known = {name: value for name, value in stored.items() if name != "task"}
        per_label = {name: tuple(known[name]) for name in ("labels", "precision", "recall", "f1", "roc_auc")}
        return cls(**known | per_label | {"confusion": tuple(tuple(row) for row in stored["confusion"])})


def from_scores(
    actual: ArrayLike, scores: ArrayLike, *, labels: Sequence[str], predicted: ArrayLike | None = None
) -> Multiclass:
    """Measure from the rows themselves.

    actual: (n,) places in labels. scores: (n, k) probabilities, one column a label. predicted: (n,) places in
    labels; the highest score of each row where absent. Raises LengthMismatch, NotAScore.
    """
    truth = np.asarray(actual, dtype=np.int64)
    table = np.asarray(scores, dtype=np.float64).reshape(-1, len(labels))
    called = table.argmax(axis=1) if predicted is None else np.asarray(predicted, dtype=np.int64)
    for n_predictions in (len(table), len(called)):
        if n_predictions != len(truth):
            raise LengthMismatch(n_outcomes=len(truth), n_predictions=n_predictions)
    rankings = [ranking.by_score(truth == index, table[:, index]) for index in range(len(labels))]
    return _measured(labels, confusion_matrix(truth, called, n_labels=len(labels)), rankings)


def from_histograms(
    confusion: ArrayLike, positives: ArrayLike, negatives: ArrayLike, *, labels: Sequence[str]
) -> Multiclass:
    """Measure from what a stream of rows left behind.

    confusion: (k, k) counts, rows as they were, columns as they were called. positives, negatives: (k, 10001)
    counts, the histograms of each label's score over the rows that have it and over the rest. Raises
    NotAHistogram.
    """
    rankings = [
        ranking.by_bin(of_label, of_rest)
        for of_label, of_rest in zip(np.asarray(positives), np.asarray(negatives), strict=True)
    ]
    return _measured(labels, np.asarray(confusion, dtype=np.int64), rankings)


def confusion_matrix(actual: ArrayLike, predicted: ArrayLike, *, n_labels: int) -> Counts:
    """(k, k) counts, rows as they were, columns as they were called; those of several blocks are added with
    `+`.
    """
    cells = np.asarray(actual, dtype=np.int64) * n_labels + np.asarray(predicted, dtype=np.int64)
    return np.bincount(cells, minlength=n_labels * n_labels).reshape(n_labels, n_labels)


def _measured(labels: Sequence[str], confusion: Counts, rankings: Sequence[Ranking]) -> Multiclass:
    n_rows = int(confusion.sum())
    right, had, called = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    precision = tuple(int(r) / int(c) if c else None for r, c in zip(right, called, strict=True))
    recall = tuple(int(r) / int(h) if h else None for r, h in zip(right, had, strict=True))
    f1 = tuple(2 * int(r) / int(h + c) if h + c else None for r, h, c in zip(right, had, called, strict=True))
    roc_auc = tuple(r.roc_auc() if r.n_positives and r.n_negatives else None for r in rankings)
    seen = [index for index in range(len(labels)) if had[index] + called[index] > 0]
    return Multiclass(
        labels=tuple(labels),
        n_rows=n_rows,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        precision=precision,
        recall=recall,
        f1=f1,
        roc_auc=roc_auc,
        accuracy=int(right.sum()) / n_rows if n_rows else None,
        macro_precision=_mean([precision[index] or 0.0 for index in seen]),
        macro_recall=_mean([recall[index] or 0.0 for index in seen]),
        macro_f1=_mean([f1[index] for index in seen]),
        macro_roc_auc=_mean(roc_auc),
        undefined=_reasons(labels, had),
    )


def _mean(shares: Sequence[Share]) -> Share:
    defined = [share for share in shares if share is not None]
    return sum(defined) / len(defined) if shares and len(defined) == len(shares) else None


def _reasons(labels: Sequence[str], had: Counts) -> dict[str, str]:
    """Why a number has no value, by its name."""
    if had.sum() == 0:
        everything = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "macro_roc_auc")
        return dict.fromkeys(everything, "No row of the file has a known outcome.")
    absent = [label for label, h in zip(labels, had, strict=True) if not h]
    if not absent:
        return {}
    ranked = "that class" if len(absent) == 1 else "those classes"
    reason = f"No row is {wording.listed(absent, last='or')}, so {ranked} can't be ranked against the others."
    return {"macro_roc_auc": reason}
