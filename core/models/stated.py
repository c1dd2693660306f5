"""What somebody states of a training beside the file and its target, as the payload of its task keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.models import thresholds
from core.models.fitting.questions import TargetChoices
from core.models.thresholds import Named
from core.models.validation import UNSTATED, Validation


def payload(
    choices: TargetChoices | None,
    *,
    threshold: float | Named | None,
    keep: Sequence[str],
    validation: Validation = UNSTATED,
) -> dict[str, Any]:
    """choices: of the target. threshold: what a model of two classes is to have. keep: columns that stay in.

    validation: how the model is to be measured. Raises ThresholdUnusable.
    """
    if threshold is not None and threshold not in thresholds.NAMED:
        threshold = thresholds.settled(threshold, None)[0]
    return {
        **(choices or TargetChoices()).to_json(),
        "threshold": threshold,
        "keep": sorted(set(keep)),
        "validation": validation.to_json(),
    }


def of_payload(kept: Mapping[str, Any]) -> dict[str, Any]:
    """What a payload says of that, to be compared: one of before it said as much too."""
    return payload(
        TargetChoices.from_json(kept),
        threshold=kept.get("threshold"),
        keep=kept.get("keep", ()),
        validation=validation_of(kept),
    )


def validation_of(kept: Mapping[str, Any]) -> Validation:
    """What a training's task was told of how to measure; nothing where it is older than that."""
    return Validation.from_json(kept.get("validation", {}))
