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
    asked: list[tuple[UUID, bool]] = []
    task_id = uuid4()
    local_runner.serve(lambda task_id, /, *, once: asked.append((task_id, once)))
    local_runner.run_now(task_id)
    local_runner.run_now(task_id, once=True)
    assert asked == [(task_id, False), (task_id, True)]
    local_runner.serve(None)
    for once in (False, True):
        with pytest.raises(local_runner.NoRunner):
            local_runner.run_now(task_id, once=once)
