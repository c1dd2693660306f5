"""What the queue forgets, and what it keeps."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from core import db, queue
from core.db.tables.idempotency_keys import IdempotencyKeyRow
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.tasks import TaskRow, WorkerRow
from core.db.tables.uploads import UploadRow
from core.db.types import now_plus
from core.queue import Pool, TaskState, retention
from tests.core.queue.conftest import Line

MONTH_S = 30 * 86_400.0


def find(line: Line) -> list[retention.Expired]:
    with db.session_scope(db.WORKER) as session:
        return retention.find(session, tasks_after_s=MONTH_S)


def remove(found: list[retention.Expired]) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        retention.remove(session, found)


def sweep(line: Line) -> list[retention.Expired]:
    """Find and remove, as the runner does."""
    found = find(line)
    remove(found)
    return found


def ids(found: list[retention.Expired], rows: type[TaskRow] | type[WorkerRow]) -> list[UUID]:
    """Of what was found, which must be of one table alone."""
    (one,) = found
    assert one.rows is rows
    return [found_id for (found_id,) in one.keys]


def settled(line: Line, state: TaskState = TaskState.SUCCEEDED, **options: str) -> UUID:
    task_id = line.add(**options)
    line.settle(line.claimed(), state)
    return task_id


def there(row: type[TaskRow] | type[WorkerRow]) -> set[UUID]:
    with db.session_scope(db.WORKER) as session:
        return {found.id for found in session.query(row)}


def point_to(line: Line, *, model_task: UUID, prediction_task: UUID) -> None:
    """A model and a prediction of it, each the resource of one task."""
    with db.session_scope(db.WORKER, write=True) as session:
        upload = UploadRow(
            user_id=line.user.id, file_name="a.csv", storage_key="a", size_bytes=1, sha256="0",
            n_rows=1, n_columns=1, receipt={},
        )  # fmt: skip
        model = ModelRow(
            user_id=line.user.id, name="m", version=1, target="t", data_name="a.csv", data_sha256="0",
            task_id=model_task,
        )  # fmt: skip
        session.add_all([upload, model])
        session.flush()
        session.add(
            PredictionRow(
                user_id=line.user.id, upload_id=upload.id, model_id=model.id, task_id=prediction_task,
                mode="queued",
            )
        )  # fmt: skip


@pytest.mark.parametrize("state", sorted(queue.SETTLED))
def test_a_task_settled_long_ago_goes(line: Line, state: TaskState) -> None:
    old = settled(line, state)
    line.clock.advance(MONTH_S - 10)
    young = settled(line, state)
    assert not sweep(line)
    line.clock.advance(11)
    assert ids(sweep(line), TaskRow) == [old]
    assert there(TaskRow) == {young}


def test_a_task_that_waits_or_runs_stays_however_old_it_is(line: Line) -> None:
    line.add()
    running = line.claimed()
    waiting = line.add()
    line.clock.advance(2 * MONTH_S)
    assert not sweep(line)
    assert there(TaskRow) == {running.id, waiting}


def test_a_task_that_a_resource_points_to_stays(line: Line) -> None:
    of_model, of_prediction, of_nothing = settled(line), settled(line), settled(line)
    point_to(line, model_task=of_model, prediction_task=of_prediction)
    line.clock.advance(2 * MONTH_S)
    assert ids(sweep(line), TaskRow) == [of_nothing]
    assert there(TaskRow) == {of_model, of_prediction}


def test_a_task_that_was_pointed_to_after_it_was_found_stays(line: Line) -> None:
    late = settled(line)
    line.clock.advance(2 * MONTH_S)
    found = find(line)
    point_to(line, model_task=late, prediction_task=late)
    remove(found)
    assert ids(found, TaskRow) == [late]
    assert there(TaskRow) == {late}


def test_what_must_not_be_done_twice_is_remembered(line: Line) -> None:
    once = settled(line, dedupe_key="sample")
    line.clock.advance(2 * MONTH_S)
    assert not sweep(line)
    assert there(TaskRow) == {once}


def test_keys_of_calls_that_nobody_repeats_any_more_are_forgotten(line: Line) -> None:
    def used(key: str) -> IdempotencyKeyRow:
        now = now_plus()
        return IdempotencyKeyRow(user_id=line.user.id, key=key, request_sha256="0", created_at=now)

    def kept() -> set[str]:
        with db.session_scope(db.WORKER) as session:
            return set(session.execute(sa.select(IdempotencyKeyRow.key)).scalars())

    with db.session_scope(line.user, write=True) as session:
        session.add_all([used("once"), used("again")])
    line.clock.advance(retention.KEYS_S + 1)
    with db.session_scope(line.user, write=True) as session:
        session.add(used("young"))
    (found,) = find(line)
    assert {key for _, key in found.keys} == {"once", "again"}
    with db.session_scope(line.user, write=True) as session:  # somebody uses one of them before it is removed
        session.execute(
            sa.update(IdempotencyKeyRow).where(IdempotencyKeyRow.key == "again").values(created_at=now_plus())
        )
    remove([found])
    assert kept() == {"again", "young"}


def test_workers_that_are_long_gone_are_forgotten_but_for_the_last(line: Line) -> None:
    left, silent, last = uuid4(), uuid4(), uuid4()
    for worker_id in (left, silent, last):
        with db.session_scope(db.WORKER, write=True) as session:
            queue.workers.beat(
                session,
                worker_id=worker_id,
                pools={Pool.SCORING: 1},
                is_embedded=True,
            )
            if worker_id == left:
                queue.workers.leave(session, worker_id=worker_id)
        line.clock.advance(1)
    seen_at = line.clock.at
    line.clock.advance(retention.WORKERS_S - 10)
    assert not sweep(line)
    line.clock.advance(11)
    assert set(ids(sweep(line), WorkerRow)) == {left, silent}
    assert there(WorkerRow) == {last}
    with db.session_scope(db.WORKER) as session:
        found_at = queue.workers.last_seen(session)
    assert found_at is not None
    assert (seen_at - found_at).total_seconds() == 1
