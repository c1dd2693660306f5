"""What is being deleted and therefore shown to nobody: conditions that lists and verbs share."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.generation.batch_jobs import BatchJobRow
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.deletions import DeletedBatchJobRow, DeletedConversationRow


def is_shown(session: Session) -> sa.ColumnElement[bool]:
    """Of `ConversationRow`: nobody has deleted it.

    Where nothing is being deleted, as nearly always, lists have no such condition. It would cost them 10 to 30 ms at
    100,000 conversations; and Postgres would plan a statement that fills the table by one that reads it whole for each
    row, as it is empty when the statement begins.
    """
    found = sa.select(DeletedConversationRow.conversation_id).limit(1)
    if session.execute(found).first() is None:
        return sa.true()
    return ~sa.exists().where(DeletedConversationRow.conversation_id == ConversationRow.id)


def is_job_shown() -> sa.ColumnElement[bool]:
    """Of `BatchJobRow`: nobody has deleted it."""
    return ~sa.exists().where(DeletedBatchJobRow.batch_job_id == BatchJobRow.id)
