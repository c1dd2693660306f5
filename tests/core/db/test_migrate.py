"""Migrations: the same tables as the metadata, from any start, with any number of starters."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from core import db
from core.db import migrate
from core.db.tables import Base
from core.db.tables.generation import conversation_search
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.settings import Settings
from tests.faults import steps
from tests.servers import forks
from tests.servers.processes import PROJECT, at_once

# Indexes of expressions are not read from SQLite; their statements are compared instead.
expressions = pytest.mark.filterwarnings(
    "ignore:Skipped unsupported reflection of expression-based index",
    "ignore:autogenerate skipping metadata-specified expression-based index",
)


@expressions
def test_migrations_make_the_tables_that_the_code_describes(database: db.Database) -> None:
    with database.engine.connect() as connection:
        options = {"compare_type": True, "include_object": _is_compared}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


BANDS = "ix_conversations_band_"
DESCENDING = {"ix_predictions_by_file", "ix_predictions_of_all_by_file"}
SEARCHED = set(conversation_search.GIN_INDEXES)


def _is_compared(thing: Any, _name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """Of an index with DESC or an expression Alembic knows too little on SQLite; the next test compares those too."""
    if kind == "table":  # what an index of SQLite's is kept in is none of ours
        return not str(thing.name).startswith(conversation_search.FULL_TEXT)
    is_of_expressions = thing.name in DESCENDING | SEARCHED or str(thing.name).startswith(BANDS)
    return kind != "index" or not is_of_expressions


@expressions
def test_migrations_make_the_checks_and_partial_indexes_that_the_code_describes(empty_url: str) -> None:
    database = db.connect(empty_url)
    Base.metadata.create_all(database.engine)
    described = _constraints(database)
    Base.metadata.drop_all(database.engine)
    migrate.upgrade(database)
    migrated = _constraints(database)
    database.engine.dispose()
    assert migrated == described


def _constraints(database: db.Database) -> dict[str, object]:
    found: dict[str, object] = {}
    inspector = sa.inspect(database.engine)
    if database.is_sqlite:
        with database.engine.connect() as connection:
            made = connection.exec_driver_sql("select name, sql from sqlite_master where type = 'index'")
            found["statements"] = {name: sql for name, sql in made if name.startswith("ix_")}
    for table in Base.metadata.tables:
        found[f"checks of {table}"] = {
            check["name"]: check["sqltext"] for check in inspector.get_check_constraints(table)
        }
        found[f"indexes of {table}"] = {
            index["name"]: (
                index["column_names"],
                index["unique"],
                {name: str(value) for name, value in index["dialect_options"].items() if "where" in name},
            )
            for index in inspector.get_indexes(table)
        }
    return found


def test_several_processes_may_start_from_an_empty_database(empty_url: str) -> None:
    said = at_once(
        *["database = db.connect(sys.argv[1]); migrate.upgrade(database); print(migrate.revision(database))"]
        * 5,
        imports="import sys; from core import db; from core.db import migrate",
        arguments=[empty_url],
    )
    assert said == [migrate.head()] * 5


def test_upgrading_twice_changes_nothing(database: db.Database, user: db.User) -> None:
    before = _schema(database)
    migrate.upgrade(database)
    assert _schema(database) == before
    assert migrate.revision(database) == migrate.head()
    with db.session_scope(db.WORKER) as session:
        assert session.execute(sa.text("SELECT count(*) FROM users")).scalar_one() == 1


def _schema(database: db.Database) -> set[str]:
    with database.engine.connect() as connection:
        inspector = sa.inspect(connection)
        return {
            f"{table}.{column['name']} {column['type']!r} {column['nullable']}"
            for table in inspector.get_table_names()
            for column in inspector.get_columns(table)
        }


def test_a_prediction_of_the_first_version_is_kept_and_asked_for_nothing_more(
    database: db.Database, user: db.User
) -> None:
    steps.make_tables()
    with db.session_scope(user, write=True) as session:
        task_id = steps.enqueue(session, user=user)
        upload = UploadRow(
            user_id=user.id, file_name="Straße.csv", storage_key=f"uploads/user_{user.id}/a", size_bytes=1, sha256="0",
            n_rows=12, n_columns=1, receipt={},
        )  # fmt: skip
        model = ModelRow(
            user_id=user.id, name="m", version=1, target="t", data_name="a.csv", data_sha256="0",
            task_id=task_id,
        )  # fmt: skip
        session.add_all([upload, model])
        session.flush()
        session.add(
            PredictionRow(
                user_id=user.id, upload_id=upload.id, model_id=model.id, task_id=task_id, mode="queued"
            )
        )
    config = Config()
    config.set_main_option("script_location", str(PROJECT / "core/db/migrations"))
    with database.writing.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    database.changed()
    assert migrate.revision(database) == "0001"
    migrate.upgrade(database)
    with db.session_scope(user) as session:
        kept = session.execute(sa.select(PredictionRow)).scalar_one()
        assert (kept.options, kept.receipt, kept.status) == ({}, None, "QUEUED")
        assert (kept.file_order, kept.n_rows, kept.took_s) == ("straße.csv".casefold(), 12, 0.0)


def test_a_database_of_a_newer_version_is_left_alone(database: db.Database) -> None:
    with database.writing.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.NewerSchema, match="9999"):
        migrate.upgrade(database)
    assert migrate.revision(database) == "9999"


def test_foreign_keys_are_on_again_after_a_migration(sqlite_database: db.Database) -> None:
    migrate.upgrade(sqlite_database)
    with sqlite_database.writing.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


def test_a_database_that_does_not_answer_is_a_sentence_and_not_a_traceback(settings: Settings) -> None:
    nowhere = {**settings.environment(), "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    ended = forks.run(
        [sys.executable, "-m", "core.db", "upgrade"], env=nowhere, cwd=PROJECT, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("The database can't be used right now: ")
    assert "Traceback" not in ended.stderr


def test_the_folder_of_a_new_sqlite_file_is_made(tmp_path: Path) -> None:
    database = db.connect(f"sqlite:///{tmp_path / 'not' / 'yet' / 'desk.sqlite3'}")
    migrate.upgrade(database)
    assert migrate.revision(database) == migrate.head()
    database.engine.dispose()


def test_the_upgrade_command_says_where_it_has_arrived(empty_url: str, settings: Settings) -> None:
    ended = forks.run(
        [sys.executable, "-m", "core.db", "upgrade"],
        env={**settings.environment(), "DATABASE_URL": empty_url},
        cwd=PROJECT, capture_output=True, text=True,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.rstrip().endswith(f"at revision {migrate.head()}")
