"""What a monitor is told of the queue, on each kind of database."""

from __future__ import annotations

import pytest

from core import db
from core.queue import TaskState, figures
from core.queue.figures import LATELY_S, Settled, Unsettled
from tests.core.queue.conftest import Line
from tests.faults import steps


def test_what_waits_and_runs_is_counted_with_its_age(line: Line) -> None:
    with db.session_scope(db.WORKER) as session:
        assert figures.unsettled(session) == []
        assert figures.settled(session) == []
    line.add()
    line.clock.advance(20)
    line.add()
    line.add()
    line.claimed()
    line.clock.advance(10)
    with db.session_scope(db.WORKER) as session:
        found = figures.unsettled(session)
    assert [(one.kind, one.state, one.n) for one in found] == [
        (steps.KIND, "QUEUED", 2),
        (steps.KIND, "RUNNING", 1),
    ]
    assert [one.oldest_s for one in found] == pytest.approx([10.0, 30.0], abs=0.001)
    assert isinstance(found[0], Unsettled)


def test_what_ended_is_told_for_an_hour_with_what_it_took(line: Line) -> None:
    for waits_s, runs_s in ((1, 5), (2, 20)):
        line.add()
        line.clock.advance(waits_s)
        task = line.claimed()
        line.clock.advance(runs_s)
        line.settle(task)
    line.add()
    line.settle(line.claimed(), TaskState.FAILED)
    with db.session_scope(db.WORKER) as session:
        failed, done = figures.settled(session)
    assert isinstance(done, Settled)
    assert (done.kind, done.state, done.n) == (steps.KIND, "SUCCEEDED", 2)
    seconds = [done.waited_s, done.longest_wait_s, done.ran_s, done.longest_run_s]
    assert seconds == pytest.approx([3.0, 2.0, 25.0, 20.0], abs=0.001)
    assert (failed.state, failed.n) == ("FAILED", 1)
    line.clock.advance(LATELY_S)
    with db.session_scope(db.WORKER) as session:
        assert figures.settled(session) == []
