"""Whose task is next: users take turns, within a turn the small goes first, and nobody waits for ever."""

from __future__ import annotations

from uuid import UUID

import pytest

from core import db, queue
from tests.core.queue.conftest import Line
from tests.core.queue.test_queue_position import position
from tests.faults.pooled_steps import TRAINING


@pytest.fixture
def other(line: Line, stranger: db.User) -> Line:
    """The same queue as another user sees it."""
    return Line(stranger, line.clock)


def drained(line: Line) -> list[UUID]:
    """The tasks in the order in which one worker does them."""
    done = []
    while (task := line.claim()) is not None:
        line.settle(task)
        done.append(task.id)
    return done


def test_whoever_has_none_comes_next_however_many_another_has(line: Line, other: Line) -> None:
    flood = [line.add() for _ in range(15)]
    running = [line.settle(line.claimed()).id for _ in range(4)] + [line.claimed().id]
    newcomer = other.add()
    assert running == flood[:5]
    assert position(other, newcomer).n_before == 0
    assert position(line, flood[5]).n_before == 1
    assert line.claimed().id == newcomer


def test_first_tasks_line_up_in_the_order_in_which_they_came(line: Line, other: Line) -> None:
    mine, theirs = [line.add() for _ in range(3)], [other.add() for _ in range(3)]
    assert drained(line) == [mine[0], theirs[0], mine[1], theirs[1], mine[2], theirs[2]]


def test_two_who_have_many_take_turns(line: Line, other: Line) -> None:
    mine = [line.add() for _ in range(4)]
    line.claimed()
    theirs = [other.add() for _ in range(3)]
    assert drained(line) == [theirs[0], mine[1], theirs[1], mine[2], theirs[2], mine[3]]


def test_what_somebody_had_done_long_ago_is_not_held_against_them(line: Line, other: Line) -> None:
    for _ in range(20):
        line.add()
    drained(line)
    theirs = [other.add() for _ in range(5)]
    mine = line.add()
    assert drained(line).index(mine) == 1, theirs


def test_nobody_waits_for_ever_because_others_ask_anew_each_time(line: Line, other: Line) -> None:
    line.add()
    second = line.add()
    other.add()
    taken = []
    while second not in taken and len(taken) < 10:
        task = line.claimed()
        taken.append(task.id)
        other.add()
        line.settle(task)
        other.add()
    assert taken.index(second) <= 4


def test_within_a_turn_the_small_goes_first(line: Line, other: Line) -> None:
    large, small = line.add(size=5_000_000), other.add(size=300)
    assert drained(line) == [small, large]
    large, alike = line.add(size=900), other.add(size=300)
    assert drained(line) == [large, alike], "both have three digits: the one that came first goes first"


def test_a_large_one_waits_for_the_small_of_its_own_turn_alone(line: Line, other: Line) -> None:
    large = line.add(size=5_000_000)
    other.add(size=300)
    line.settle(line.claimed())
    other.add(size=300)
    assert line.claimed().id == large


def test_turns_are_those_of_one_kind_and_one_priority(line: Line, other: Line) -> None:
    for _ in range(3):
        line.add()
        line.add(kind=TRAINING)
    first = line.add(priority=-10)
    assert line.row(first).turn == line.row(other.add(priority=-10)).turn
    assert line.row(other.add(kind=TRAINING)).turn < line.row(line.add(kind=TRAINING)).turn


def test_prioritized_tasks_have_turns_among_themselves(line: Line, other: Line) -> None:
    mine = [line.add() for _ in range(3)]
    theirs = other.add()

    def prioritize(whose: Line, task_id: UUID) -> None:
        with db.session_scope(whose.user, write=True) as session:
            queue.prioritize(session, task_id=task_id)

    for task_id in reversed(mine):
        prioritize(line, task_id)
    prioritize(other, theirs)
    prioritize(line, mine[2])  # once more: it has its turn already
    assert drained(line) == [mine[2], theirs, mine[1], mine[0]]


def test_what_is_handed_back_keeps_its_turn_and_what_asks_to_go_on_later_lines_up_anew(
    line: Line, other: Line
) -> None:
    task_id, theirs = line.add(), other.add()
    line.release(line.claimed())
    task = line.claimed()
    assert task.id == task_id
    with db.session_scope(db.WORKER, write=True) as session:
        queue.release(session, task_id=task.id, attempt=task.attempt, delay_s=0.0)
    assert drained(line) == [theirs, task_id]
