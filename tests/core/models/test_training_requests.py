"""Asking for trainings: each once, and not more than may wait."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.models import changes, models
from core.models.errors import TooManyWaiting
from core.models.fitting.questions import TargetChoices
from core.models.requests import training_requests
from core.queue import TaskState
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys, made
from tests.together import together


@pytest.fixture
def upload(database: db.Database, settings: Settings, storage: LocalStorage, user: db.User) -> UploadRow:
    return journeys.upload_bytes(user, made.CSV, settings=settings, files=storage)


def ask(user: db.User, upload: UploadRow, **wanted: Any) -> ModelRow:
    options = {"most_waiting": 3, "target": "churned", **wanted}
    with db.session_scope(user, write=True) as session:
        return training_requests.request(session, upload=upload, **options)


def test_the_same_training_asked_for_twice_while_it_waits_is_one(user: db.User, upload: UploadRow) -> None:
    first = ask(user, upload, keep=["age", "plan"], name="Churn")
    assert ask(user, upload, keep=["plan", "age"], name=" Churn ").id == first.id
    assert len(journeys.ask(user, models.page).items) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Other"},
        {"keep": ["age"]},
        {"choices": TargetChoices(positive_label="No")},
        {"threshold": 0.3},
    ],
)
def test_another_name_or_option_makes_it_another_training(
    user: db.User, upload: UploadRow, other: dict[str, Any]
) -> None:
    assert ask(user, upload).id != ask(user, upload, **other).id


def test_the_same_name_on_another_file_is_another_training(
    user: db.User, upload: UploadRow, settings: Settings, storage: LocalStorage
) -> None:
    other = journeys.upload_bytes(user, made.CSV + b"1,a,No\n", settings=settings, files=storage)
    assert ask(user, upload, name="Churn").id != ask(user, other, name="Churn").id


def test_once_it_has_ended_it_can_be_asked_for_again(user: db.User, upload: UploadRow) -> None:
    first = ask(user, upload)
    made.settle(first.task_id, TaskState.FAILED)
    second = ask(user, upload)
    assert (second.id != first.id, second.version) == (True, 2)


def test_of_many_clicks_at_once_there_is_one_training(user: db.User, upload: UploadRow) -> None:
    given = together([partial(ask, user, upload)] * 5)
    assert len({model.id for model in given}) == 1


def test_more_than_may_wait_are_refused_with_their_number(
    user: db.User, stranger: db.User, upload: UploadRow, settings: Settings, storage: LocalStorage
) -> None:
    waiting = [ask(user, upload, name=f"M{n}") for n in range(3)]
    with pytest.raises(TooManyWaiting, match="You have 3 trainings in the queue"):
        ask(user, upload, name="One more")
    assert ask(user, upload, name="M1").id == waiting[1].id, "what waits already is answered all the same"
    theirs = journeys.upload_bytes(stranger, made.CSV, settings=settings, files=storage)
    assert ask(stranger, theirs).status == "training"
    with db.session_scope(user, write=True) as session:
        changes.cancel_training(session, model_id=waiting[0].id)
    assert ask(user, upload, name="One more").status == "training"


def test_at_once_no_more_come_in_than_may_wait(user: db.User, upload: UploadRow) -> None:
    given = together([partial(ask, user, upload, name=f"M{n}") for n in range(6)])
    assert sorted(type(end).__name__ for end in given) == ["ModelRow"] * 3 + ["TooManyWaiting"] * 3
