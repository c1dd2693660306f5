"""What a start leaves behind: the local user, the templates that ship, and once the sample file with its model in
training, which whoever asks for it gets too.
"""

from __future__ import annotations

from contextlib import suppress

from core import access, db, logs, queue, storage
from core.generation.templates import shipped
from core.models import models
from core.settings import Settings
from core.system import installation, sample
from core.uploads import uploads

SAMPLE_NAME = "sample_customers.csv"
MODEL_NAME = "Sample: churn"
log = logs.get("system")


def first_start(settings: Settings) -> db.User:
    """Make the local user and its sample, once, and add templates that are new: a start that was cut short is
    completed by the next.

    The training's task remembers that the sample was made, so several processes that start at once
    make one, and a sample that was deleted does not come back by itself. Raises FilesOfAnotherDatabase, and makes
    nothing, for a new database beside the files of an earlier one; StorageUnavailable where that can't be found out.
    """
    files = storage.from_settings(settings)
    installation.require_ours(files)
    user = access.settle_local_user()
    try:
        installation.mark(files, user.id, staging_dir=settings.staging_dir)
    except (storage.StorageUnavailable, storage.DiskFull) as error:
        log.warning(
            "could not mark the storage as this database's; the next start tries again", problem=str(error)
        )
    shipped.ensure()
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
