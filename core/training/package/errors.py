"""Why there is nothing to pack."""

from __future__ import annotations

from core.errors import Clash, Invalid


class NothingToPack(Clash):
    """A model of which no package can be made."""

    code = "nothing_to_pack"
    message = "There is no package of {model}: it {problem}."
    hint = "Choose a file and the column to predict instead."
    model: str
    problem: str


class NotSaidOfWhat(Invalid):
    """Neither a model nor a file and a target were named, or both."""

    code = "package_of_what"
    message = "A package is made of a model, or of a file and the column to predict."
    hint = "Pass model_id, or upload_id and target."
    problem: str = ""
    remedy: str = ""
