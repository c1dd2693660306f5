"""What Home knows of trainings, however many there are."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from core import db, queue
from core.models import models
from core.settings import Settings
from core.storage import LocalStorage
from core.ui.home import home_data
from tests import journeys, made


def test_every_training_counts_the_running_one_first_then_the_oldest_that_waits(
    database: db.Database, settings: Settings, storage: LocalStorage, user: db.User
) -> None:
    upload = journeys.upload_bytes(user, made.CSV, settings=settings, files=storage)
    asked = []
    for _ in range(25):
        with db.session_scope(user, write=True) as session:
            asked.append(models.request_training(session, upload=upload, target="churned"))
    with db.session_scope(db.WORKER, write=True) as session:
        queue.claim_one(session, task_id=asked[7].task_id, worker_id=uuid4(), lease_s=30)
    pulse = journeys.ask(user, lambda session: home_data.pulse(session, now=datetime.now(UTC)))
    assert pulse.n_moving == 25
    assert [item.id for item in pulse.active[:3]] == [asked[7].id, asked[0].id, asked[1].id]


def test_a_failed_training_is_told_until_another_of_its_file_is_begun(
    database: db.Database, settings: Settings, storage: LocalStorage, user: db.User
) -> None:
    upload = journeys.upload_bytes(user, made.CSV, settings=settings, files=storage)

    def fail(name: str) -> None:
        with db.session_scope(user, write=True) as session:
            task_id = models.request_training(session, upload=upload, target="churned", name=name).task_id
        with db.session_scope(db.WORKER, write=True) as session:
            task = queue.claim_one(session, task_id=task_id, worker_id=uuid4(), lease_s=30)
            assert task is not None
            reason = queue.Reason(code="x", message="Too few rows.", hint="")
            queue.settle(
                session, task_id=task_id, attempt=task.attempt, state=queue.TaskState.FAILED, reason=reason
            )

    def told() -> list[str]:
        pulse = journeys.ask(user, lambda session: home_data.pulse(session, now=datetime.now(UTC)))
        return [item.text for item in pulse.failed]

    fail("First")
    assert told() == ["**First** could not be trained"]
    fail("Second")
    assert told() == ["**Second** could not be trained"]
    with db.session_scope(user, write=True) as session:
        models.request_training(session, upload=upload, target="churned", name="Third")
    assert told() == []
