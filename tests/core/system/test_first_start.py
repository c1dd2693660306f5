"""What a fresh installation finds, however its first start went."""

from __future__ import annotations

import threading

from core import access, db, storage
from core.models import models
from core.settings import Settings
from core.system import first_start, give_sample, sample
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
        models.cancel_training(session, model_id=model.id)
    with db.session_scope(user, write=True) as session:
        models.delete(session, model_id=model.id)
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
