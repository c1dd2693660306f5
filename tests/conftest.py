"""What every test may ask for: a fresh database of each kind, storage, people, a clock that is held."""

from __future__ import annotations

import gc

if gc.isenabled():
    gc.disable()  # until all is loaded: it would go through that again and again, a third of the time of collecting

import core.models.opener  # noqa: F401, I001  # first: skops looks through all that is loaded by then, hundreds of times

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from execnet import gateway_base, gateway_io
from xdist.scheduler import LoadFileScheduling

from core import access, db, rooms
from core import settings as settings_module
from core.db import migrate
from core.db.tables.users import UserRow
from core.settings import Settings
from core.storage import LocalStorage
from core.worker.slots import Slot
from tests import journeys
from tests.clocks import HeldClock, held
from tests.once import once
from tests.servers import forks
from tests.servers.e2b import E2BServer
from tests.servers.lent import TEMPLATE, Lent
from tests.servers.parts import MISSING, require
from tests.servers.postgres import PAGES, Cluster
from tests.servers.seaweed import S3Server
from tests.servers.sqs import SqsServer
from tests.servers.supabase import SupabaseServer
from tests.servers.supabase_auth import SupabaseAuthServer
from tests.servers.waiting import wait_for

TOGETHER = (
    "tests/core/predictions/scoring/distributed",
)  # one cluster of processes for all files of a folder
SLOW = (
    "tests/faults",
    "tests/core/predictions/scoring/distributed",
    "tests/browser",
    "tests/core/predictions/scoring/fast/test_path.py",
    "tests/core/worker/test_runner.py",
    "tests/test_worker.py",
    "tests/core/training",
    "tests/test_patterns.py",
    "tests/core/api/conformance",
    "tests/core/worker",
    "tests/test_toy_room.py",
    "tests/pages/test_training.py",
    "tests/test_start.py",
    "tests/test_on_buckets.py",
    "tests/test_thin_line.py",
)  # in this order among the first, so that none is left at the end for one process alone
SLOW_UNTIL = 0.7  # of the other files: slow ones are spread among these, as browsers wait for each other
ON_EACH_DATABASE = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


def pytest_configure(config: pytest.Config) -> None:
    """No test may meet what this machine has configured; each meets every room."""
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    rooms.load()
    Slot.start = staticmethod(forks.popen)  # children of runners in a test process
    if zygote := getattr(config, "workerinput", {}).get("zygote"):
        forks.belong_to(Path(zygote))


_zygote = cache(forks.start)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Test processes are forked by the zygote, too: what they would load first is loaded once."""
    if sys.platform == "linux":
        forks.belong_to(zygote := _zygote())
        wait_for(zygote.exists, what="the zygote to be warm")
        gateway_io.Popen2IOMaster.__init__ = _forked


def _forked(self: gateway_io.Popen2IOMaster, args: list[str], execmodel: Any) -> None:
    """As execnet's own, which starts an interpreter. args: of that."""
    self.popen = forks.popen([args[0], *args[-2:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    gateway_base.Popen2IO.__init__(self, self.popen.stdin, self.popen.stdout, execmodel=execmodel)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """All test processes of a run have one zygote."""
    if sys.platform == "linux":
        node.workerinput["zygote"] = str(_zygote())


def scope_of(file: str) -> str:
    """What is given to one test process whole."""
    return next((folder for folder in TOGETHER if file.startswith(folder)), file)


class ByFile(LoadFileScheduling):
    """Gives each test process whole files, and of some folders all of them."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(super()._split_scope(nodeid))


def pytest_collection_finish() -> None:
    """All that is loaded by now stays: no look for garbage need go through it; and looks may be rarer."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins early, but never all of it at once."""

    def place(item: pytest.Item) -> int:
        return next((n for n, path in enumerate(SLOW) if item.nodeid.startswith(path)), len(SLOW))

    files: dict[str, list[pytest.Item]] = {}
    for item in sorted(items, key=place):
        files.setdefault(scope_of(item.nodeid.split("::")[0]), []).append(item)
    slow = [file for file, (first, *_) in files.items() if place(first) < len(SLOW)]
    others = [file for file in files if file not in slow]
    n_between = round(SLOW_UNTIL * len(others) / max(len(slow), 1))
    for n, file in enumerate(slow):
        others.insert(n * (n_between + 1), file)
    items[:] = [item for file in others for item in files[file]]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile | None:
    """What `--dist loadfile` means here; asked for where tests are handed out, which collects none."""
    gc.enable()
    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name each missing part once, with the line that installs it."""
    reasons = {
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    }
    for reason in sorted(reason for reason in reasons if reason.startswith(MISSING)):
        terminalreporter.write_line(reason, yellow=True, bold=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A Postgres cluster of this test process, with a migrated template database that looks like Supabase's."""
    cluster = Cluster(require("postgresql"))
    try:
        database = db.connect(cluster.create(TEMPLATE))
        migrate.upgrade(database)
        database.dispose()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def lent_postgres(postgres: Cluster) -> Iterator[Lent]:
    """The database that the tests of this process get one after another."""
    lent = Lent(postgres)
    yield lent
    lent.close()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """An S3 server of this test process."""
    server = S3Server()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def sqs_server() -> Iterator[SqsServer]:
    """A server that speaks like SQS, of this test process."""
    server = SqsServer()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def supabase_auth(postgres: Cluster) -> Iterator[SupabaseAuthServer]:
    """Supabase Auth of this test process."""
    server = SupabaseAuthServer(postgres)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def supabase_server(postgres: Cluster) -> Iterator[SupabaseServer]:
    """Supabase's Storage on this test process's Postgres."""
    server = SupabaseServer(postgres)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""

    def make(folder: Path) -> None:
        database = db.connect(f"sqlite:///{folder / 'migrated.sqlite3'}")
        migrate.upgrade(database)
        database.dispose()  # the last connection to close folds the WAL into the file

    return once(tmp_path_factory, "migrated-sqlite", make) / "migrated.sqlite3"


@pytest.fixture(scope="session")
def scored_model(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of an app whose local user has the sample, a model of it and its scores, to be copied."""

    def make(folder: Path) -> None:
        config = journeys.embedded(folder)
        shutil.copyfile(migrated_sqlite, folder / "model_desk.sqlite3")
        database = db.connect(config.database)
        user = access.settle_local_user()
        content = journeys.sample_bytes(folder)
        upload = journeys.upload_bytes(user, content, settings=config, files=LocalStorage(config.files_dir))
        with journeys.running(config):
            model = journeys.train(user, upload)
            done = journeys.settled(user, journeys.queue_prediction(user, upload, model))
        assert done.status == "COMPLETED"
        database.dispose()

    return once(tmp_path_factory, "scored-model", make)


@pytest.fixture(scope="session")
def e2b_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[E2BServer]:
    with E2BServer(tmp_path_factory.mktemp("e2b")) as server:
        yield server


@pytest.fixture
def e2b(e2b_server: E2BServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[E2BServer]:
    """The emulator of E2B, as new; who trusts what the system trusts trusts its certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", e2b_server.ca)
    e2b_server.reset()
    yield e2b_server
    e2b_server.reset()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """The folder of this test's data."""
    return tmp_path / "data"


@pytest.fixture
def sqlite_database(migrated_sqlite: Path, data_dir: Path) -> Iterator[db.Database]:
    """A fresh, migrated SQLite database, connected."""
    path = data_dir / "model_desk.sqlite3"
    path.parent.mkdir(exist_ok=True)
    shutil.copyfile(migrated_sqlite, path)
    database = db.connect(f"sqlite:///{path}")
    yield database
    database.engine.dispose()


@pytest.fixture
def postgres_database(postgres: Cluster, lent_postgres: Lent) -> Iterator[db.Database]:
    """An empty, migrated Postgres database, connected: with row-level security, and pages have a login of their own."""
    name = lent_postgres.fresh()
    database = db.connect(postgres.url(name), user_url=postgres.url(name, login=PAGES))
    yield database
    database.dispose()


@pytest.fixture
def plain_postgres(postgres: Cluster) -> Iterator[str]:
    """The address of a migrated Postgres database without Supabase's roles, by its superuser; not connected."""
    name = f"plain_{uuid4().hex}"
    url = postgres.bare(name)
    database = db.connect(url)
    migrate.upgrade(database)
    database.dispose()
    yield url
    postgres.drop(name)


@pytest.fixture(params=ON_EACH_DATABASE)
def database(request: pytest.FixtureRequest) -> db.Database:
    """A fresh, migrated database of each kind, connected."""
    chosen: db.Database = request.getfixturevalue(f"{request.param}_database")
    return chosen


@pytest.fixture(params=ON_EACH_DATABASE)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database that has no tables yet; not connected."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    name = f"empty_{uuid4().hex}"
    yield cluster.create(name)
    cluster.drop(name)


@pytest.fixture
def settings(request: pytest.FixtureRequest, data_dir: Path) -> Settings:
    """Settings of this test alone, with the database that the test uses; no sample."""
    url = user_url = ""
    for name in ("database", "postgres_database", "sqlite_database"):
        if name in request.fixturenames:
            found: db.Database = request.getfixturevalue(name)
            url = found.engine.url.render_as_string(hide_password=False)
            user_url = "" if found.is_sqlite else found.users.url.render_as_string(hide_password=False)
            break
    return settings_module.read(
        _env_file=None, data_dir=data_dir, database_url=url, user_database_url=user_url,
        storage_url="", sample=False,
    )  # fmt: skip


@pytest.fixture
def storage(data_dir: Path) -> LocalStorage:
    """Storage in a folder of this test."""
    return LocalStorage(data_dir / "files")


@pytest.fixture
def user(request: pytest.FixtureRequest) -> db.User:
    """A person in the test's database."""
    return _person(request, "Ada")


@pytest.fixture
def stranger(request: pytest.FixtureRequest) -> db.User:
    """Another person, whose things are nobody else's business."""
    return _person(request, "Mallory")


@pytest.fixture
def as_served() -> Iterator[None]:
    """As in the app's own process: pages and routes are refused the worker's role, which the test itself has."""
    db.reserve_worker_role()
    with db.as_worker():
        yield
    db.free_worker_role()


@pytest.fixture
def clock() -> Iterator[HeldClock]:
    """The database's clock, which stands still until a test moves it."""
    with held(datetime(2026, 3, 2, 9, 30, tzinfo=UTC)) as clock:
        yield clock


def _person(request: pytest.FixtureRequest, name: str) -> db.User:
    if not {"database", "postgres_database"} & set(request.fixturenames):
        request.getfixturevalue("sqlite_database")
    else:  # the person must come after the database
        request.getfixturevalue("database" if "database" in request.fixturenames else "postgres_database")
    with db.session_scope(db.WORKER, write=True) as session:
        row = UserRow(id=uuid4(), name=name)
        session.add(row)
        session.flush()
        return db.User(id=row.id, name=row.name, role=row.role)
