"""Why a file can't train a model, or a model can't be used."""

from __future__ import annotations

from core.errors import AppError


class ColumnsMissing(AppError):
    """A file lacks columns that the model reads."""

    code = "columns_missing"
    says = "The file lacks columns that the model reads: {columns}."
    cure = "Add them, map other columns to them, or choose another model."
    columns: str


class ColumnsUnknown(AppError):
    """Columns that are to be kept are none that a model could learn from."""

    code = "columns_unknown"
    says = "These can't be kept as columns to learn from: {columns}."
    cure = "Name columns of the file, in its own spelling, other than the target '{target}'."
    columns: str
    target: str


class TargetMissing(AppError):
    """The chosen target is no column of the file."""

    code = "target_missing"
    says = "The file has no column '{target}'."
    cure = "Choose one of its columns as the target: {columns}."
    target: str
    columns: str


class TargetEmpty(AppError):
    """No row has a value in the target."""

    code = "target_empty"
    says = "The target '{target}' has no value in any row."
    cure = "Choose another target, or fill this column with known outcomes."
    target: str


class OneClassOnly(AppError):
    """Every row has the same outcome, so there is nothing to tell apart."""

    code = "one_class_only"
    says = "Every row has the same value '{label}' in the target '{target}', so there is nothing to learn."
    cure = "Add rows with another outcome, or choose another target."
    target: str
    label: str


class TooFewRows(AppError):
    """There are fewer rows with an outcome than cross-validation needs."""

    code = "too_few_rows"
    says = (
        "Only {n_rows:row has|rows have} a value in the target '{target}'; training needs at least {minimum}."
    )
    cure = "Add rows with known outcomes."
    target: str
    n_rows: int
    minimum: int


class RareClass(AppError):
    """A class has fewer rows than there are folds."""

    code = "rare_class"
    says = "In the target '{target}' there are fewer than {minimum} rows for: {classes}."
    cure = "Add rows with these values, merge them into another value, or remove the rows."
    target: str
    minimum: int
    classes: str


class TooManyClasses(AppError):
    """A text target has more distinct values than can sensibly be told apart."""

    code = "too_many_classes"
    says = "The target '{target}' has {n_classes} different values; at most {maximum} can be told apart."
    cure = (
        "Choose another target, or merge its values into fewer groups; "
        "if it is meant as a number, write it without units and separators."
    )
    target: str
    n_classes: int
    maximum: int


class PositiveLabelUnknown(AppError):
    """The outcome to look for is no value of a two-class target."""

    code = "positive_label_unknown"
    says = "'{label}' can't be the outcome to look for in '{target}', whose values are: {labels}."
    cure = "Choose one of two values, or leave the choice to the app."
    target: str
    label: str
    labels: str


class NoFeatures(AppError):
    """Nothing is left to learn from."""

    code = "no_features"
    says = "No column is left to predict '{target}' from. {reasons}"
    cure = "Add columns that say something about the outcome."
    target: str
    reasons: str


class NameUnusable(AppError):
    """A model can't be called that."""

    code = "name_unusable"
    says = "A model's name has at most {longest} printable characters."
    cure = "Shorten it, or write it in plain letters."
    longest: int


class ModelFileChanged(AppError):
    """The bytes of a model's file are not those that were saved, or it is gone."""

    code = "model_file_changed"
    says = "The model's file {file_name} is {found}, so it was not opened."
    cure = "Train the model again, or restore the file from a backup."
    file_name: str
    found: str


class ModelFileUntrusted(AppError):
    """A model's file holds types outside the fixed list, or can't be read as a model at all."""

    code = "model_file_untrusted"
    says = "The model's file {file_name} was refused: {reason}."
    cure = "Train the model again in this app; files from elsewhere are not loaded."
    file_name: str
    reason: str
