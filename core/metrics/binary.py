"""How well a model tells two classes apart, where the outcomes are known."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

from numpy.typing import ArrayLike

from core.metrics import ranking, wording
from core.metrics.ranking import Confusion, Curve, Ranking

DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True)
class Binary:
    """The numbers of one file. A number that is not defined is None, and `undefined` says why, by the
    number's name.

    threshold: rows of at least this score are called positive. roc_auc_margin: how far roc_auc may be off
    because scores were rounded into bins; 0 where the scores themselves were used. roc, precision_recall: see
    Ranking.
    """

    task: ClassVar[Literal["binary"]] = "binary"

    positive_label: str
    negative_label: str
    n_rows: int
    n_positives: int
    threshold: float
    confusion: Confusion
    accuracy: float | None
    precision: float | None
    recall: float | None
    f1: float | None
    roc_auc: float | None
    roc_auc_margin: float
    pr_auc: float | None
    roc: Curve | None
    precision_recall: Curve | None
    undefined: dict[str, str]

    @property
    def base_rate(self) -> float | None:
        """The share of positive rows: what precision would be if all rows were called positive."""
        return self.n_positives / self.n_rows if self.n_rows else None

    @property
    def only_score(self) -> float | None:
        """The score that all rows share; None where scores differ, and where the rows have one class alone.

        A straight ROC curve alone may also be that of scores that say nothing about the class.
        """
        if self.roc is None or self.precision_recall is None:
            return None
        shared = len(self.roc.x) == 2 and len(self.precision_recall.x) == 1
        return self.roc.thresholds[-1] if shared else None

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {
            "task": self.task,
            "roc": self.roc and self.roc.to_json(),
            "precision_recall": self.precision_recall and self.precision_recall.to_json(),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Binary:
        known = {name: value for name, value in stored.items() if name != "task"}
        curves = {
            name: stored[name] and Curve.from_json(stored[name]) for name in ("roc", "precision_recall")
        }
        return cls(**known | curves | {"confusion": Confusion(**stored["confusion"])})


def from_scores(
    is_positive: ArrayLike,
    scores: ArrayLike,
    *,
    positive_label: str,
    negative_label: str,
    threshold: float = DEFAULT_THRESHOLD,
) -> Binary:
    """Measure from the rows themselves.

    is_positive: (n,) bools, or 0 and 1. scores: (n,) probabilities of the positive class, same order.
    Raises LengthMismatch, NotAScore.
    """
    return _measured(
        ranking.by_score(is_positive, scores), positive_label, negative_label, threshold, None, binned=False
    )


def from_histograms(
    positives: ArrayLike,
    negatives: ArrayLike,
    *,
    positive_label: str,
    negative_label: str,
    threshold: float = DEFAULT_THRESHOLD,
    confusion: Confusion | None = None,
) -> Binary:
    """Measure from the score histograms of the rows that were positive and of the rest, (10001,) counts each.

    A row within 0.00005 of the threshold may land on its other side, so a caller that counted the confusion
    exactly, row by row, gives it. Raises NotAHistogram.
    """
    ranked = ranking.by_bin(positives, negatives)
    return _measured(ranked, positive_label, negative_label, threshold, confusion, binned=True)


def _measured(
    ranked: Ranking,
    positive: str,
    negative: str,
    threshold: float,
    counted: Confusion | None,
    *,
    binned: bool,
) -> Binary:
    cut = counted or ranked.confusion(threshold)
    n_positives, n_negatives = ranked.n_positives, ranked.n_negatives
    n_rows = n_positives + n_negatives
    n_called = cut.true_positives + cut.false_positives
    f1_parts = 2 * cut.true_positives + cut.false_positives + cut.false_negatives
    both = n_positives > 0 and n_negatives > 0
    undefined = _reasons(positive, negative, threshold, n_positives, n_negatives, n_called)
    return Binary(
        positive_label=positive,
        negative_label=negative,
        n_rows=n_rows,
        n_positives=n_positives,
        threshold=threshold,
        confusion=cut,
        accuracy=(cut.true_positives + cut.true_negatives) / n_rows if n_rows else None,
        precision=cut.true_positives / n_called if n_called else None,
        recall=cut.true_positives / n_positives if n_positives else None,
        f1=2 * cut.true_positives / f1_parts if f1_parts else None,
        roc_auc=ranked.roc_auc() if both else None,
        roc_auc_margin=ranked.tied_pairs() / 2 if both and binned else 0.0,
        pr_auc=ranked.average_precision() if both else None,
        roc=ranked.roc() if both else None,
        precision_recall=ranked.precision_recall() if both else None,
        undefined=undefined,
    )


def _reasons(
    positive: str, negative: str, threshold: float, n_positives: int, n_negatives: int, n_called: int
) -> dict[str, str]:
    """Why a number has no value, by its name."""
    everything = ("accuracy", "precision", "recall", "f1", "roc_auc", "pr_auc")
    if n_positives + n_negatives == 0:
        return dict.fromkeys(everything, "No row of the file has a known outcome.")
    reasons: dict[str, str] = {}
    if n_positives == 0 or n_negatives == 0:
        only, absent = (positive, negative) if n_positives else (negative, positive)
        sentence = (
            f"Every known outcome is {wording.quoted(only)}; without a row that is {wording.quoted(absent)} "
            "there is nothing to rank."
        )
        reasons |= {"roc_auc": sentence, "pr_auc": sentence}
    if n_positives == 0:
        reasons["recall"] = f"No row is {wording.quoted(positive)}, so there was none to find."
    if n_called == 0:
        least = wording.percent(threshold, decimals=0)
        reasons["precision"] = (
            f"No row scores {least} or more, so none was called {wording.quoted(positive)}."
        )
        if n_positives == 0:
            reasons["f1"] = f"No row is {wording.quoted(positive)}, and none was called so."
    return reasons
