"""Rows of a training that name another user than its own are refused by the databases themselves."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import db
from core.db.tables import Base
from tests import rows

TABLES = ("training_predictions", "training_batches")


def refused(database: db.Database, statement: str, values: dict[str, Any]) -> bool:
    """Whether a program that knows nothing of the app may not write this."""
    if not database.is_sqlite:
        try:
            with database.engine.begin() as connection:
                connection.execute(sa.text(statement), values)
        except IntegrityError:
            return True
        return False
    plain = {name: value.hex if isinstance(value, UUID) else value for name, value in values.items()}
    with closing(
        sqlite3.connect(str(database.engine.url.database))
    ) as connection:  # foreign keys are off in it
        try:
            connection.execute(statement, plain)
        except sqlite3.IntegrityError:
            return True
    return False


@pytest.mark.parametrize("name", TABLES)
def test_a_row_is_its_trainings_users(
    database: db.Database, user: db.User, stranger: db.User, name: str
) -> None:
    job = rows.add(Base.metadata.tables["training_jobs"], owner=user.id, origin="local", attempt=1)
    more = {
        "training_predictions": {"row": 1, "actual": "a", "prediction": "b"},
        "training_batches": {
            "attempt": 1,
            "kind": "metrics",
            "n": 1,
            "sha256": "0",
            "n_rows": 1,
            "received_at": "2026-01-01 00:00:00.000000",
        },
    }[name]
    columns = ["user_id", "training_job_id", *more]
    places = ", ".join(f":{column}" for column in columns)
    statement = f"insert into {name} ({', '.join(columns)}) values ({places})".replace(" row,", ' "row",')
    for whose in (stranger.id, uuid4()):
        assert refused(database, statement, {"user_id": whose, "training_job_id": job["id"], **more})
    assert refused(database, statement, {"user_id": user.id, "training_job_id": uuid4(), **more})
    assert not refused(database, statement, {"user_id": user.id, "training_job_id": job["id"], **more})


def test_a_training_is_a_known_users(database: db.Database, user: db.User) -> None:
    table = Base.metadata.tables["training_jobs"]
    job = rows.add(table, owner=user.id, origin="local", attempt=1)
    statement = "update training_jobs set user_id = :other where id = :id"
    assert refused(database, statement, {"other": uuid4(), "id": job["id"]})
    assert not refused(database, statement, {"other": user.id, "id": job["id"]})


def test_handing_a_training_over_takes_its_rows_along(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    table = Base.metadata.tables["training_jobs"]
    job = rows.add(table, owner=user.id, origin="local", attempt=1)
    for name in TABLES:
        rows.add(Base.metadata.tables[name], owner=user.id, training_job_id=job["id"])
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.update(table).where(table.c.id == job["id"]).values(user_id=stranger.id))
        for name in TABLES:
            owners = session.scalars(sa.select(Base.metadata.tables[name].c.user_id)).all()
            assert owners == [stranger.id]
