"""What a model's own code says of rows, looked at cell by cell before it counts as an answer."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from core.models.errors import AnswerUnusable
from core.models.schema import Schema

SUM_MARGIN: Final = 1e-6
MOST_WHOLE: Final = 2**53  # of a number written without a point; larger ones are no sensible answer
MARGIN: Final = 1e-9
LARGEST: Final = 1e100  # of a number that is predicted: as of a target, the sums of squares have to be finite


def width(schema: Schema) -> int:
    """How many numbers answer a row."""
    return len(schema.labels) or 1


def of_json(said: Any, *, schema: Schema, n_rows: int) -> np.ndarray:
    """(n, k) probabilities in the order of the schema's labels, or (n,) numbers. Raises AnswerUnusable."""
    if not isinstance(said, list) or len(said) != n_rows:
        found = f"{len(said):,} rows" if isinstance(said, list) else "no list"
        raise AnswerUnusable(problem=f"there are predictions of {found} in place of {n_rows:,}")
    if schema.task == "regression":
        if not all(_is_finite(value) for value in said):
            raise AnswerUnusable(problem="some predictions are not finite numbers")
    elif not all(_is_row(row, width(schema)) for row in said):
        problem = f"a prediction is not {width(schema)} probabilities from 0 to 1, one for each label"
        raise AnswerUnusable(problem=problem)
    return checked(np.array(said, dtype=np.float64), schema=schema, n_rows=n_rows)


def of_floats(content: bytes, *, schema: Schema, n_rows: int) -> np.ndarray:
    """The same of little-endian 64-bit floats, row by row. Raises AnswerUnusable."""
    if len(content) != n_rows * width(schema) * 8:
        raise AnswerUnusable(problem=f"there are not as many predictions as the {n_rows:,} rows need")
    return checked(np.frombuffer(content, dtype="<f8"), schema=schema, n_rows=n_rows)


def checked(answers: np.ndarray, *, schema: Schema, n_rows: int) -> np.ndarray:
    """The answers in their shape, where each is finite and each row of probabilities adds up to 1.

    Raises AnswerUnusable.
    """
    if not np.isfinite(answers).all():
        raise AnswerUnusable(problem="some predictions are not finite numbers")
    if schema.task == "regression":
        if (np.abs(answers) > LARGEST).any():
            raise AnswerUnusable(problem=f"some predictions are beyond {LARGEST:.0e}")
        return answers.reshape(n_rows)
    shares = answers.reshape(n_rows, width(schema))
    if ((shares < -SUM_MARGIN) | (shares > 1 + SUM_MARGIN)).any():
        raise AnswerUnusable(problem="a probability is not from 0 to 1")
    if not np.allclose(shares.sum(axis=1), 1.0, rtol=0, atol=SUM_MARGIN):
        raise AnswerUnusable(problem="the probabilities of a row don't add up to 1")
    clipped: np.ndarray = np.clip(shares, 0.0, 1.0)
    return clipped


def _is_row(row: Any, width: int) -> bool:
    return isinstance(row, list) and len(row) == width and all(map(_is_finite, row))


def _is_finite(value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) <= MOST_WHOLE
    return isinstance(value, float) and math.isfinite(value)


def are_equal(answers: Any, expected: Any) -> bool:
    """Whether these are the numbers that were expected, list by list."""
    if isinstance(answers, list):
        return (
            isinstance(expected, list)
            and len(answers) == len(expected)
            and all(map(are_equal, answers, expected))
        )
    return bool(abs(answers - expected) <= MARGIN * max(1.0, abs(expected)))
