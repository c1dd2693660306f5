"""Which workers are there."""

from __future__ import annotations

import os
from uuid import uuid4

from core import db
from core.queue import Pool, workers
from tests.clocks import HeldClock


def _beat(worker_id: object) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        workers.beat(session, worker_id=worker_id, pools={Pool.SCORING: 2}, is_embedded=True)  # type: ignore[arg-type]


def _alive() -> list[workers.Worker]:
    with db.session_scope(db.WORKER) as session:
        return workers.alive(session)


def test_nobody_was_ever_there(database: db.Database) -> None:
    assert _alive() == []
    with db.session_scope(db.WORKER) as session:
        assert workers.last_seen(session) is None


def test_a_worker_that_beats_is_alive_until_it_falls_silent(database: db.Database, clock: HeldClock) -> None:
    worker_id, started_at = uuid4(), clock.at
    _beat(worker_id)
    clock.advance(10)
    _beat(worker_id)
    (worker,) = _alive()
    assert (worker.id, worker.pid, worker.slots, worker.is_embedded) == (worker_id, os.getpid(), 2, True)
    assert (worker.started_at, worker.beat_at) == (started_at, clock.at)
    clock.advance(workers.ALIVE_S)
    assert _alive() == []
    with db.session_scope(db.WORKER) as session:
        assert workers.last_seen(session) == worker.beat_at


def test_a_worker_that_leaves_is_gone_at_once(database: db.Database, clock: HeldClock) -> None:
    staying, leaving = uuid4(), uuid4()
    _beat(leaving)
    clock.advance(1)
    _beat(staying)
    clock.advance(1)
    with db.session_scope(db.WORKER, write=True) as session:
        workers.leave(session, worker_id=leaving)
    assert [worker.id for worker in _alive()] == [staying]
    with db.session_scope(db.WORKER) as session:
        assert workers.last_seen(session) == clock.at


def test_workers_are_listed_oldest_first(database: db.Database, clock: HeldClock) -> None:
    ids = [uuid4() for _ in range(4)]
    for worker_id in ids:
        _beat(worker_id)
        clock.advance(1)
    assert [worker.id for worker in _alive()] == ids
