"""What SQLite's planner is told, and that it holds once other connections are opened."""

from __future__ import annotations

import sqlalchemy as sa

from core import db
from core.db import migrate
from core.db.tables import Base


def _stats(database: db.Database) -> dict[str, list[int]]:
    with database.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT idx, stat FROM sqlite_stat1").all()
    return {index: [int(number) for number in stat.split()] for index, stat in found}


def test_every_index_is_told_of(sqlite_database: db.Database) -> None:
    told = _stats(sqlite_database)
    assert {index.name for table in Base.metadata.tables.values() for index in table.indexes} <= set(told)
    assert told["ix_predictions_by_model"] == [100_000, 100_000, 200, 1, 1, 1]
    assert told["sqlite_autoindex_predictions_1"] == [100_000, 1]
    assert told["ix_tasks_ready"] == [1_000, 500, 167, 1, 1, 1]


def test_it_is_told_again_after_an_index_was_lost(sqlite_database: db.Database) -> None:
    with sqlite_database.writing.begin() as connection:
        connection.execute(sa.text("DELETE FROM sqlite_stat1"))
    migrate.upgrade(sqlite_database)
    assert "ix_uploads_newest" in _stats(sqlite_database)
