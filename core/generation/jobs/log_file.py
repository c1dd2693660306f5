"""A job's log, as people get it: the stored file, or its lines where it is not stored yet."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from core import db
from core.db.tables.generation.batch_jobs import BatchLogLineRow
from core.generation.engine.requests.reply_store import log_key, log_text
from core.generation.jobs import jobs
from core.storage import NotStored, Storage


def text(user: db.User, *, files: Storage, batch_job_id: UUID) -> str:
    """Raises NotFound, StorageUnavailable."""
    with db.session_scope(user) as session:
        jobs.get(session, batch_job_id=batch_job_id)
    try:
        with files.open(log_key(batch_job_id)) as stream:
            return stream.read().decode("utf-8", "replace")
    except NotStored:
        with db.session_scope(user) as session:
            found = session.execute(
                sa.select(BatchLogLineRow.created_at, BatchLogLineRow.level, BatchLogLineRow.text)
                .where(BatchLogLineRow.batch_job_id == batch_job_id)
                .order_by(BatchLogLineRow.id)
            ).all()
        return log_text([(at, level, line) for at, level, line in found])
