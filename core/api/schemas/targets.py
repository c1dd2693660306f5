"""What a request states of a target and of a threshold, the same wherever a model is trained."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from core.api.dependencies import Text
from core.models.fitting.questions import RareClasses, TargetChoices
from core.models.schema import Task
from core.models.thresholds import Named

Threshold = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
ThresholdOrRule = Threshold | Named
ABOUT_RULES = (
    "`half`: one half; `as_trained`: as many rows count as the positive outcome as were in training; `best_f1`: the "
    "best F1; or any number between 0 and 1."
)


class StatedTarget(BaseModel):
    """What may be said of a target; what is left out follows from its values."""

    task: Task | None = Field(
        default=None,
        description="Whether to learn two classes, several, or a number. Left out, the values of the target decide.",
    )
    positive_label: Text | None = Field(
        default=None, description="The class whose probability you want; guessed if left out."
    )
    rare_classes: RareClasses = Field(
        default="fewer_folds",
        description="Classes of fewer than five rows: `fewer_folds` keeps them and compares on fewer folds, "
        "`leave_out` trains without their rows, `other` puts them together as one class.",
    )
    merge_words: bool = Field(
        default=True,
        description="Several words for yes and no in the target, such as `Y` and `Yes`, are two classes.",
    )
    threshold: ThresholdOrRule | None = Field(
        default=None,
        description="From which probability on a row counts as the positive one of two classes, one half if left "
        f"out. {ABOUT_RULES} A model of another question leaves it out.",
    )

    @property
    def choices(self) -> TargetChoices:
        """What the training is told of the target."""
        return TargetChoices(self.task, self.positive_label, self.rare_classes, self.merge_words)


class NewThreshold(BaseModel):
    """What a model gets."""

    threshold: ThresholdOrRule = Field(description=ABOUT_RULES)


ChosenBy = Literal["half", "as_trained", "best_f1", "by_hand"]
