"""How good models are, and what training them takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.models_quality import JUDGED_BY, MARGINS, WAYS
from benchmarks.tables import METRICS, RECIPES, RESULTS, read, short


def training() -> Iterator[str]:
    yield "**Training**, 5-fold cross-validation (shuffled, seed 0) of the recipe that was chosen, one thread:"
    yield from (
        "",
        "| file | rows | chosen | mean of the folds | baseline | s of processor |",
        "| --- | ---: | --- | --- | --- | ---: |",
    )
    for path in sorted(RESULTS.glob("training-*.json")):
        found = read(path.stem)
        chosen = found["candidates"][found["chosen"]]
        shown = [name for name in ("roc_auc", "pr_auc", "r2", "mae", "accuracy") if name in chosen][:2]
        if found["task"] == "multiclass":
            shown = ["accuracy"]
        scores, floors = (
            ", ".join(f"{METRICS[name]} {short(metrics[name]['mean'])}" for name in shown)
            for metrics in (chosen, found["baseline"])
        )
        yield (
            f"| {path.stem.removeprefix('training-')} → `{found['target']}` | {found['n_rows']:,} "
            f"| {RECIPES[found['chosen']]} | {scores} | {floors} | {found['seconds']:.1f} |"
        )


def quality(found: dict[str, Any]) -> Iterator[str]:
    """found: of `make bench ONLY=models_quality`."""
    margins = ", ".join(f"{margin} {METRICS[name]}" for name, margin in MARGINS.items())
    yield (
        "**Models beside the defaults of LightGBM and CatBoost**, the same three quarters to learn from and the rest "
        f"to be measured on; of {len(found['sets'])} sets {n_within(found)} are within {margins} of the better of "
        "both. Sets with * were not looked at while the recipes were chosen; *behind* counts in these margins, below "
        "0 is ahead. The template is what trainings in a sandbox begin with:"
    )
    yield from (
        "",
        "| set | metric | app | template | LightGBM | CatBoost | behind | s of processor |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    )
    for name, one in found["sets"].items():
        for metric in JUDGED_BY[one["task"]]:
            behind = round(_behind(one, metric), 1) + 0.0  # 0.0, not -0.0
            each = " | ".join(short(one["ways"][way][metric]) if way in one["ways"] else "–" for way in WAYS)
            yield (
                f"| {name}{'*' * one['held_back']} | {METRICS[metric]} | {each} | {behind:.1f} "
                f"| {one['ways']['app']['seconds']:.1f} |"
            )


def n_within(found: dict[str, Any]) -> int:
    """Sets in which the app is behind by no more than a margin."""
    return sum(
        all(_behind(one, metric) <= 1 for metric in JUDGED_BY[one["task"]]) for one in found["sets"].values()
    )


def _behind(one: dict[str, Any], metric: str) -> float:
    """By how many margins the app is behind the better of the others."""
    better = max(one["ways"][way][metric] for way in ("lightgbm", "catboost") if way in one["ways"])
    return float((better - one["ways"]["app"][metric]) / MARGINS[metric])
