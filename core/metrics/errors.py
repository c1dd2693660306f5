"""What can be wrong with the arrays that are to be measured."""

from __future__ import annotations

from core.errors import Internal


class LengthMismatch(Internal):
    """Two arrays that describe the same rows differ in length."""

    code = "length_mismatch"
    message = "There are {n_outcomes} outcomes for {n_predictions} predictions."
    hint = "Give one outcome for each prediction, in the same order."
    n_outcomes: int
    n_predictions: int


class NotAScore(Internal):
    """A score is no probability: below 0, above 1, or no number."""

    code = "not_a_score"
    message = "{n_bad} of {n_scores} scores are not numbers from 0 to 1."
    hint = "Leave out rows without a score, and give probabilities."
    n_bad: int
    n_scores: int


class NotAHistogram(Internal):
    """A score histogram has the wrong number of bins, or a bin below zero."""

    code = "not_a_histogram"
    message = (
        "A score histogram has {n_expected} bins with counts of 0 or more;"
        " this one has the shape {shape}, and its least count is {least}."
    )
    hint = "Count the scores again."
    n_expected: int
    shape: tuple[int, ...]
    least: int


class NotNumbers(Internal):
    """A value to be measured is missing or infinite."""

    code = "not_numbers"
    message = "{n_bad} of {n_values} values are missing or infinite."
    hint = "Leave out the rows whose outcome or prediction is unknown."
    n_bad: int
    n_values: int


class BadBands(Internal):
    """Edges of risk bands that do not rise inside 0 to 1, or do not fit their names."""

    code = "bad_bands"
    message = "The edges {edges} do not divide 0–1 into {n_names} bands."
    hint = "Give increasing edges between 0 and 1, one fewer than there are names."
    edges: tuple[float, ...]
    n_names: int


class UnknownTask(Internal):
    """Stored metrics of a kind that this version does not know."""

    code = "unknown_task"
    message = "The stored metrics have an unknown type, '{task}'."
    hint = "Score the file again, or update the app."
    task: str
