"""Why there is nothing to pack."""

from __future__ import annotations

from core.errors import AppError, Clash, Invalid, Unavailable


class NotDivided(Unavailable):
    """The process that decides which rows a package learns from, and which columns, came to no answer."""

    code = "package_not_divided"
    message = (
        "Which rows and columns the package learns from could not be decided: the process for it {problem}."
    )
    hint = "Try again when the machine has less to do, or make the package of a smaller file."
    problem: str


class NothingToPack(Clash):
    """A model of which no package can be made."""

    code = "nothing_to_pack"
    message = "There is no package of {model}: it {problem}."
    hint = "Choose a file and the column to predict instead."
    model: str
    problem: str


class SaidByModel(Invalid):
    """A package of a model is asked for, and something that the model says itself."""

    code = "package_of_what"
    message = "A package of a model trains as the model was trained, so {stated} can't be chosen."
    hint = "Leave it out, or pass upload_id and target in place of model_id."
    stated: str
    problem: str = ""
    remedy: str = ""


class RuleNotForPackage(AppError):
    """A threshold that follows from rows which only the package will measure."""

    code = "threshold_unusable"
    message = "A package can't find the threshold '{rule}', as its rows are measured on your machine."
    hint = "Give a number between 0 and 1, or train here and make the package of that model."
    rule: str


class NotSaidOfWhat(Invalid):
    """Neither a model nor a file and a target were named, or both."""

    code = "package_of_what"
    message = "A package is made of a model, or of a file and the column to predict."
    hint = "Pass model_id, or upload_id and target."
    problem: str = ""
    remedy: str = ""
