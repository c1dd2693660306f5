"""The registry of models: names, versions, what fits a file, what may be deleted."""

from __future__ import annotations

from uuid import uuid4

import pytest

from core import db
from core.db.tables.uploads import UploadRow
from core.errors import Conflict, NotFound
from core.models import changes, models
from core.models.errors import ColumnsUnknown, NameUnusable, TargetMissing
from core.queue import Reason, TaskState
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys, made


@pytest.fixture
def upload(database: db.Database, settings: Settings, storage: LocalStorage, user: db.User) -> UploadRow:
    return journeys.upload_bytes(user, made.CSV, settings=settings, files=storage)


def test_a_name_counts_its_versions_up_for_each_user(
    settings: Settings, storage: LocalStorage, user: db.User, stranger: db.User, upload: UploadRow
) -> None:
    assert [made.ready_model(user, upload).version for _ in range(2)] == [1, 2]
    assert made.ready_model(user, upload, name="Other").version == 1
    theirs = journeys.upload_bytes(stranger, made.CSV, settings=settings, files=storage)
    assert made.ready_model(stranger, theirs).version == 1


def test_a_name_that_nobody_chose_is_never_too_long(
    settings: Settings, storage: LocalStorage, user: db.User
) -> None:
    upload = journeys.upload_bytes(
        user, made.CSV, settings=settings, files=storage, file_name=f"{'n' * 100}.csv"
    )
    with db.session_scope(user, write=True) as session:
        model = models.request_training(session, upload=upload, target="churned")
    assert model.name == f"churned from {'n' * 67}"


def test_columns_to_keep_reach_the_training_and_must_be_columns_other_than_the_target(
    user: db.User, upload: UploadRow
) -> None:
    with db.session_scope(user, write=True) as session:
        model = models.request_training(session, upload=upload, target="churned", keep=["age"])
        assert models.get(session, model_id=model.id).task.payload["keep"] == ["age"]
    for column in ("Age", "churned"):
        with pytest.raises(ColumnsUnknown, match=column), db.session_scope(user, write=True) as session:
            models.request_training(session, upload=upload, target="churned", keep=["age", column])


def test_a_training_that_fails_says_why_on_the_model(user: db.User, upload: UploadRow) -> None:
    with db.session_scope(user, write=True) as session:
        model = models.request_training(session, upload=upload, target="churned")
        assert (model.name, model.status) == ("churned from customers.csv", "training")
    made.settle(
        model.task_id, TaskState.FAILED, reason=Reason(code="c", message="One class.", hint="Add more.")
    )
    with db.session_scope(user) as session:
        failed = models.get(session, model_id=model.id)
        assert failed.status == "failed"
        assert failed.error == {"code": "c", "message": "One class.", "hint": "Add more.", "traceback": ""}
        assert models.ready(session) == []
        with pytest.raises(Conflict):
            models.schema_of(failed)


def test_a_cancelled_training_is_a_failed_model_that_says_so(user: db.User, upload: UploadRow) -> None:
    with db.session_scope(user, write=True) as session:
        model_id = models.request_training(session, upload=upload, target="churned").id
        changes.cancel_training(session, model_id=model_id)
    with db.session_scope(user) as session:
        error = models.get(session, model_id=model_id).error
    assert error is not None
    assert error["message"] == "The training was cancelled."


def test_a_training_that_has_ended_is_not_cancelled(user: db.User, upload: UploadRow) -> None:
    model = made.ready_model(user, upload)
    with (
        pytest.raises(Conflict, match=r"training of Churn v1 has ended"),
        db.session_scope(user, write=True) as session,
    ):
        changes.cancel_training(session, model_id=model.id)


def test_a_target_that_is_no_column_and_a_name_too_long_are_refused(user: db.User, upload: UploadRow) -> None:
    with pytest.raises(TargetMissing, match="churn"), db.session_scope(user, write=True) as session:
        models.request_training(session, upload=upload, target="churn")
    with pytest.raises(NameUnusable, match="80"), db.session_scope(user, write=True) as session:
        models.request_training(session, upload=upload, target="churned", name="n" * 81)


def test_a_model_in_training_or_in_use_is_not_deleted(user: db.User, upload: UploadRow) -> None:
    with db.session_scope(user, write=True) as session:
        in_training = models.request_training(session, upload=upload, target="churned", name="Slow").id
    with pytest.raises(Conflict), db.session_scope(user, write=True) as session:
        changes.delete(session, model_id=in_training)
    used = made.ready_model(user, upload)
    made.completed(user, upload, used)
    with (
        pytest.raises(changes.ModelInUse, match="1 prediction"),
        db.session_scope(user, write=True) as session,
    ):
        changes.delete(session, model_id=used.id)
    free = made.ready_model(user, upload, name="Free")
    with db.session_scope(user, write=True) as session:
        assert changes.delete(session, model_id=free.id) == [f"models/{free.id}/"]


def test_a_strangers_model_does_not_exist(user: db.User, stranger: db.User, upload: UploadRow) -> None:
    model = made.ready_model(user, upload)
    for verb in (models.get, changes.delete, changes.cancel_training, changes.prioritize):
        for model_id in (model.id, uuid4()):
            with pytest.raises(NotFound), db.session_scope(stranger, write=True) as session:
                verb(session, model_id=model_id)
    with db.session_scope(stranger) as session:
        assert models.page(session).items == []
        assert models.ready(session) == []
