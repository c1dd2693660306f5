"""Through PgBouncer: what a connection that is lent for a session or one transaction leaves of the database."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Literal
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa

from core import db, queue, storage
from core.db import migrate, postgres
from core.db.tables import Base
from core.db.tables.uploads import UploadRow
from core.db.tables.users import UserRow
from core.settings import Settings
from core.system import checks
from tests import journeys, rows
from tests.servers.parts import require
from tests.servers.pgbouncer import PgBouncer
from tests.servers.postgres import PAGES, Cluster
from tests.together import together

pytestmark = pytest.mark.postgres
Mode = Literal["session", "transaction"]


@pytest.fixture(scope="module", params=["session", "transaction"])
def pooler(request: pytest.FixtureRequest, postgres: Cluster) -> Iterator[PgBouncer]:
    """A pooler of each kind."""
    yield from _running(postgres, request.param)


@pytest.fixture(scope="module")
def transaction_pooler(postgres: Cluster) -> Iterator[PgBouncer]:
    """A pooler that lends a connection for one transaction."""
    yield from _running(postgres, "transaction")


def _running(cluster: Cluster, mode: Mode) -> Iterator[PgBouncer]:
    running = PgBouncer(require("pgbouncer"), cluster, mode)
    yield running
    running.stop()


@pytest.fixture
def name(postgres_database: db.Database) -> str:
    """A migrated database, still connected directly."""
    return str(postgres_database.engine.url.database)


def _through(pooler: PgBouncer, name: str, *, said: str = "") -> db.Database:
    return db.connect(pooler.url(name), user_url=pooler.url(name, login=PAGES), pooler=said)


def test_what_stands_in_between_is_found_out(
    pooler: PgBouncer, name: str, postgres_database: db.Database, request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.params["pooler"]
    assert postgres_database.link is db.Link.DIRECT
    database = _through(pooler, name)
    assert database.link is {"session": db.Link.SESSION, "transaction": db.Link.TRANSACTION}[kind]
    database.dispose()


def test_supabases_port_for_transactions_is_known_without_asking() -> None:
    asked = "postgresql+psycopg://postgres.abc@127.0.0.1:6543/postgres"
    assert postgres.find_link(asked) is db.Link.TRANSACTION


def test_a_new_database_is_migrated_through_a_pooler(pooler: PgBouncer, postgres: Cluster) -> None:
    name = f"pooled_{uuid4().hex}"
    postgres.create(name)
    database = _through(pooler, name)
    migrate.upgrade(database)
    assert migrate.revision(database) == migrate.head()
    assert database.has_row_security
    database.dispose()
    postgres.drop(name)


def test_users_who_share_lent_connections_never_see_each_other(pooler: PgBouncer, name: str) -> None:
    people = [_person(f"Person {n}") for n in range(8)]
    for person in people:
        rows.add(Base.metadata.tables["uploads"], owner=person.id)
    database = _through(pooler, name)

    def look(person: db.User) -> set[UUID]:
        found: set[UUID] = set()
        for _ in range(60):  # more often than psycopg waits before it prepares a statement
            with db.session_scope(person) as session:
                found |= set(session.execute(sa.select(UploadRow.user_id)).scalars())
        return found

    assert together([partial(look, person) for person in people]) == [{person.id} for person in people]
    database.dispose()


def _person(name: str) -> db.User:
    row = rows.add(Base.metadata.tables["users"], owner=uuid4(), name=name)
    return db.User(id=row["id"], name=name)


def test_a_transaction_pooler_that_nobody_noticed_is_a_sentence_that_says_what_to_set(
    transaction_pooler: PgBouncer, name: str
) -> None:
    """As where the pooler passes the server's own greeting on, so that it can't be told from the server."""
    database = _through(transaction_pooler, name)
    with db.session_scope(db.WORKER, write=True) as session:  # a rollback would make psycopg forget
        driver = session.connection().connection.driver_connection
        assert driver is not None
        driver.prepare_threshold = 0
        session.execute(sa.select(UserRow.id))
    address = transaction_pooler.url(name).replace("+psycopg", "")
    with psycopg.connect(address) as other:
        other.execute("select 1")  # in a transaction: holds the server's process that knows the statement
        with (
            pytest.raises(db.PoolerUnnamed, match="DATABASE_POOLER=transaction"),
            db.session_scope(db.WORKER, write=True) as session,
        ):
            session.execute(sa.select(UserRow.id))
    database.dispose()


def test_it_is_said_on_the_system_page_and_in_the_log_that_workers_ask(
    transaction_pooler: PgBouncer, name: str, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    database = _through(transaction_pooler, name)
    watching = queue.watch(database)
    assert "does not pass on notifications" in capsys.readouterr().out
    assert (watching.fileno(), watching.poll_s) == (None, queue.ASK_S)
    assert watching.changed()
    watching.close()
    line = next(check for check in checks.run(settings) if check.name == "Connection")
    assert "without prepared statements and notifications" in line.message
    database.dispose()


def test_work_is_done_through_a_transaction_pooler(
    transaction_pooler: PgBouncer, name: str, settings: Settings, user: db.User, tmp_path: Path
) -> None:
    through = settings.model_copy(
        update={
            "database_url": transaction_pooler.url(name),
            "user_database_url": transaction_pooler.url(name, login=PAGES),
        }
    )
    database = db.connect_configured(through)
    upload = journeys.upload_bytes(
        user, journeys.sample_bytes(tmp_path), settings=through, files=storage.from_settings(through)
    )
    with journeys.running(through):
        model = journeys.train(user, upload)
        assert model.status == "ready", model.error
        scored = journeys.settled(user, journeys.queue_prediction(user, upload, model))
    assert scored.status == "COMPLETED"
    database.dispose()


def test_listening_through_a_transaction_pooler_would_be_in_vain(
    transaction_pooler: PgBouncer, name: str
) -> None:
    """What the tests above stand on: the day this fails, polling is no longer needed."""
    url = transaction_pooler.url(name).replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as listening, psycopg.connect(url, autocommit=True) as telling:
        listening.execute("LISTEN desk")
        telling.execute("NOTIFY desk")
        assert list(listening.notifies(timeout=0.5)) == []
