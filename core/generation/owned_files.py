"""Which stored files belong to batch jobs and conversations, so that the others can be removed after a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.generation.batch_jobs import BatchJobRow
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations import files
from core.generation.engine.requests.reply_store import RAW_FILES, log_folder, raw_folder
from core.room import OwnedFiles
from core.storage import BATCH_LOGS, CONVERSATION_FILES


def _of_conversations(session: Session, keys: Sequence[str]) -> Iterator[str]:
    """Each conversation's document, and all raw replies of each job: a paused one finds them by their keys alone."""
    raw = [key for key in keys if key.startswith(RAW_FILES)]
    for batch_job_id in _jobs(session, OwnedFiles(RAW_FILES, _of_conversations).ids(raw)):
        yield raw_folder(batch_job_id)
    named = OwnedFiles(f"{CONVERSATION_FILES}/", _of_conversations)
    ids = named.ids([key.removesuffix(".json") for key in keys if not key.startswith(RAW_FILES)])
    known = sa.select(ConversationRow.conversation_id).where(ConversationRow.conversation_id.in_(ids))
    for conversation_id in session.execute(known).scalars() if ids else ():
        yield files.key(conversation_id)


def _of_logs(session: Session, keys: Sequence[str]) -> Iterator[str]:
    for batch_job_id in _jobs(session, LOGS.ids(keys)):
        yield log_folder(batch_job_id)


def _jobs(session: Session, ids: set[UUID]) -> Sequence[UUID]:
    """Those of the ids that are jobs."""
    if not ids:
        return ()
    return session.execute(sa.select(BatchJobRow.id).where(BatchJobRow.id.in_(ids))).scalars().all()


LOGS = OwnedFiles(f"{BATCH_LOGS}/", _of_logs)
OWNED_FILES = (OwnedFiles(f"{CONVERSATION_FILES}/", _of_conversations), LOGS)
