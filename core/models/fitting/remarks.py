"""What to know of a training beside its figures, in sentences."""

from __future__ import annotations

from core.errors import counted
from core.models.fitting.evaluation import FoldStatistics
from core.models.validation import N_FOLDS


def about_rows(n_rows: int, n_fitted: int, n_compared: int) -> tuple[str, ...]:
    """How many rows were used, where not all were."""
    if n_compared == n_rows:
        return ()
    fitted = "all" if n_fitted == n_rows else f"{n_fitted:,}"
    return (
        f"Of {n_rows:,} rows, {n_compared:,} drawn at random were used to compare the candidates "
        f"and {fitted} to fit the model.",
    )


def about_folds(n_folds: int, target: str) -> tuple[str, ...]:
    """How many folds there were, where a class was too rare for all."""
    if n_folds == N_FOLDS:
        return ()
    return (
        f"The rarest class of '{target}' has {n_folds} rows, so the candidates were compared on {n_folds} folds "
        f"in place of {N_FOLDS}.",
    )


def about_gain(
    best: FoldStatistics, baseline: FoldStatistics, target: str, n_leaking: int
) -> tuple[str, ...]:
    """That a model is no better than guessing, if it is not."""
    if best.mean - baseline.mean > best.std:
        return ()
    told = f"The columns say almost nothing about '{target}': the model is no better than guessing."
    if n_leaking:
        set_aside = counted(n_leaking, "column that gives|columns that give")
        told += (
            f" {set_aside} the answer away had been left out; keep those that are known before the outcome."
        )
    return (told,)
