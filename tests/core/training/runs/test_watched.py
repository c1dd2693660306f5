"""Waiting for others: the worker hears that its child is alive, and who cancels is heard."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from core import queue
from core.training.runs.watched import watched
from tests.trainings import Bench, ToldJob


@dataclass
class Reports(ToldJob):
    """Tells the coroutine once its worker has heard of it twice."""

    twice: asyncio.Event = field(default_factory=asyncio.Event)

    def report(self, done: int | None = None, *, total: int | None = None) -> None:
        super().report(done, total=total)
        if self.n_reports == 2:
            self.twice.set()


def test_a_worker_hears_of_a_child_that_waits(small_bench: Bench) -> None:
    task, job = small_bench.claim(small_bench.trigger()), Reports()
    assert watched(task, job, job.twice.wait())
    assert job.n_reports == 2


def test_who_cancels_ends_the_wait(small_bench: Bench) -> None:
    task = small_bench.claim(small_bench.trigger())
    ended = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    with pytest.raises(queue.TaskStopped):
        watched(task, ToldJob(stop=lambda: True), waits())
    assert ended == [True]


def test_what_is_raised_comes_out(small_bench: Bench) -> None:
    async def fails() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        watched(small_bench.claim(small_bench.trigger()), ToldJob(), fails())
