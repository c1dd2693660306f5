"""Which model a file is scored with whose sender named none."""

from __future__ import annotations

import pytest

from core import db
from core.db.tables.uploads import UploadRow
from core.predictions import model_selection
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys, made


@pytest.fixture
def upload(database: db.Database, settings: Settings, storage: LocalStorage, user: db.User) -> UploadRow:
    return journeys.upload_bytes(user, made.CSV, settings=settings, files=storage)


def test_models_that_fit_are_those_whose_every_feature_is_there_once_mapped(
    user: db.User, stranger: db.User, upload: UploadRow
) -> None:
    older, newer = made.ready_model(user, upload), made.ready_model(user, upload)

    def fitting(*columns: str, of: db.User = user, **mapping: str) -> list[object]:
        with db.session_scope(of) as session:
            found = model_selection.fitting(session, columns=columns, mapping=mapping)
        return [(model.id, kept) for model, kept in found]

    assert fitting("plan", "age", "more") == [(newer.id, {}), (older.id, {})]
    assert fitting("plan", "age", "more", of=stranger) == []
    assert fitting("plan") == []
    assert fitting("plan", "Alter", age="Alter") == [
        (newer.id, {"age": "Alter"}),
        (older.id, {"age": "Alter"}),
    ]
    assert fitting("plan", "Alter", age="alter") == []
    assert fitting("plan", "age", other="age") == []
