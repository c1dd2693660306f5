"""What Home makes of what it reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from core import db, queue
from core.predictions import predictions
from core.settings import Settings
from core.storage import LocalStorage
from core.ui.home import home_data
from tests import journeys, made

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_what_was_made_or_begun_elsewhere_changes_the_state_of_the_desk(
    settings: Settings, storage: LocalStorage, user: db.User
) -> None:
    def state() -> object:
        with db.session_scope(user) as session:
            return home_data.pulse(session, now=NOW).state

    states = [state()]
    upload = journeys.upload_bytes(user, made.CSV, settings=settings, files=storage)
    states.append(state())
    model = made.ready_model(user, upload)  # begun and ended between two looks
    states.append(state())
    with db.session_scope(user, write=True) as session:
        prediction = predictions.create(session, upload_id=upload.id, model_id=model.id)
    states.append(state())
    _claim(prediction.task_id)
    states.append(state())
    assert len(set(states)) == 5
    assert state() == states[-1]


def test_what_waits_is_stalled_until_a_worker_or_anybodys_click_does_a_task(
    database: db.Database, settings: Settings, storage: LocalStorage, user: db.User, stranger: db.User
) -> None:
    def is_stalled() -> bool:
        with db.session_scope(user) as session:
            return home_data.pulse(session, now=NOW).is_stalled

    assert not is_stalled(), "nothing waits"
    upload = journeys.upload_bytes(user, made.CSV, settings=settings, files=storage)
    made.queued(user, upload, made.ready_model(user, upload))
    assert is_stalled()
    with db.session_scope(stranger, write=True) as session:
        clicked = queue.enqueue(session, kind_name="models.train", user_id=stranger.id, payload={})
    attempt = _claim(clicked)
    assert not is_stalled(), "somebody's click does a task"
    with db.session_scope(db.WORKER, write=True) as session:
        queue.release(session, task_id=clicked, attempt=attempt)
    assert is_stalled(), "nothing does any task any more"
    with db.session_scope(db.WORKER, write=True) as session:
        queue.workers.beat(session, worker_id=uuid4(), pools={queue.Pool.SCORING: 1}, is_embedded=False)
    assert not is_stalled(), "there is a worker"


def test_what_waits_is_stalled_though_a_worker_that_is_gone_left_a_task_half_done(
    database: db.Database, settings: Settings, storage: LocalStorage, user: db.User, stranger: db.User
) -> None:
    upload = journeys.upload_bytes(user, made.CSV, settings=settings, files=storage)
    made.queued(user, upload, made.ready_model(user, upload))
    with db.session_scope(stranger, write=True) as session:
        left = queue.enqueue(session, kind_name="models.train", user_id=stranger.id, payload={})
    _claim(left, lease_s=-1)
    assert journeys.ask(user, lambda session: home_data.pulse(session, now=NOW)).is_stalled


def _claim(task_id: UUID, *, lease_s: float = 60) -> int:
    with db.session_scope(db.WORKER, write=True) as session:
        task = queue.claim_one(session, task_id=task_id, worker_id=uuid4(), lease_s=lease_s)
        assert task is not None
        return task.attempt


def test_one_busy_day_is_no_trace() -> None:
    assert home_data.per_day([(NOW, 5), (NOW - timedelta(hours=1), 7)], now=NOW, zone=UTC) == []


def test_a_trace_sums_by_the_readers_days_and_ends_today() -> None:
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # already the 2nd in Berlin
    moments = [(NOW - timedelta(days=30), 100), (NOW - timedelta(days=3), 4), (late, 2), (NOW, 1)]
    assert home_data.per_day(moments, now=NOW, zone=UTC)[-4:] == [4, 0, 2, 1]
    assert home_data.per_day(moments, now=NOW, zone=ZoneInfo("Europe/Berlin"))[-4:] == [4, 0, 0, 3]
    assert len(home_data.per_day(moments, now=NOW, zone=UTC)) == home_data.DAYS
