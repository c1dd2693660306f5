"""The pages as a reader meets them: opened by their own link through navigation.py, over a fresh database."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pyarrow as pa
import pytest
import streamlit as st
from pyarrow import csv
from streamlit.testing.v1 import AppTest
from threadpoolctl import threadpool_limits

from core import access, db, queue, storage
from core import settings as settings_module
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.models import models
from core.predictions import listing
from core.settings import Settings
from core.uploads import uploads
from tests import journeys
from tests.batches import Bench
from tests.core.models.tables import TARGETS, subscribers, train, without
from tests.once import once
from tests.pages import scored
from tests.pages.scored import Desk


@pytest.fixture(autouse=True)
def _as_served(as_served: None) -> None:
    """No page may come by the worker's role."""


@pytest.fixture
def reader(
    sqlite_database: db.Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[db.User]:
    """The local user of an app that was started with this test's settings."""
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    settings_module.current.cache_clear()
    yield access.settle_local_user()
    settings_module.current.cache_clear()


@pytest.fixture
def done_by_hand(reader: db.User) -> Iterator[list[UUID]]:
    """The tasks that a page has asked this process to do at once; nothing does them."""
    tasks: list[UUID] = []
    queue.local_runner.serve(lambda task_id, /, *, once: tasks.append(task_id))
    yield tasks
    queue.local_runner.serve(None)


@pytest.fixture
def open_page(reader: db.User) -> Callable[..., AppTest]:
    """`open_page("model.py", id=…)`: a first visit to that page by its link."""

    def opened(page: str = "home.py", **query: object) -> AppTest:
        settings_module.current.cache_clear()  # the test may have set another
        return scored.open_page(page, **{name: str(value) for name, value in query.items()})

    return opened


@pytest.fixture
def desk(scored_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk with a model and a scored file, of this test alone, as the pages of this process see it."""
    folder = tmp_path / "desk"
    shutil.copytree(scored_model, folder)
    monkeypatch.setenv("DATA_DIR", str(folder))
    settings_module.current.cache_clear()
    config = journeys.embedded(folder)
    database = db.connect(config.database)
    user = access.local_user()
    with db.session_scope(user) as session:
        scored = listing.page(session).items[0]
    yield Desk(user, config, scored.upload, scored.model, scored.id)
    database.dispose()
    settings_module.current.cache_clear()


@pytest.fixture
def intervals(monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """The `run_every` of each fragment that a page declares, in order; Streamlit goes on as ever."""
    declared: list[float | None] = []
    real = st.fragment

    def fragment(*, run_every: float | None = None) -> Any:
        declared.append(run_every)
        return real(run_every=run_every)

    monkeypatch.setattr(st, "fragment", fragment)
    return declared


@pytest.fixture(scope="session")
def customers() -> pa.Table:
    """A small file's table, with the outcome `churn`."""
    return without(subscribers(160), *(target for target in TARGETS.values() if target != "churn"))


@pytest.fixture(scope="session")
def found(customers: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What a training on it finds, as its task's result but for the file."""

    def make(folder: Path) -> None:
        with threadpool_limits(limits=1):
            trained = train(customers, "churn")
        said = {
            "schema": trained.schema.to_json(),
            "report": trained.report(),
            "task_type": trained.schema.task,
        }
        (folder / "found.json").write_text(json.dumps(said))

    made = once(tmp_path_factory, "training-for-pages", make) / "found.json"
    result: dict[str, object] = json.loads(made.read_text())
    return result


@pytest.fixture
def take_in(reader: db.User, settings: Settings, tmp_path: Path) -> Callable[..., UploadRow]:
    """`take_in(table, "a.csv")`: the table as an upload of the reader's."""

    def taken(table: pa.Table, file_name: str, *, is_sample: bool = False) -> UploadRow:
        csv.write_csv(table, tmp_path / "made.csv", csv.WriteOptions(quoting_style="needed"))
        with storage.stage(settings.staging_dir) as staged:
            staged.write((tmp_path / "made.csv").read_bytes())
            staged.close()
            return uploads.receive(
                reader,
                storage=storage.from_settings(settings),
                staged=staged,
                file_name=file_name,
                is_sample=is_sample,
            ).upload

    return taken


@pytest.fixture
def request_training(reader: db.User) -> Callable[..., ModelRow]:
    """`request_training(upload)`: a model of it that waits for a worker."""

    def requested(
        upload: UploadRow, *, name: str = "Churn", keep: Sequence[str] = (), is_sample: bool = False
    ) -> ModelRow:
        with db.session_scope(reader, write=True) as session:
            return models.request_training(
                session,
                upload=uploads.get(session, upload_id=upload.id),
                target="churn",
                name=name,
                keep=keep,
                is_sample=is_sample,
            )

    return requested


@pytest.fixture
def finish(found: dict[str, object]) -> Callable[..., None]:
    """`finish(model)`: its task succeeds with what the training found; `finish(model, reason)`: it fails."""

    def finished(model: ModelRow, reason: queue.Reason | None = None) -> None:
        result = {**found, "artifact_key": f"models/{model.id}/1.skops", "artifact_sha256": "0" * 64}
        settle(model.task_id, result=None if reason else result, reason=reason)

    return finished


def settle(
    task_id: UUID, *, result: dict[str, object] | None = None, reason: queue.Reason | None = None
) -> None:
    """End a task as its worker would."""
    with db.session_scope(db.WORKER, write=True) as session:
        task = queue.claim_one(session, task_id=task_id, worker_id=uuid4(), lease_s=60)
        assert task is not None
        queue.settle(
            session,
            task_id=task_id,
            attempt=task.attempt,
            state=queue.TaskState.SUCCEEDED if reason is None else queue.TaskState.FAILED,
            result=result,
            reason=reason,
        )


def attempt(bench: Bench, batch_job_id: UUID) -> None:
    """One attempt at a batch job, as its worker would make it: the engine's threads have the worker's role, too."""
    db.free_worker_role()
    try:
        bench.attempt(batch_job_id)
    finally:
        db.reserve_worker_role()


def abandon(task_id: UUID) -> None:
    """Have a worker take a task and be gone."""
    with db.session_scope(db.WORKER, write=True) as session:
        assert queue.claim_one(session, task_id=task_id, worker_id=uuid4(), lease_s=-1) is not None


def texts(app: AppTest) -> str:
    """Everything that the page says, for looking a sentence up in it."""
    kinds = ("title", "subheader", "markdown", "caption", "error", "info", "warning", "metric")
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))


def keyed(widgets: Iterable[Any], key: str) -> Any:
    """The only one of these widgets whose key begins so; it ends with what the widget is of."""
    (found,) = (widget for widget in widgets if (widget.key or "").startswith(key))
    return found


def confirm(app: AppTest, *, key: str) -> AppTest:
    """Press the button that opened a dialog and the one in it: here a press reruns all, not the dialog alone."""
    app.button(key=key).click()
    return keyed(app.button, f"confirm_{key}").click().run()
