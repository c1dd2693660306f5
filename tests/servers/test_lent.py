"""The database that tests get one after another is as new each time, whatever the last one has done to it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from tests.servers.lent import Lent
from tests.servers.postgres import Cluster

pytestmark = pytest.mark.postgres


@pytest.fixture
def lent(postgres: Cluster) -> Iterator[Lent]:
    lent = Lent(postgres)
    yield lent
    lent.close()


def _run(cluster: Cluster, name: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(cluster.address(name), autocommit=True) as connection:
        ended = connection.execute(statement.encode())
        return ended.fetchall() if ended.description else []


def test_whoever_sends_all_connections_away_gets_the_same_database_again(
    postgres: Cluster, lent: Lent
) -> None:
    name = lent.fresh()
    _run(postgres, name, f"INSERT INTO auth.users (id) VALUES ('{uuid4()}')")
    others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'postgres'"
    assert _run(postgres, name, f"SELECT pg_terminate_backend(pid) {others}")
    assert lent.fresh() == name
    assert _run(postgres, name, "SELECT count(*) FROM auth.users") == [(0,)]


def test_rows_are_removed_and_numbers_begin_again(postgres: Cluster, lent: Lent) -> None:
    name = lent.fresh()
    _run(postgres, name, f"INSERT INTO auth.users (id) VALUES ('{uuid4()}')")
    _run(postgres, name, "SELECT nextval('uploads_id_seq')")
    assert lent.fresh() == name
    assert _run(postgres, name, "SELECT count(*) FROM auth.users") == [(0,)]
    assert _run(postgres, name, "SELECT nextval('uploads_id_seq')") == [(1,)]


def test_a_table_that_a_test_has_made_is_gone(postgres: Cluster, lent: Lent) -> None:
    name = lent.fresh()
    _run(postgres, name, "CREATE TABLE made (id integer)")
    assert lent.fresh() == name
    assert _run(postgres, name, "SELECT to_regclass('public.made')") == [(None,)]


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE users ADD COLUMN made integer",
        "GRANT DELETE ON users TO anon",
        "GRANT UPDATE (name) ON users TO anon",
        "ALTER TABLE users DISABLE ROW LEVEL SECURITY",
        "DROP POLICY users_select ON users",
        "CREATE POLICY made ON users USING (true)",
        "DROP INDEX ix_tasks_ready",
        "ALTER TABLE tasks DISABLE TRIGGER ALL",
        "CREATE FUNCTION made() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE workers RENAME TO gone",
        "DROP SCHEMA model_desk CASCADE",
        "GRANT CREATE ON SCHEMA public TO anon",
        "COMMENT ON SCHEMA model_desk IS 'made'",
        "UPDATE alembic_version SET version_num = '9999'",
    ],
)
def test_where_more_than_rows_was_changed_it_is_another_database(
    postgres: Cluster, lent: Lent, statement: str
) -> None:
    name = lent.fresh()
    _run(postgres, name, statement)
    assert lent.fresh() != name


def test_who_is_still_connected_is_sent_away(postgres: Cluster, lent: Lent) -> None:
    name = lent.fresh()
    with psycopg.connect(postgres.address(name)) as left_open:
        left_open.execute("SELECT count(*) FROM users")  # a transaction that holds a lock
        assert lent.fresh() == name
        with pytest.raises(psycopg.OperationalError):
            left_open.execute("SELECT 1")
