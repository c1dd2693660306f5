"""What is being deleted and therefore shown to nobody: conditions that lists and verbs share."""

from __future__ import annotations

import sqlalchemy as sa

from core.db.tables.batch_jobs import BatchJobRow
from core.db.tables.conversations import ConversationRow
from core.db.tables.deletions import DeletedBatchJobRow, DeletedConversationRow


def is_shown() -> sa.ColumnElement[bool]:
    """Of `ConversationRow`: nobody has deleted it."""
    return ~sa.exists().where(DeletedConversationRow.conversation_id == ConversationRow.id)


def is_job_shown() -> sa.ColumnElement[bool]:
    """Of `BatchJobRow`: nobody has deleted it."""
    return ~sa.exists().where(DeletedBatchJobRow.batch_job_id == BatchJobRow.id)
