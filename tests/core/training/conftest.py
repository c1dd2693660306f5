"""An installation in which trainings are triggered, and done by the test itself."""

from __future__ import annotations

import pytest

from core import db, rooms
from core.settings import Settings
from tests.trainings import Bench, require_sandbox

rooms.load()


@pytest.fixture
def bench(database: db.Database, settings: Settings, user: db.User) -> Bench:
    """On each kind of database."""
    del database
    return Bench(settings, user)


@pytest.fixture
def small_bench(sqlite_database: db.Database, settings: Settings, user: db.User) -> Bench:
    """On SQLite alone."""
    del sqlite_database
    return Bench(settings, user)


@pytest.fixture
def sandboxed(small_bench: Bench) -> Bench:
    """On SQLite, where code of strangers can be held."""
    require_sandbox(small_bench.settings.data_dir)
    return small_bench
