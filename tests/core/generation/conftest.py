"""An installation whose provider is a server of this test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core import db, rooms
from core.settings import Settings
from tests.batches import Bench, with_provider
from tests.servers.claude import ClaudeServer

rooms.load()


@pytest.fixture
def claude() -> Iterator[ClaudeServer]:
    """A fresh server."""
    with ClaudeServer() as server:
        yield server


@pytest.fixture
def bench(database: db.Database, settings: Settings, user: db.User, claude: ClaudeServer) -> Bench:
    """On each kind of database, with a key and a provider."""
    del database
    return Bench(with_provider(settings, claude.url), user)


@pytest.fixture
def small_bench(
    sqlite_database: db.Database, settings: Settings, user: db.User, claude: ClaudeServer
) -> Bench:
    """The same on SQLite alone."""
    del sqlite_database
    return Bench(with_provider(settings, claude.url), user)
