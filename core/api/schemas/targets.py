"""What a request states of a target and of a threshold, the same wherever a model is trained."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from core.api.dependencies import Text
from core.models.fitting.questions import RareClasses, TargetChoices
from core.models.schema import Task
from core.models.thresholds import Named
from core.models.validation import Validation

Threshold = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
ThresholdOrRule = Threshold | Named
ABOUT_RULES = (
    "`half`: one half; `as_trained`: as many rows count as the positive outcome as were in training; `best_f1`: the "
    "best F1; or any number between 0 and 1."
)

ABOUT_POSITIVE = "The class whose probability you want; guessed if left out."


class StatedTarget(BaseModel):
    """What may be said of a target; what is left out follows from its values."""

    task: Task | None = Field(
        default=None,
        description="Whether to learn two classes, several, or a number. Left out, the values of the target decide.",
    )
    positive_label: Text | None = Field(default=None, description=ABOUT_POSITIVE)
    rare_classes: RareClasses = Field(
        default="fewer_folds",
        description="Classes of fewer than five rows: `fewer_folds` keeps them and compares on fewer folds, "
        "`leave_out` trains without their rows, `other` puts them together as one class. In a sandbox and a package, "
        "which know no folds, `fewer_folds` leaves them out, too, as long as that is at most a tenth of the rows.",
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


ABOUT_GROUPS = (
    "Rows with the same value belong together, such as the visits of one patient: they are learned from or measured on "
    "together, and the column is not used unless it is in `keep`. Left out, the app looks for copies and groups."
)
ABOUT_TIMES = "The latest fifth by this column is predicted from the rows before."
ABOUT_INDEPENDENT = "Rows have nothing to do with each other, whatever the app finds."
ABOUT_KEEP = "Columns to use even if they look like identifiers or give the answer away."


class StatedRows(BaseModel):
    """What may be said of the rows and columns that are learned from; one of the first three at most."""

    group_column: Text | None = Field(default=None, description=ABOUT_GROUPS)
    time_column: Text | None = Field(default=None, description=ABOUT_TIMES)
    independent_rows: bool = Field(default=False, description=ABOUT_INDEPENDENT)
    keep: list[Text] = Field(default_factory=list, max_length=4096, description=ABOUT_KEEP)

    @property
    def validation(self) -> Validation:
        """What the training is told of the rows."""
        return Validation(self.group_column, self.time_column, self.independent_rows)


class NewThreshold(BaseModel):
    """What a model gets."""

    threshold: ThresholdOrRule = Field(description=ABOUT_RULES)


ChosenBy = Literal["half", "as_trained", "best_f1", "by_hand"]
