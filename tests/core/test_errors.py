"""What a deliberate failure says."""

from __future__ import annotations

import copy

import pytest

from core.errors import AppError, NotFound, counted


class Late(AppError):
    """A failure with every kind of fact."""

    code = "late"
    message = (
        "{name} came {n_minutes:minute} late on line {line_id}; {n_waiting:person was|people were} waiting."
    )
    hint = "Leave {n_minutes} earlier."
    name: str
    n_minutes: int
    n_waiting: int
    line_id: int


def test_a_number_stands_with_its_noun_and_an_id_as_it_is() -> None:
    late = Late(name="Ann", n_minutes=1500, n_waiting=1, line_id=2000)
    assert late.message == "Ann came 1,500 minutes late on line 2000; 1 person was waiting."
    assert late.hint == "Leave 1,500 earlier."
    assert str(late) == f"{late.message} {late.hint}"
    alone = Late(name="Bo", n_minutes=1, n_waiting=0, line_id=1)
    assert alone.message == "Bo came 1 minute late on line 1; 0 people were waiting."


@pytest.mark.parametrize(
    ("n", "resource", "said"),
    [(1, "row", "1 row"), (0, "row", "0 rows"), (2000, "row has|rows have", "2,000 rows have")],
)
def test_a_count_agrees_with_its_noun(n: int, resource: str, said: str) -> None:
    assert counted(n, resource) == said


def test_what_somebody_sent_is_not_said_back_without_end() -> None:
    said = str(NotFound(resource="model", id="a" * 900_000))
    assert "aaa…" in said
    assert len(said) < 1_200


def test_a_failure_can_be_told_from_another_process() -> None:
    told = copy.deepcopy(NotFound(resource="upload", id=7))  # taken apart and put together as Dask does it
    assert (type(told), str(told)) == (NotFound, str(NotFound(resource="upload", id=7)))
