"""What a model's own code says is an answer only where every cell of it is one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.models.errors import AnswerUnusable
from core.models.schema import Schema
from core.models.served import answers

BINARY = Schema((), "left", "binary", ("No", "Yes"), "Yes")
NUMBER = Schema((), "price", "regression")


def test_probabilities_and_numbers_pass() -> None:
    assert answers.of_json([[0.25, 0.75], [1, 0]], schema=BINARY, n_rows=2).tolist() == [[0.25, 0.75], [1, 0]]
    assert answers.of_json([1, 2.5], schema=NUMBER, n_rows=2).tolist() == [1.0, 2.5]
    content = np.array([[0.25, 0.75]], "<f8").tobytes()
    assert answers.of_floats(content, schema=BINARY, n_rows=1).tolist() == [[0.25, 0.75]]


@pytest.mark.parametrize(
    "said",
    [
        None, {}, [], [[0.5, 0.5]] * 2, [[0.5]], [[0.5, 0.25, 0.25]], [0.5], [["0.5", "0.5"]], [[True, False]],
        [[0.5, 0.6]], [[-0.1, 1.1]], [[float("nan"), 1.0]], [[float("inf"), 0.0]], [[10**400, 0]], [None],
    ],
)  # fmt: skip
def test_nothing_else_does(said: Any) -> None:
    with pytest.raises(AnswerUnusable):
        answers.of_json(said, schema=BINARY, n_rows=1)


@pytest.mark.parametrize("said", [[float("nan")], [float("inf")], [True], ["1"], [[1.0]], [10**400], [None]])
def test_of_a_number_neither(said: Any) -> None:
    with pytest.raises(AnswerUnusable):
        answers.of_json(said, schema=NUMBER, n_rows=1)


@pytest.mark.parametrize("content", [b"", b"x" * 8, b"x" * 15, b"\xff" * 16])
def test_bytes_that_are_no_floats_of_so_many_rows_are_refused(content: bytes) -> None:
    with pytest.raises(AnswerUnusable):
        answers.of_floats(content, schema=BINARY, n_rows=1)


@pytest.mark.parametrize("value", [1e101, -1e308])
def test_a_number_whose_square_is_infinite_is_no_prediction(value: float) -> None:
    with pytest.raises(AnswerUnusable, match="beyond 1e\\+100"):
        answers.of_json([value], schema=NUMBER, n_rows=1)
    with pytest.raises(AnswerUnusable, match="beyond 1e\\+100"):
        answers.of_floats(np.array([value], "<f8").tobytes(), schema=NUMBER, n_rows=1)
