"""Who may ask for the worker's role in a process that serves people: nobody but the worker itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from core.db.tables.users import UserRow
from core.settings import Settings
from tests import journeys
from tests.servers.waiting import PATIENCE_S


@pytest.fixture
def served() -> Iterator[None]:
    """The app's own process."""
    db.reserve_worker_role()
    yield
    db.free_worker_role()


def _ask(who: db.Principal) -> list[str]:
    with db.session_scope(who) as session:
        return list(session.execute(sa.select(UserRow.name)).scalars())


def test_a_page_or_route_of_the_apps_process_is_refused_the_workers_role(
    database: db.Database, user: db.User, served: None
) -> None:
    with pytest.raises(RuntimeError, match="a page or a route asked"):
        _ask(db.WORKER)
    assert _ask(user) == ["Ada"]


def test_who_says_so_is_the_worker_and_nobody_whom_it_starts(
    database: db.Database, user: db.User, served: None
) -> None:
    found: list[Any] = []

    def look() -> None:
        try:
            found.append(_ask(db.WORKER))
        except RuntimeError as error:
            found.append(error)

    with db.as_worker():
        assert _ask(db.WORKER) == ["Ada"]
        thread = threading.Thread(target=look)  # as a page's thread is: it inherits no right
        thread.start()
        thread.join(PATIENCE_S)
    assert isinstance(found[0], RuntimeError)


def test_the_runner_in_the_apps_process_works_all_the_same(
    sqlite_database: db.Database, settings: Settings, user: db.User, served: None
) -> None:
    content = journeys.sample_bytes(settings.data_dir)
    with db.as_worker():
        files = journeys.storage.from_settings(settings)
    upload = journeys.upload_bytes(user, content, settings=settings, files=files)
    with journeys.running(settings):
        assert journeys.train(user, upload).status == "ready"


def test_outside_such_a_process_the_role_is_had_for_the_asking(database: db.Database, user: db.User) -> None:
    assert _ask(db.WORKER) == ["Ada"]
