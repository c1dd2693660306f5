"""What a fresh installation finds, however its first start went."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from core import access, db, storage
from core.check import State
from core.models import changes, models
from core.room import CheckContext
from core.settings import Settings
from core.system import checks, first_start, give_sample, installation, sample
from core.system.first_start import SAMPLE_NAME
from core.uploads import uploads
from tests import journeys


def with_sample(settings: Settings) -> Settings:
    return settings.model_copy(update={"sample": True})


def found(user: db.User) -> tuple[int, int]:
    """How many uploads and models there are."""
    return journeys.ask(user, lambda session: (uploads.count(session), len(models.page(session).items)))


def test_a_first_start_leaves_a_user_a_sample_and_a_model_in_training(
    database: db.Database, settings: Settings
) -> None:
    user = first_start(with_sample(settings))
    assert found(user) == (1, 1)
    model = journeys.ask(user, lambda session: models.page(session).items[0])
    assert (model.status, model.is_sample) == ("training", True)
    assert first_start(with_sample(settings)) == user
    assert found(user) == (1, 1)


def test_without_the_sample_there_is_the_user_alone(database: db.Database, settings: Settings) -> None:
    assert found(first_start(settings)) == (0, 0)


def test_starts_at_the_same_time_make_one_sample(database: db.Database, settings: Settings) -> None:
    threads = [threading.Thread(target=first_start, args=[with_sample(settings)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found(access.local_user()) == (1, 1)


def test_a_start_that_was_cut_short_is_completed_by_the_next(
    database: db.Database, settings: Settings
) -> None:
    user = access.settle_local_user()
    with storage.stage(settings.staging_dir) as made:
        sample.write_sample(made.path)
        content = made.path.read_bytes()
    journeys.upload_bytes(
        user, content, settings=settings, files=storage.from_settings(settings), file_name=SAMPLE_NAME
    )
    assert found(user) == (1, 0)
    first_start(with_sample(settings))
    assert found(user) == (1, 1)


def test_a_sample_that_was_deleted_does_not_come_back(database: db.Database, settings: Settings) -> None:
    user = first_start(with_sample(settings))
    with db.session_scope(user, write=True) as session:
        model = models.page(session).items[0]
        changes.cancel_training(session, model_id=model.id)
    with db.session_scope(user, write=True) as session:
        changes.delete(session, model_id=model.id)
        uploads.delete(session, upload_id=uploads.page(session).items[0].id)
    first_start(with_sample(settings))
    assert found(user) == (0, 0)


def test_whoever_asks_gets_a_sample_of_their_own_once(
    database: db.Database, settings: Settings, user: db.User, stranger: db.User
) -> None:
    for _ in range(2):
        give_sample(user, settings=settings)
    assert (found(user), found(stranger)) == ((1, 1), (0, 0))
    give_sample(stranger, settings=settings)
    assert (found(user), found(stranger)) == ((1, 1), (1, 1))


def test_a_first_start_marks_the_storage_once(database: db.Database, settings: Settings) -> None:
    user = first_start(settings)
    files = storage.from_settings(settings)
    assert list(files.keys("")) == [f"{installation.PLACE}{user.id}"]
    first_start(settings)
    assert len(list(files.keys(""))) == 1
    assert installation.belonging(files, user.id) is installation.Belonging.OURS


@pytest.mark.parametrize("left", ["uploads/user_1/a.csv", f"{installation.PLACE}earlier"])
def test_a_new_database_beside_files_of_an_earlier_one_is_not_begun(
    database: db.Database, settings: Settings, left: str
) -> None:
    files = storage.from_settings(settings)
    put(settings, left)
    with pytest.raises(installation.FilesOfAnotherDatabase, match="1 file of an earlier one") as refused:
        first_start(with_sample(settings))
    assert "python -m core.system restore" in refused.value.hint
    assert list(files.keys("")) == [left]
    assert installation.database_id() is None
    for principal in (db.WORKER, db.NOBODY):
        context = CheckContext(settings, principal, now=datetime.now(UTC), has_database=True)
        (line,) = installation.check(context)
        assert (line.state, line.message, line.hint) == (
            State.BROKEN,
            refused.value.message,
            refused.value.hint,
        )
    assert checks.run(settings)[0] == line
    files.delete(left)
    assert found(first_start(with_sample(settings))) == (1, 1)


def test_files_that_are_not_the_apps_are_no_sign_of_an_earlier_database(
    database: db.Database, settings: Settings
) -> None:
    put(settings, "somebody's/a.csv")
    assert found(first_start(with_sample(settings))) == (1, 1)


def test_an_installation_of_before_marks_gets_one(database: db.Database, settings: Settings) -> None:
    user = access.settle_local_user()
    put(settings, "uploads/user_1/a.csv")
    assert first_start(settings) == user
    files = storage.from_settings(settings)
    assert installation.belonging(files, user.id) is installation.Belonging.OURS


def test_a_storage_that_is_away_keeps_nobody_from_starting_again_but_begins_nothing(
    database: db.Database, settings: Settings
) -> None:
    settings.files_dir.parent.mkdir(parents=True, exist_ok=True)
    settings.files_dir.write_bytes(b"a file where the folder should be")
    with pytest.raises(storage.StorageUnavailable):
        first_start(settings)
    assert installation.database_id() is None
    user = access.settle_local_user()
    assert first_start(settings) == user


def put(settings: Settings, key: str) -> None:
    with storage.stage(settings.staging_dir) as staged:
        staged.close()
        storage.from_settings(settings).put(key, staged.path)
