"""This process's own runner is asked, if there is one."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from core.queue import local_runner


def test_without_a_runner_the_caller_is_told() -> None:
    local_runner.serve(None)
    with pytest.raises(local_runner.NoRunner, match="make run"):
        local_runner.run_now(uuid4())


def test_the_runner_that_serves_is_asked_until_it_ends() -> None:
    asked: list[UUID] = []
    task_id = uuid4()
    local_runner.serve(asked.append)
    local_runner.run_now(task_id)
    assert asked == [task_id]
    local_runner.serve(None)
    for run in (local_runner.run_now, local_runner.run_once):
        with pytest.raises(local_runner.NoRunner):
            run(task_id)


def test_for_one_attempt_another_function_is_asked_where_there_is_one() -> None:
    for_good: list[UUID] = []
    for_once: list[UUID] = []
    task_id = uuid4()
    local_runner.serve(for_good.append, for_once.append)
    local_runner.run_once(task_id)
    assert (for_good, for_once) == ([], [task_id])
    local_runner.serve(for_good.append)
    local_runner.run_once(task_id)
    assert for_good == [task_id]
    local_runner.serve(None)
