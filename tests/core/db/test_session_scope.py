"""The one way into a transaction: who for, for reading or writing, and how it ends."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import db
from core.db import postgres
from core.db.engine import BUSY_PAUSE_S
from core.db.tables.tasks import TaskRow
from core.db.tables.users import UserRow
from core.settings import Settings
from tests.servers.processes import at_once
from tests.servers.waiting import PATIENCE_S
from tests.together import together


def _names() -> list[str]:
    with db.session_scope(db.WORKER) as session:
        return list(session.execute(sa.select(UserRow.name).order_by(UserRow.name)).scalars())


def test_what_is_written_is_there_afterwards(database: db.Database) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        session.add(UserRow(name="Grace"))
    assert _names() == ["Grace"]


def test_a_scope_for_reading_refuses_to_write(database: db.Database) -> None:
    with pytest.raises(RuntimeError, match="write=True"), db.session_scope(db.WORKER) as session:
        session.add(UserRow(name="Grace"))
        session.flush()
    assert _names() == []


def test_a_statement_in_a_scope_for_reading_leaves_no_trace(database: db.Database) -> None:
    with db.session_scope(db.WORKER) as session:
        session.execute(sa.insert(UserRow).values(id=uuid4(), name="Grace"))
    assert _names() == []


def test_an_error_takes_back_what_was_written(database: db.Database) -> None:
    with pytest.raises(ZeroDivisionError), db.session_scope(db.WORKER, write=True) as session:
        session.add(UserRow(name="Grace"))
        session.flush()
        raise ZeroDivisionError
    assert _names() == []


def test_a_row_that_breaks_a_constraint_is_refused(database: db.Database) -> None:
    with pytest.raises(IntegrityError), db.session_scope(db.WORKER, write=True) as session:
        session.add(UserRow(name="Grace", role="emperor"))
    assert _names() == []


def test_a_row_that_is_there_already_or_builds_on_none_was_a_collision(
    database: db.Database, user: db.User
) -> None:
    for row in (UserRow(id=user.id, name="Grace"), TaskRow(user_id=uuid4(), kind="k", payload={})):
        with pytest.raises(db.Collided), db.session_scope(db.WORKER, write=True) as session:
            session.add(row)
    assert _names() == ["Ada"]


@pytest.mark.postgres
def test_of_two_transactions_that_wait_for_each_other_one_is_told_to_try_again(
    postgres_database: db.Database, user: db.User, stranger: db.User
) -> None:
    both_hold_one = threading.Barrier(2)

    def rename(first: db.User, second: db.User) -> str:
        with db.session_scope(db.WORKER, write=True) as session:
            session.execute(sa.update(UserRow).where(UserRow.id == first.id).values(name="x"))
            both_hold_one.wait(PATIENCE_S)
            session.execute(sa.update(UserRow).where(UserRow.id == second.id).values(name="y"))
        return "done"

    ends = together([partial(rename, user, stranger), partial(rename, stranger, user)])
    assert {type(end) for end in ends} == {str, db.Deadlocked}


def test_the_owner_is_the_user_of_the_scope(database: db.Database, user: db.User) -> None:
    with db.session_scope(user) as session:
        assert db.owner(session) == user.id


def test_the_workers_role_owns_nothing(database: db.Database) -> None:
    with db.session_scope(db.WORKER) as session, pytest.raises(RuntimeError, match="another role"):
        db.owner(session)


def test_a_database_that_is_not_there_is_unavailable() -> None:
    database = db.connect("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(db.DatabaseUnavailable) as raised, db.session_scope(db.WORKER) as session:
        session.execute(sa.text("SELECT 1"))
    database.engine.dispose()
    assert "nobody@" not in str(raised.value)


@pytest.mark.parametrize("damage", [b"this file is no database", b""], ids=["overwritten", "emptied"])
def test_a_damaged_file_is_unavailable(sqlite_database: db.Database, damage: bytes) -> None:
    path = Path(str(sqlite_database.engine.url.database))
    sqlite_database.engine.dispose()
    path.write_bytes(damage)
    with pytest.raises(db.DatabaseUnavailable), db.session_scope(db.WORKER) as session:
        session.execute(sa.select(UserRow))


@pytest.mark.parametrize("is_replaced", [False, True], ids=["removed", "replaced"])
def test_a_file_that_loses_its_name_is_unavailable_rather_than_written_in_vain(
    sqlite_database: db.Database, migrated_sqlite: Path, is_replaced: bool
) -> None:
    assert _names() == []
    path = Path(str(sqlite_database.engine.url.database))
    path.rename(path.with_suffix(".gone"))  # kept, so that its number is not given out again
    if is_replaced:
        shutil.copyfile(migrated_sqlite, path)
    with pytest.raises(db.DatabaseUnavailable, match="removed or replaced"):
        _names()
    with (
        pytest.raises(db.DatabaseUnavailable, match="removed or replaced"),
        db.session_scope(db.WORKER, write=True) as session,
    ):
        session.add(UserRow(name="Grace"))
    assert path.exists() == is_replaced


def test_a_new_file_that_another_process_is_just_switching_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite says at once that it is locked: the lock to write is asked for by who reads already."""
    path = tmp_path / "new.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE made (id INTEGER)")
        other.execute("BEGIN IMMEDIATE")
        pauses: list[float] = []

        def end_after_two(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 2:
                other.execute("COMMIT")

        monkeypatch.setattr("core.db.engine.time.sleep", end_after_two)
        database = db.connect(f"sqlite:///{path}")
        with database.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        database.dispose()
    assert pauses == [BUSY_PAUSE_S] * 2


def test_a_reader_works_while_a_writer_holds_the_lock(sqlite_database: db.Database, user: db.User) -> None:
    with sqlite_database.writing.begin() as writer:
        writer.execute(sa.insert(UserRow).values(id=uuid4(), name="Grace"))
        assert _names() == ["Ada"]  # neither waits for the writer nor sees its row
    assert _names() == ["Ada", "Grace"]


def test_reading_takes_no_write_lock(sqlite_database: db.Database, user: db.User) -> None:
    with db.session_scope(db.WORKER) as session:
        session.execute(sa.select(UserRow)).all()
        other = sqlite_database.engine.raw_connection()
        other.driver_connection.execute("PRAGMA busy_timeout=0")  # type: ignore[union-attr]
        other.driver_connection.execute("BEGIN IMMEDIATE")  # type: ignore[union-attr]  # raises if locked
        other.driver_connection.execute("ROLLBACK")  # type: ignore[union-attr]
        other.invalidate()


READ_THEN_WRITE = """
for _ in range(40):
    with db.session_scope(db.WORKER, write=True) as session:
        n = session.execute(sa.select(UserRow.role, sa.func.count()).group_by(UserRow.role)).all()
        session.add(UserRow(name=str(n)))
print("wrote")
"""
READ = """
last = 0
for _ in range(400):
    with db.session_scope(db.WORKER) as session:
        n = session.execute(sa.select(sa.func.count()).select_from(UserRow)).scalar_one()
    assert n >= last, "a committed row was gone again"
    last = n
print("read")
"""


def test_processes_that_write_and_read_at_once_never_meet_a_locked_database(
    database: db.Database, settings: Settings
) -> None:
    said = at_once(
        *[READ_THEN_WRITE] * 4,
        READ,
        imports="import sys, sqlalchemy as sa; from core import db\n"
        "from core.db.tables.users import UserRow; db.connect(sys.argv[1])",
        arguments=[settings.database],
    )
    assert said == ["wrote"] * 4 + ["read"]
    assert len(_names()) == 160


def test_threads_of_one_process_write_side_by_side(database: db.Database) -> None:
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(25):
                with db.session_scope(db.WORKER, write=True) as session:
                    session.add(UserRow(name="Grace"))
        except db.DatabaseUnavailable as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert failures == []
    assert len(_names()) == 150


def test_connecting_again_leaves_the_first_database(database: db.Database, settings: Settings) -> None:
    assert db.current() is database
    second = db.connect(settings.database)
    assert db.current() is second
    assert _names() == []
    second.engine.dispose()


def test_the_label_of_a_database_holds_no_password() -> None:
    database = db.connect("postgresql+psycopg://ada:hunter2@db.example/desk")
    assert database.label == "Postgres at db.example/desk"
    database.engine.dispose()


def test_connections_that_were_cut_while_nobody_used_them_are_replaced_unnoticed(
    postgres_database: db.Database,
) -> None:
    both_asked = threading.Barrier(2)

    def held() -> int:
        with db.session_scope(db.WORKER) as session:
            answers = _server(session)
            both_asked.wait(PATIENCE_S)
            return answers

    before = set(together([held, held]))
    assert len(before) == 2
    _cut(postgres_database)
    assert _served_by() not in before
    assert _served_by() not in before


def test_a_transaction_whose_connection_is_cut_has_not_happened(postgres_database: db.Database) -> None:
    with pytest.raises(db.DatabaseUnavailable), db.session_scope(db.WORKER, write=True) as session:
        session.add(UserRow(name="Grace"))
        session.flush()
        _cut(postgres_database)
    assert _names() == []


def _served_by() -> int:
    """The server's process that answers."""
    with db.session_scope(db.WORKER) as session:
        return _server(session)


def _server(session: Session) -> int:
    return int(session.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())


def _cut(database: db.Database) -> None:
    """End every connection to the database from outside."""
    with postgres.connect(database.engine.url.render_as_string(hide_password=False)) as outside:
        outside.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database() AND usename = current_user"
        )
