"""Several at once who build on an upload or a model, or delete it, on either database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.tasks import TaskRow
from core.db.tables.uploads import UploadRow
from core.errors import Conflict, NotFound
from core.models import changes, models
from core.models.changes import ModelInUse
from core.predictions import predictions
from core.settings import Settings
from core.storage import LocalStorage
from core.uploads import uploads
from core.uploads.uploads import PredictionsDependOnIt
from tests import journeys, made
from tests.together import together

N_AT_ONCE = 5
ROUNDS = 4


@pytest.fixture
def add(
    database: db.Database, settings: Settings, storage: LocalStorage, user: db.User
) -> Callable[[int], UploadRow]:
    """add(n) uploads a file of its own for each n."""

    def upload(n: int) -> UploadRow:
        return journeys.upload_bytes(user, made.CSV + b"1,a,No\n" * n, settings=settings, files=storage)

    return upload


def _delete_upload(user: db.User, upload_id: int) -> str:
    with db.session_scope(user, write=True) as session:
        uploads.delete(session, upload_id=upload_id)
    return "deleted"


def _delete_model(user: db.User, model_id: UUID) -> str:
    with db.session_scope(user, write=True) as session:
        changes.delete(session, model_id=model_id)
    return "deleted"


def _predict(user: db.User, upload_id: int, model_id: UUID) -> str:
    with db.session_scope(user, write=True) as session:
        predictions.create(session, upload_id=upload_id, model_id=model_id)
    return "made"


def _train(user: db.User, upload: UploadRow) -> str:
    with db.session_scope(user, write=True) as session:
        models.request_training(session, upload=upload, target="churned", name="Same")
    return "made"


def _ended(given: list[Any]) -> Counter[str]:
    return Counter(end if isinstance(end, str) else type(end).__name__ for end in given)


def _count(row: type[Any]) -> int:
    with db.session_scope(db.WORKER) as session:
        return session.execute(sa.select(sa.func.count()).select_from(row)).scalar_one()


def test_an_upload_is_deleted_or_scored_and_never_both(
    user: db.User, add: Callable[[int], UploadRow]
) -> None:
    model = made.ready_model(user, add(0))
    for n in range(1, ROUNDS + 1):
        upload = add(n)
        before = _count(PredictionRow)
        given = together(
            [partial(_delete_upload, user, upload.id), partial(_predict, user, upload.id, model.id)]
            * N_AT_ONCE
        )
        deletes, makes = _ended(given[::2]), _ended(given[1::2])
        if "deleted" in deletes:
            assert deletes == {"deleted": 1, NotFound.__name__: N_AT_ONCE - 1}
            assert makes == {NotFound.__name__: N_AT_ONCE}
        else:
            assert set(deletes) <= {Conflict.__name__, PredictionsDependOnIt.__name__}
            assert makes == {"made": N_AT_ONCE}
        assert _count(PredictionRow) - before == makes["made"]


def test_an_upload_is_deleted_or_trained_on_and_never_both(
    user: db.User, add: Callable[[int], UploadRow]
) -> None:
    for n in range(ROUNDS):
        upload = add(n)
        given = together(
            [partial(_delete_upload, user, upload.id), partial(_train, user, upload)] * N_AT_ONCE
        )
        deletes, makes = _ended(given[::2]), _ended(given[1::2])
        if "deleted" in deletes:
            assert deletes == {"deleted": 1, NotFound.__name__: N_AT_ONCE - 1}
            assert makes == {NotFound.__name__: N_AT_ONCE}
        else:
            assert deletes == {Conflict.__name__: N_AT_ONCE}
            assert makes == {"made": N_AT_ONCE}


def test_a_model_is_deleted_or_used_and_never_both(user: db.User, add: Callable[[int], UploadRow]) -> None:
    upload = add(0)
    for n in range(ROUNDS):
        model = made.ready_model(user, upload, name=f"M{n}")
        given = together(
            [partial(_delete_model, user, model.id), partial(_predict, user, upload.id, model.id)] * N_AT_ONCE
        )
        deletes, makes = _ended(given[::2]), _ended(given[1::2])
        if "deleted" in deletes:
            assert deletes == {"deleted": 1, NotFound.__name__: N_AT_ONCE - 1}
            assert makes == {NotFound.__name__: N_AT_ONCE}
        else:
            assert deletes == {ModelInUse.__name__: N_AT_ONCE}
            assert makes == {"made": N_AT_ONCE}


def test_trainings_of_one_name_at_once_get_a_version_each(
    user: db.User, add: Callable[[int], UploadRow]
) -> None:
    upload = add(0)
    assert _ended(together([partial(_train, user, upload)] * 2 * N_AT_ONCE)) == {"made": 2 * N_AT_ONCE}
    with db.session_scope(user) as session:
        versions = [model.version for model in models.page(session).items]
    assert sorted(versions) == list(range(1, 2 * N_AT_ONCE + 1))
    assert _count(ModelRow) == _count(TaskRow)
