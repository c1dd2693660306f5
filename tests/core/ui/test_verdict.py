"""The verdict on a file that was scored again, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.predictions.receipt import IngredientChange
from core.predictions.repeats import RepeatComparison
from core.ui.formatting import NO_BREAK
from core.ui.predictions import verdict as prediction_verdict

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NUMPY = IngredientChange("libraries.numpy", "2.4.6", "2.5.0")
CODE = (
    IngredientChange("code.version", "0.1.0", "0.2.0"),
    IngredientChange("code.sha256", "c" * 64, "d" * 64),
)
BEFORE = f"the last result for this file and model, 3{NO_BREAK}days ago"


def verdict(
    changed: tuple[IngredientChange, ...] | None, *, same_bytes: bool = True, same_counts: bool | None = True
) -> RepeatComparison:
    return RepeatComparison(UUID(int=1), NOW - timedelta(days=3), same_bytes, same_counts, changed)


def said(found: RepeatComparison) -> str:
    return prediction_verdict.sentence(found, now=NOW).replace("\\", "")


def test_same_bytes_are_said_to_be_so() -> None:
    assert said(verdict(())) == f"**Identical** to {BEFORE}."
    assert said(verdict(None)) == f"**Identical** to {BEFORE}."
    assert prediction_verdict.label(verdict(())) == "Receipt · identical"
    assert prediction_verdict.label(None) == "Receipt"


def test_what_changed_without_a_difference_is_named() -> None:
    assert said(verdict((NUMPY, *CODE))) == (
        f"**Identical** to {BEFORE}. Changed since then, without effect: numpy (2.4.6 → 2.5.0) and the app's code."
    )


def test_other_bytes_are_laid_to_what_changed() -> None:
    found = verdict((IngredientChange("reading.decimal", ".", ","), NUMPY), same_bytes=False)
    assert said(found) == (
        f"**Different** from {BEFORE}. Changed since then: how the file is read and numpy (2.4.6 → 2.5.0)."
    )
    assert prediction_verdict.label(found) == "Receipt · different"
    assert "has no receipt" in said(verdict(None, same_bytes=False))


def test_other_bytes_without_a_reason_are_a_fault() -> None:
    assert "one of the two is wrong" in said(verdict((), same_bytes=False))


def test_other_counts_behind_the_same_bytes_are_told() -> None:
    assert "The counts behind its metrics differ, though." in said(verdict((), same_counts=False))
