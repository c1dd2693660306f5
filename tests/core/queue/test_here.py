"""This process's own runner is asked, if there is one."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from core.queue import here


def test_without_a_runner_the_caller_is_told() -> None:
    here.serve(None)
    with pytest.raises(here.NoRunner, match="make run"):
        here.run_now(uuid4())


def test_the_runner_that_serves_is_asked_until_it_ends() -> None:
    asked: list[UUID] = []
    task_id = uuid4()
    here.serve(asked.append)
    here.run_now(task_id)
    assert asked == [task_id]
    here.serve(None)
    with pytest.raises(here.NoRunner):
        here.run_now(task_id)
