"""Why a file can't train a model, or a model can't be used."""

from __future__ import annotations

from typing import Final

from core.errors import AppError, Clash, Internal, TooManyRequests


class ColumnsMissing(AppError):
    """A file lacks columns that the model reads."""

    code = "columns_missing"
    message = "The file is missing columns that the model needs: {columns}."
    hint = "Add them, map other columns to them, or choose another model."
    columns: str


class ColumnsUnknown(AppError):
    """Columns that are to be kept are not ones that a model could learn from."""

    code = "columns_unknown"
    message = "The model can't learn from these columns: {columns}."
    hint = "Use column names as they are spelled in the file, without the target '{target}'."
    columns: str
    target: str


class TargetMissing(AppError):
    """The chosen target is no column of the file."""

    code = "target_missing"
    message = "The file has no column '{target}'."
    hint = "Choose one of its columns as the target: {columns}."
    target: str
    columns: str


class TargetOfDates(AppError):
    """Dates are no classes, and no number that a model could answer with."""

    code = "target_of_dates"
    message = "'{target}' holds dates, which can't be predicted."
    hint = "Choose another target. If its values are classes, set its column type to Category."
    target: str


class TargetEmpty(AppError):
    """No row has a value in the target."""

    code = "target_empty"
    message = "The target '{target}' is empty in every row."
    hint = "Choose another target, or fill this column with known outcomes."
    target: str


class OneClassOnly(AppError):
    """Every row has the same outcome, so there is nothing to tell apart."""

    code = "one_class_only"
    message = "Every row has the same value '{label}' in the target '{target}', so there is nothing to learn."
    hint = "Add rows with another outcome, or choose another target."
    target: str
    label: str


class TargetTooLarge(AppError):
    """Metrics square numbers, and the squares of such are beyond what a computer counts with."""

    code = "target_too_large"
    message = "The target '{target}' holds {n_rows:number} beyond ±1e100, too large to learn from."
    hint = "Correct these numbers, or divide the column by a power of ten, then upload the file again."
    target: str
    n_rows: int


class TooFewRows(AppError):
    """There are fewer rows with an outcome than cross-validation needs."""

    code = "too_few_rows"
    message = (
        "Only {n_rows:row has|rows have} a value in the target '{target}'; training needs at least {minimum}."
    )
    hint = "Add rows with known outcomes."
    target: str
    n_rows: int
    minimum: int


class TaskImpossible(AppError):
    """The target can't be learnt as the question that was stated."""

    code = "task_impossible"
    message = "The target '{target}' can't be learned as {asked}: {why}."
    hint = "Leave the question to the app, choose another one, or another target."
    target: str
    asked: str
    why: str


class NothingRepeats(AppError):
    """Each row has another text in the target."""

    code = "nothing_repeats"
    message = "Every row has a different value in the target '{target}', so there is nothing to learn."
    hint = "Choose a column whose values come up in several rows, or one of numbers."
    target: str


class RareClass(AppError):
    """Too many rows are of classes that are too rare to learn."""

    code = "rare_class"
    message = (
        "Too few rows would be left. These values of '{target}' have fewer than {minimum} rows: {classes}."
    )
    hint = "Add rows with these values, or put rare classes together as one."
    target: str
    minimum: int
    classes: str


class TooManyClasses(AppError):
    """A text target has more distinct values than can sensibly be told apart."""

    code = "too_many_classes"
    message = "The target '{target}' has {n_classes} different values; a model can learn at most {maximum}."
    hint = (
        "Choose another target, or merge its values into fewer groups; "
        "if it is a number, write it without units and separators."
    )
    target: str
    n_classes: int
    maximum: int


class PositiveLabelUnknown(AppError):
    """The positive outcome is no value of a two-class target."""

    code = "positive_label_unknown"
    message = "'{label}' can't be the positive outcome of '{target}', whose values are: {labels}."
    hint = "Choose one of the target's two values, or let the app choose."
    target: str
    label: str
    labels: str


class SplitUnusable(AppError):
    """Rows can't be kept together, or the latest held out, by what was asked for."""

    code = "split_unusable"
    message = "The rows can't be split that way: {problem}."
    hint = "Choose another column, or let the app look for rows that belong together."
    problem: str


class ThresholdUnusable(AppError):
    """That can't be the probability from which on rows count as the positive outcome."""

    code = "threshold_unusable"
    message = "This threshold can't be used: {problem}."
    hint = "Give a number between 0 and 1, or one of half, as_trained and best_f1, to a model of a yes/no question."
    problem: str


class NoFeatures(AppError):
    """Nothing is left to learn from."""

    code = "no_features"
    message = "No column is left to predict '{target}' from. {reasons}"
    hint = (
        "Add columns that say something about the outcome, or keep those that are known before it (`keep`)."
    )
    target: str
    reasons: str


class NameUnusable(AppError):
    """A model can't be called that."""

    code = "name_unusable"
    message = "A model's name can have at most {longest} printable characters."
    hint = "Shorten the name, or use plain letters."
    longest: int


class TooManyWaiting(TooManyRequests):
    """One user's trainings are all that could be done for a while."""

    code = "too_many_waiting"
    message = "You have {n_waiting:training|trainings} in the queue, and no more can wait at a time."
    hint = "Wait until one has begun, or cancel one."
    n_waiting: int


class ModelFileChanged(Internal):
    """The bytes of a model's file are not those that were saved, or it is gone."""

    code = "model_file_changed"
    message = "The model's file {file_name} is {found}, so it was not opened."
    hint = "Train the model again, or restore the file from a backup."
    file_name: str
    found: str


class ModelFileUntrusted(Internal):
    """A model's file holds types outside the fixed list, or can't be read as a model at all."""

    code = "model_file_untrusted"
    message = "The model's file {file_name} was refused: {reason}."
    hint = "Train the model again in this app; files from elsewhere are not loaded."
    file_name: str
    reason: str


class AnswerUnusable(Clash):
    """What came back from a model's process is no answer."""

    code = "answer_unusable"
    message = "The model's process did not answer properly: {problem}."
    hint = "Try again. If it happens again, train the model anew."
    problem: str


class NoAnswer(AnswerUnusable):
    """The process that serves a model has closed the connection, or takes none: it may have ended."""


NEED_ANOTHER_FILE: Final = frozenset(
    error.code
    for error in (
        *(TargetMissing, TargetEmpty, TargetTooLarge, OneClassOnly, TooFewRows),
        *(RareClass, TooManyClasses, NoFeatures, TaskImpossible, SplitUnusable),
    )
)
"""Codes of failures that the same file brings about again, unless it is asked for something else."""
