"""What the first start leaves behind: the local user, the sample file, and its model in training."""

from __future__ import annotations

from core import access, db, storage
from core.models import handler as _  # noqa: F401  # registers the kind of task
from core.models import models
from core.settings import Settings
from core.system import sample
from core.uploads import uploads

SAMPLE_NAME = "sample_customers.csv"
MODEL_NAME = "Sample: churn"


def first_start(settings: Settings) -> db.User:
    """Make what is missing of the above; a start that was cut short is completed by the next."""
    user = access.settle_local_user()
    if not settings.sample:
        return user
    with db.session_scope(user) as session:
        if uploads.count(session) or models.page(session, limit=1).items:
            return user
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
    with db.session_scope(user, write=True) as session:
        upload = uploads.get(session, upload_id=received.upload.id)
        models.request_training(session, upload=upload, target=sample.TARGET, name=MODEL_NAME, is_sample=True)
    return user
