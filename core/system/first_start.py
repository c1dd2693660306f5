"""What the first start leaves behind, and whoever asks for it gets: the sample file and its model in training."""

from __future__ import annotations

from contextlib import suppress

from core import access, db, queue, storage
from core.models import models
from core.settings import Settings
from core.system import sample
from core.uploads import uploads

SAMPLE_NAME = "sample_customers.csv"
MODEL_NAME = "Sample: churn"


def first_start(settings: Settings) -> db.User:
    """Make the local user and its sample, once: a start that was cut short is completed by the next.

    The training's task remembers that the sample was made, so several processes that start at once
    make one, and a sample that was deleted does not come back by itself.
    """
    user = access.settle_local_user()
    once = f"sample:{user.id}"
    with db.session_scope(user) as session:
        if not settings.sample or queue.was_enqueued(session, dedupe_key=once):
            return user
    _make(user, settings, once=once)
    return user


def give_sample(user: db.User, *, settings: Settings) -> None:
    """For somebody who has nothing to try yet; asked for twice it is made once.

    Raises what an upload raises when it can't be stored.
    """
    _make(user, settings, once=None)


def _make(user: db.User, settings: Settings, *, once: str | None) -> None:
    """once: names the task for ever; without it, a training of this very upload does."""
    with storage.stage(settings.staging_dir) as made, storage.stage(settings.staging_dir) as staged:
        sample.write_sample(made.path)
        staged.write(made.path.read_bytes())
        staged.close()
        received = uploads.receive(
            user,
            storage=storage.from_settings(settings),
            staged=staged,
            file_name=SAMPLE_NAME,
            is_sample=True,
        )
    with suppress(db.Collided), db.session_scope(user, write=True) as session:  # another was first
        upload = uploads.get(session, upload_id=received.upload.id)
        models.request_training(
            session,
            upload=upload,
            target=sample.TARGET,
            name=MODEL_NAME,
            is_sample=True,
            dedupe_key=once or f"sample:{user.id}:{upload.id}",
        )
