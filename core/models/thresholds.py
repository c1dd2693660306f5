"""From which probability on a row counts as the positive outcome: what one can choose, and what each choice costs.

Precision and recall of a threshold come of rows that the model had not learnt from when it scored them: those of the
folds that were held out, or those that code in a sandbox never saw the outcome of. A threshold is compared with the
probability as a result writes it, so whoever reads the file can count the rows again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from core.db.tables.models import ModelRow
from core.models.errors import ThresholdUnusable

Rule = Literal["half", "as_trained", "best_f1", "by_hand"]
Named = Literal["half", "as_trained", "best_f1"]
NAMED: Final[tuple[Named, ...]] = get_args(Named)
HALF: Final = 0.5
DECIMALS: Final = 6  # of a threshold, and of a probability in a result
STEPS: Final = 1_000  # of the probabilities that are kept with a model


@dataclass(frozen=True)
class Cut:
    """What a threshold does to rows whose outcome is known. n_called: rows that are predicted positive.

    precision: of them, the share that are positive; None where there are none. recall: of the positive rows, the share
    that are called so; None where there are none.
    """

    threshold: float
    n_rows: int
    n_called: int
    precision: float | None
    recall: float | None

    @property
    def f1(self) -> float | None:
        """Their harmonic mean; None where one of them is not defined."""
        if self.precision is None or self.recall is None:
            return None
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def share(self) -> float:
        return self.n_called / self.n_rows if self.n_rows else 0.0


@dataclass(frozen=True)
class KnownScores:
    """Rows by their probability of the positive outcome, in STEPS steps; a step holds those that reach it.

    positives, negatives: (STEPS + 1,) rows that turned out so, or not. best: of each rule its threshold.
    """

    positives: npt.NDArray[np.int64]
    negatives: npt.NDArray[np.int64]
    best: Mapping[Named, float]

    @classmethod
    def of(cls, scores: np.ndarray, is_positive: np.ndarray) -> KnownScores:
        """scores: (n,) probabilities. is_positive: (n,) bools, in the same order."""
        steps = np.floor(np.rint(scores * 10**DECIMALS) * STEPS / 10**DECIMALS).astype(np.int64)
        positives = np.bincount(steps[is_positive], minlength=STEPS + 1)
        negatives = np.bincount(steps[~is_positive], minlength=STEPS + 1)
        found = cls(positives, negatives, {"half": HALF})
        cuts = [found.cut(step / STEPS) for step in range(1, STEPS)]
        n_positives = int(is_positive.sum())
        near = min(cuts, key=lambda cut: (abs(cut.n_called - n_positives), abs(cut.threshold - HALF)))
        best = max(cuts, key=lambda cut: (cut.f1 or 0.0, -abs(cut.threshold - HALF)))
        return cls(
            positives,
            negatives,
            {"half": HALF, "as_trained": near.threshold, "best_f1": best.threshold},
        )

    def cut(self, threshold: float) -> Cut:
        """What a threshold does; between two steps, the upper one."""
        step = int(np.ceil(round(threshold * STEPS, DECIMALS)))
        called, found = (
            int((self.positives + self.negatives)[step:].sum()),
            int(self.positives[step:].sum()),
        )
        n_positives = int(self.positives.sum())
        return Cut(
            threshold,
            n_positives + int(self.negatives.sum()),
            called,
            found / called if called else None,
            found / n_positives if n_positives else None,
        )

    def to_json(self) -> dict[str, Any]:
        """As it is kept with a model's report: only the steps that hold rows; and what the rules come to."""
        filled = np.flatnonzero(self.positives + self.negatives)
        return {
            "steps": filled.tolist(),
            "positives": self.positives[filled].tolist(),
            "negatives": self.negatives[filled].tolist(),
            "options": [
                {"rule": rule, **asdict(cut := self.cut(threshold)), "f1": cut.f1}
                for rule, threshold in self.best.items()
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> KnownScores:
        """What `to_json` wrote."""
        positives, negatives = np.zeros(STEPS + 1, np.int64), np.zeros(STEPS + 1, np.int64)
        positives[data["steps"]], negatives[data["steps"]] = data["positives"], data["negatives"]
        return cls(positives, negatives, {one["rule"]: one["threshold"] for one in data["options"]})


def known(report: Mapping[str, Any] | None) -> KnownScores | None:
    """What a model's report keeps; None for a model of no yes/no question, or of before thresholds."""
    kept = (report or {}).get("thresholds")
    return KnownScores.from_json(kept) if kept else None


def settled(wanted: float | Named, scores: KnownScores | None) -> tuple[float, Rule]:
    """The threshold that is meant, and how it was chosen. Raises ThresholdUnusable."""
    if isinstance(wanted, str):
        if wanted == "half":
            return HALF, "half"
        if wanted not in NAMED:
            raise ThresholdUnusable(problem=f"{wanted!r} is no way to choose a threshold")
        if scores is None:
            raise ThresholdUnusable(problem="the model was trained before its scores were kept for that")
        return scores.best[wanted], wanted
    return checked(wanted), "half" if checked(wanted) == HALF else "by_hand"


def of_model(model: ModelRow) -> float:
    """The model's own, one half where nobody has chosen another."""
    return HALF if model.threshold is None else model.threshold


def rule_of(model: ModelRow) -> Rule:
    """How it was chosen."""
    return next((rule for rule in get_args(Rule) if rule == model.threshold_rule), "half")


def of_result(wanted: float | Named | None, report: Mapping[str, Any]) -> dict[str, Any]:
    """What a training's result gives to its model, where it was asked for with a threshold. report: the model's.

    Nothing for a model of no two classes: whoever asked could not know. Raises ThresholdUnusable.
    """
    scores = known(report)
    if wanted is None or scores is None:
        return {}
    threshold, rule = settled(wanted, scores)
    return {"threshold": threshold, "threshold_rule": rule}


def checked(threshold: float) -> float:
    """A threshold as it is kept. Raises ThresholdUnusable for what is no number between 0 and 1."""
    if not 0 < threshold < 1:
        raise ThresholdUnusable(problem=f"{threshold:g} is not between 0 and 1")
    if not 0 < (kept := round(threshold, DECIMALS)) < 1:
        raise ThresholdUnusable(problem=f"rounded to {DECIMALS} digits, {threshold!r} is {kept:g}")
    return kept


def reached(probabilities: npt.NDArray[np.float64], threshold: float) -> npt.NDArray[np.bool_]:
    """(n,) whether each probability, as a result writes it, reaches the threshold."""
    found: npt.NDArray[np.bool_] = np.rint(probabilities * 10**DECIMALS) >= round(threshold * 10**DECIMALS)
    return found
