"""Whether the files that rows speak of are in storage: the newest of each kind stands for all."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, storage
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.uploads import UploadRow
from core.storage import Storage


def missing(files: Storage, principal: db.Principal = db.WORKER) -> list[str]:
    """Which of "upload", "model" and "result" have their newest file, of those the asker sees, no longer in storage.

    Raises DatabaseUnavailable, StorageUnavailable.
    """
    with db.session_scope(principal) as session:
        newest = _newest_keys(session)
    return [resource for resource, key in newest.items() if not _is_stored(files, key)]


def _newest_keys(session: Session) -> dict[str, str]:
    """The storage key of the newest upload, ready model and result, as far as there are any."""
    queries = {
        "upload": sa.select(UploadRow.storage_key).order_by(UploadRow.id.desc()),
        "model": sa.select(ModelRow.artifact_key)
        .where(ModelRow.status == "ready", ModelRow.artifact_key.is_not(None))
        .order_by(ModelRow.created_at.desc()),
        "result": sa.select(PredictionRow.output_key)
        .where(PredictionRow.status == "COMPLETED", PredictionRow.output_key.is_not(None))
        .order_by(PredictionRow.created_at.desc()),
    }
    found = {
        resource: session.execute(query.limit(1)).scalar_one_or_none() for resource, query in queries.items()
    }
    return {resource: key for resource, key in found.items() if key is not None}


def _is_stored(files: Storage, key: str) -> bool:
    try:
        files.stat(key)
    except storage.NotStored:
        return False
    return True
