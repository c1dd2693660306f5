"""Lists at size: which indexes answer them and how often the database is asked, whatever there is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from core import db
from core.db.tables.uploads import UploadRow
from core.models import models
from core.predictions import listing
from core.predictions.states import Status
from core.settings import Settings
from core.storage import LocalStorage
from core.system import storage_consistency
from core.ui.home import home_data
from core.uploads import uploads
from tests import journeys, made

ID = uuid4()
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
Verb = Callable[[Session], object]
# each verb, and the index that must answer the first thing it asks
ANSWERED_BY: list[tuple[str, Verb]] = [
    ("ix_predictions_newest", lambda session: listing.page(session)),
    ("ix_predictions_newest", lambda session: listing.table(session, offset=50_000, limit=25)),
    ("ix_predictions_newest", lambda session: listing.table(session, offset=0, limit=25, sort="oldest")),
    ("ix_predictions_by_file", lambda session: listing.table(session, offset=50_000, limit=25, sort="file")),
    ("ix_predictions_by_rows", lambda session: listing.table(session, offset=0, limit=25, sort="rows")),
    ("ix_predictions_by_duration", lambda session: listing.table(session, offset=0, limit=25, sort="took")),
    ("ix_predictions_by_status", lambda session: listing.page(session, statuses=[Status.FAILED])),
    (
        "ix_predictions_by_status",
        lambda session: listing.table(session, offset=0, limit=1, sort="oldest", statuses=[Status.QUEUED]),
    ),
    ("ix_predictions_by_model", lambda session: listing.page(session, model_id=ID)),
    ("ix_predictions_by_model", lambda session: listing.counts(session, model_id=ID)),
    ("ix_predictions_by_upload", lambda session: listing.page(session, upload_id=7)),
    ("ix_predictions_by_upload", lambda session: listing.counts(session, search="a")),
    ("ix_predictions_ended", lambda session: listing.scored(session)),
    ("ix_uploads_newest", lambda session: uploads.page(session)),
    ("ix_ai_models_newest", lambda session: models.page(session)),
]  # fmt: skip
VERBS = [verb for _, verb in ANSWERED_BY]


@contextmanager
def _statements(database: db.Database) -> Iterator[list[tuple[str, Any]]]:
    """What the database is asked meanwhile: each SELECT with its parameters."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(database.users, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(database.users, "before_cursor_execute", note)


def _plan(database: db.Database, user: db.User, statement: str, parameters: Any) -> str:
    """As the user has it planned: row-level security adds conditions of its own."""
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    with database.of(user).connect() as connection:
        if not database.is_sqlite:  # an empty table is read whole, whatever there is beside it
            connection.execute(sa.text("SET enable_seqscan = off"))
            connection.execute(sa.text("SET enable_sort = off"))
            connection.execute(sa.text("SET enable_bitmapscan = off"))
        return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters))


@pytest.mark.parametrize(("index", "verb"), ANSWERED_BY)
def test_a_list_is_answered_by_its_index(
    database: db.Database, user: db.User, index: str, verb: Verb
) -> None:
    with _statements(database) as asked, db.session_scope(user) as session:
        verb(session)
    plan = _plan(database, user, *asked[0])
    if database.is_sqlite:
        assert f"COVERING INDEX {index}" in plan
    else:  # of several that would do, Postgres chooses by what is in the table: here nothing
        assert "Index" in plan
        assert "Seq Scan on predictions" not in plan
        assert "Sort Key" not in plan


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("verb", [*VERBS, storage_consistency.missing])
def test_no_list_reads_all_predictions(
    database: db.Database, user: db.User, storage: LocalStorage, verb: Any
) -> None:
    with _statements(database) as asked, db.session_scope(user) as session:
        verb(storage if verb is storage_consistency.missing else session)
    for statement, parameters in asked:
        plan = _plan(database, user, statement, parameters)
        assert "SCAN predictions" not in plan
        assert "SCAN tasks" not in plan


def test_a_list_asks_as_often_for_many_rows_as_for_one(
    database: db.Database, settings: Settings, storage: LocalStorage, user: db.User
) -> None:
    upload = journeys.upload_bytes(user, made.CSV, settings=settings, files=storage)
    model = made.ready_model(user, upload)
    lists: list[Verb] = [*VERBS, lambda session: home_data.pulse(session, now=NOW), home_data.load]
    made.completed(user, upload, model)
    made.queued(user, upload, model)
    for verb in lists:  # what Home reads once in a while and keeps is kept then
        _n_asked(database, user, verb)
    few = [_n_asked(database, user, verb) for verb in lists]
    for _ in range(5):
        made.completed(user, upload, model)
        made.queued(user, upload, model)
    assert [_n_asked(database, user, verb) for verb in lists] == few
    assert few[0] == 2


def test_a_row_of_a_list_refuses_what_it_was_not_loaded_with(
    database: db.Database, settings: Settings, storage: LocalStorage, user: db.User
) -> None:
    upload = journeys.upload_bytes(user, made.CSV, settings=settings, files=storage)
    made.queued(user, upload, made.ready_model(user, upload))
    with db.session_scope(user) as session:
        (listed,) = listing.page(session).items
        assert listed.model.name == "Churn"
        with pytest.raises(sa.exc.InvalidRequestError, match="schema"):
            _ = listed.model.schema
        assert isinstance(listed.upload, UploadRow)


def _n_asked(database: db.Database, user: db.User, verb: Verb) -> int:
    with _statements(database) as asked, db.session_scope(user) as session:
        verb(session)
    return len(asked)
