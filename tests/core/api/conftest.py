"""The API on a real socket with a real database; a model that really scores; a runner where one is needed."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from core import access, db, queue
from core.api import application
from core.api.security.gate import Gate
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.models import artifact, models
from core.models.fitting import training
from core.queue import TaskState
from core.settings import Settings
from core.storage import LocalStorage
from core.uploads.csv import stream
from core.uploads.csv.dialect import Dialect
from tests import journeys, made
from tests.once import once
from tests.servers.app import app
from tests.servers.children import Lender
from tests.servers.ports import spare_port
from tests.servers.waiting import PATIENCE_S, wait_for

__all__ = ["app"]

TARGET = "churned"
SAMPLE = "sample-300-7.csv"


@dataclass(frozen=True)
class Trained:
    """What a training leaves behind: rows it read, the artifact, and the row's values."""

    csv: bytes
    artifact: Path
    result: dict[str, object]


@pytest.fixture(scope="session")
def lender() -> Iterator[Lender]:
    """Warm children for the tests of this process that score."""
    lending = Lender()
    yield lending
    lending.close()


@pytest.fixture(scope="session")
def kept_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the tests whose children are kept from one to the next."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def data_dir(request: pytest.FixtureRequest, tmp_path: Path, kept_folder: Path) -> Path:
    """The folder of this test's data: its own, but where a child is lent, which knows one alone."""
    if "by_hand" not in request.fixturenames:
        return tmp_path / "data"
    for path in kept_folder.glob("*/*"):  # the folders themselves have to stay, as the database file has
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return kept_folder


@pytest.fixture
def sqlite_database(migrated_sqlite: Path, data_dir: Path) -> Iterator[db.Database]:
    """A fresh, migrated SQLite database, connected; in the same file where a child has it open."""
    path = data_dir / "model_desk.sqlite3"
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(migrated_sqlite)) as template, closing(sqlite3.connect(path)) as fresh:
        template.backup(fresh)
    database = db.connect(f"sqlite:///{path}")
    yield database
    database.dispose()


@pytest.fixture(autouse=True)
def _as_served(as_served: None) -> None:
    """No route may come by the worker's role."""


@pytest.fixture
def me(database: db.Database) -> db.User:
    """Who the API takes its callers for."""
    return access.settle_local_user()


class Switch:
    """Hands each request to the API of the test that runs: a server of its own would cost a test its time."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.app: ASGIApp = Starlette()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def server() -> Iterator[Switch]:
    """A real HTTP server on a spare port."""
    switch = Switch(spare_port())
    config = uvicorn.Config(
        switch, host="127.0.0.1", port=switch.port, lifespan="off", log_config=None, access_log=False
    )
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        wait_for(lambda: running.started, what="the API to listen")
        yield switch
    finally:
        running.should_exit = True
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


@pytest.fixture
def settings(settings: Settings, server: Switch) -> Settings:
    """This test's settings, with the server's port and small limits."""
    return settings.model_copy(update={"port": server.port, "max_upload_mb": 3, "sync_max_mb": 1})


@pytest.fixture
def client(settings: Settings, server: Switch, me: db.User) -> Iterator[httpx.Client]:
    """A program that talks to this test's API over HTTP."""
    server.app = served(settings)
    url = f"http://localhost:{settings.port}"
    # verify=False: reading the certificates that http does not need takes longer than most tests
    with httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE_S, verify=False) as program:
        yield program


def served(settings: Settings) -> ASGIApp:
    """The API behind its gate, as the process serves it; one at a time, as its routes are put together once."""
    api = unconfigured()
    application.configure(api, settings)
    return Gate(Starlette(routes=application.routes(api, settings)), settings, table=api.state.table)


@cache
def unconfigured() -> FastAPI:
    """The API with all its routes, put together once for the tests of this process."""
    return application.unconfigured()


@pytest.fixture(scope="session")
def described() -> dict[str, Any]:
    """The API's own description of itself, to be read only."""
    return unconfigured().openapi()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A small model of the sample, trained once for all tests of the API."""

    def make(folder: Path) -> None:
        journeys.sample_bytes(folder, n_rows=300)
        with (folder / SAMPLE).open("rb") as source:
            table: pa.Table = stream.read_table(source, Dialect())
        found = training.train(table, target=TARGET, decimal=".", progress=lambda _done, _total: None)
        result = {
            "schema": found.schema.to_json(),
            "report": found.report(),
            "task_type": found.schema.task,
            "artifact_sha256": artifact.save(found.pipeline, folder / "model.skops"),
        }
        (folder / "result.json").write_text(json.dumps(result))

    folder = once(tmp_path_factory, "training-for-the-api", make)
    result: dict[str, object] = json.loads((folder / "result.json").read_text())
    return Trained(csv=(folder / SAMPLE).read_bytes(), artifact=folder / "model.skops", result=result)


@pytest.fixture
def upload(me: db.User, trained: Trained, settings: Settings, storage: LocalStorage) -> UploadRow:
    """The sample, uploaded."""
    return journeys.upload_bytes(me, trained.csv, settings=settings, files=storage)


@pytest.fixture
def model(me: db.User, upload: UploadRow, trained: Trained, storage: LocalStorage) -> ModelRow:
    """A model of the sample that is ready to score."""
    return ready(me, upload, trained, storage)


def ready(user: db.User, upload: UploadRow, trained: Trained, storage: LocalStorage) -> ModelRow:
    """A ready model of this user."""
    with db.session_scope(user, write=True) as session:
        wanted = models.request_training(session, upload=upload, target=TARGET)
    key = f"models/{wanted.id}/1.skops"
    storage.put(key, trained.artifact)
    made.settle(wanted.task_id, TaskState.SUCCEEDED, result={**trained.result, "artifact_key": key})
    return journeys.ask(user, lambda session: models.get(session, model_id=wanted.id))


@pytest.fixture
def by_hand(settings: Settings, me: db.User, lender: Lender) -> Iterator[None]:
    """This process can do work when asked, and takes none by itself."""
    with journeys.running(settings, slots=0, make_slot=lender.slot) as runner:
        queue.local_runner.serve(runner.run_now)
        try:
            yield
        finally:
            queue.local_runner.serve(None)


def stored_keys(storage: LocalStorage) -> list[str]:
    """Every key that storage holds."""
    return list(storage.keys(""))


def staged_files(settings: Settings) -> list[str]:
    """What lies in staging."""
    return sorted(path.name for path in settings.staging_dir.glob("*"))
