"""What somebody states of a training beside the file and its target, as the payload of its task keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.db.tables.uploads import UploadRow
from core.models import thresholds
from core.models.errors import ColumnsUnknown, TargetMissing, TargetOfDates
from core.models.fitting.questions import TargetChoices
from core.models.thresholds import Named
from core.models.validation import UNSTATED, Validation
from core.uploads.report.examination import Examination
from core.uploads.report.profile import shortened


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
    """What a payload says of the rows; nothing where it is older than that."""
    return Validation.from_json(kept.get("validation", {}))


def require_columns(
    upload: UploadRow, *, target: str, keep: Sequence[str] = (), validation: Validation = UNSTATED
) -> None:
    """That what is named are columns of the upload, and can be what they are named for. upload: with its receipt.

    Raises TargetMissing, TargetOfDates, ColumnsUnknown, SplitUnusable.
    """
    found = Examination.from_json(upload.receipt)
    columns = [column.name for column in found.columns]
    if target not in columns:
        raise TargetMissing(target=shortened(target), columns=", ".join(columns[:12]))
    if found.columns[columns.index(target)].kind == "date":
        raise TargetOfDates(target=target)
    if unknown := [name for name in keep if name == target or name not in columns]:
        raise ColumnsUnknown(columns=", ".join(unknown[:12]), target=target)
    validation.require(columns, target=target)
