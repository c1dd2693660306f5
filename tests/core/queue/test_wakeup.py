"""An idle worker hears of new tasks."""

from __future__ import annotations

import select

import pytest

from core import db, queue
from tests.core.queue.conftest import Line
from tests.faults import steps
from tests.servers.postgres import Cluster
from tests.servers.waiting import wait_for


def test_the_first_look_always_pays(line: Line, database: db.Database) -> None:
    watching = queue.watch(database)
    assert watching.changed()
    watching.close()


def test_a_new_task_is_heard_of_and_silence_is_silence(line: Line, database: db.Database) -> None:
    watching = queue.watch(database)
    watching.changed()
    assert not watching.changed()
    line.add()
    if (fd := watching.fileno()) is not None:
        assert select.select([fd], [], [], 10)[0] == [fd]
    assert wait_for(watching.changed, what="word of the new task")
    assert not watching.changed()
    watching.close()


def test_a_task_that_was_rolled_back_wakes_nobody(line: Line, database: db.Database) -> None:
    watching = queue.watch(database)
    watching.changed()
    with pytest.raises(ZeroDivisionError):
        _add_and_fail(line)
    assert not watching.changed()
    watching.close()


def _add_and_fail(line: Line) -> None:
    with db.session_scope(line.user, write=True) as session:
        steps.enqueue(session, user=line.user)
        raise ZeroDivisionError


def test_a_postgres_that_is_gone_is_noticed(postgres_database: db.Database, postgres: Cluster) -> None:
    watching = queue.watch(postgres_database)
    watching.changed()
    with (
        postgres_database.engine.connect() as connection
    ):  # as the owner: no worker ends another's connection
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND datname = current_database() AND usename = current_user"
        )
    with pytest.raises(db.DatabaseUnavailable):
        wait_for(watching.changed)
    watching.close()


def test_a_database_that_is_not_there_can_not_be_watched() -> None:
    for url in ("postgresql+psycopg://nobody@127.0.0.1:1/nothing", "sqlite:////proc/nothing.sqlite3"):
        database = db.connect(url)
        with pytest.raises(db.DatabaseUnavailable):
            queue.watch(database)
        database.engine.dispose()
