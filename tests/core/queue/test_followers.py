"""A resource whose status follows its task."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa

from core import db, queue
from core.db.tables.models import ModelRow
from core.queue import TaskState
from tests import rows
from tests.core.queue.conftest import Line

STATUSES = dict.fromkeys(TaskState, "training") | {TaskState.SUCCEEDED: "ready"}
follow = queue.follower(
    ModelRow,
    statuses=STATUSES,
    transitions={"training": {"training", "ready"}, "ready": set()},
    values=lambda task: {"name": f"attempt {task.attempt}"},
)


def model_of(line: Line, task_id: UUID) -> tuple[str, str]:
    with db.session_scope(db.WORKER) as session:
        query = sa.select(ModelRow.status, ModelRow.name).where(ModelRow.task_id == task_id)
        status, name = session.execute(query).one()
    return status, name


def told(task: queue.Task) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        follow(session, task)


def test_the_row_has_the_status_of_the_state_and_the_values_of_the_task(line: Line) -> None:
    task_id = line.add()
    rows.add(ModelRow.__table__, owner=line.user.id, task_id=task_id, status="training")  # type: ignore[arg-type]
    task = line.claimed()
    told(task)
    assert model_of(line, task_id) == ("training", "attempt 1")
    told(line.settle(task))
    assert model_of(line, task_id) == ("ready", "attempt 1")


def test_a_row_that_may_not_follow_stops_the_move_and_one_that_is_gone_does_not(line: Line) -> None:
    task_id = line.add()
    rows.add(ModelRow.__table__, owner=line.user.id, task_id=task_id, status="ready")  # type: ignore[arg-type]
    task = line.claimed()
    with pytest.raises(RuntimeError, match="its row of ai_models can't become training"):
        told(task)
    line.add()
    told(line.claimed())
