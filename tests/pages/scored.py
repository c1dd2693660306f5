"""A desk with a model and a scored file, made once and copied for each test; and the way to open a page of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import access, db
from core import settings as settings_module
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.models import handler as _  # noqa: F401  # registers the kind of task
from core.predictions import listing, predictions
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys

ROUTER = "../../pages/navigation.py"
N_ROWS = 400


@dataclass(frozen=True)
class Desk:
    """The local user's things. scored_id: a COMPLETED prediction."""

    user: db.User
    settings: Settings
    upload: UploadRow
    model: ModelRow
    scored_id: UUID

    def queue(self) -> UUID:
        """The id of a new QUEUED prediction; no worker is there to take it."""
        return journeys.queue_prediction(self.user, self.upload, self.model)

    def status(self, prediction_id: UUID) -> str:
        return journeys.ask(
            self.user, lambda session: predictions.get(session, prediction_id=prediction_id)
        ).status


@pytest.fixture(scope="session")
def made_desk(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a desk."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copyfile(migrated_sqlite, folder / "model_desk.sqlite3")
    config = _settings(folder)
    database = db.connect(config.database)
    user = access.settle_local_user()
    files = LocalStorage(config.files_dir)
    content = journeys.sample_bytes(folder, n_rows=N_ROWS)
    upload = journeys.upload_bytes(user, content, settings=config, files=files)
    with journeys.running(config):
        model = journeys.train(user, upload)
        done = journeys.settled(user, journeys.queue_prediction(user, upload, model))
    assert done.status == "COMPLETED"
    database.engine.dispose()
    return folder


@pytest.fixture
def desk(made_desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk of this test alone, as the pages of this process see it."""
    folder = tmp_path / "desk"
    shutil.copytree(made_desk, folder)
    monkeypatch.setenv("DATA_DIR", str(folder))
    settings_module.current.cache_clear()
    config = _settings(folder)
    database = db.connect(config.database)
    user = access.local_user()
    with db.session_scope(user) as session:
        scored = listing.page(session).items[0]
    yield Desk(user, config, scored.upload, scored.model, scored.id)
    database.engine.dispose()
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


def open_page(name: str, **query: str) -> AppTest:
    """The page as a first visitor sees it who follows its own link, through the router."""
    app = AppTest.from_file(ROUTER, default_timeout=20)
    for key, value in query.items():
        app.query_params[key] = value
    app.switch_page(name)
    return app.run()


def texts(app: AppTest) -> str:
    """Everything that is written on the page."""
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.error, app.warning, app.success)
    return "\n".join(element.value for kind in kinds for element in kind)


def _settings(folder: Path) -> Settings:
    return settings_module.read(
        _env_file=None, data_dir=folder, database_url="", storage_url="", sample=False
    )
