"""The file of a conversation: one JSON document in storage, named by its business key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import undefer

from core import db, logs, storage
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations.messages import columns
from core.storage import CONVERSATION_FILES, Storage

OFFLINE = "OFFLINE"
_MOST_TRIES = 3

log = logs.get("generation")


def key(conversation_id: UUID) -> str:
    """Where the document of the conversation with this business key is stored."""
    return f"{CONVERSATION_FILES}/{conversation_id}.json"


def source(conversation: ConversationRow) -> str:
    """Who wrote it, in a word: the model, or OFFLINE where it was the offline generator."""
    return OFFLINE if conversation.is_offline else conversation.model


def document(conversation: ConversationRow) -> bytes:
    """The document; of the same content the same bytes, whichever attempt writes it."""
    row = conversation
    said = {
        "conversation_id": str(row.conversation_id),
        "batch_job_id": str(row.batch_job_id) if row.batch_job_id else None,
        "idx": row.idx,
        "template_id": str(row.template_id),
        "params": row.params,
        "provider": row.provider,
        "model": row.model,
        "is_offline": row.is_offline,
        "source": source(row),
        "content_sha256": row.content_sha256,
        "messages": [{"role": one["role"], "content": one["content"]} for one in row.messages],
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"


def contents(document: bytes) -> dict[str, Any]:
    """What a row holds of what a document says was written, by column."""
    said = json.loads(document)
    return {"model": said["model"], **columns(said["messages"])}


def rewrite(user: db.User, *, files: Storage, staging_dir: Path, row_id: UUID) -> None:
    """Store the document as the conversation is now, after an edit was committed.

    Of two edits at once the file is that of the later one: it is looked at again. Nor does it outlive its conversation,
    which may have been removed meanwhile. Raises StorageUnavailable, DiskFull.
    """
    written: ConversationRow | None = None
    for _ in range(_MOST_TRIES):
        now = _read(user, row_id)
        if now is None and written is not None:
            files.delete(key(written.conversation_id))
        if now is None or (written is not None and now.content_sha256 == written.content_sha256):
            return
        with storage.stage(staging_dir) as staged:
            staged.write(document(now))
            staged.close()
            files.replace(key(now.conversation_id), staged.path)
        written = now


def rewrite_or_log(user: db.User, *, files: Storage, staging_dir: Path, row_id: UUID) -> None:
    """`rewrite`, where the row is what counts: an edit that is saved is not refused because of its copy."""
    try:
        rewrite(user, files=files, staging_dir=staging_dir, row_id=row_id)
    except (storage.StorageUnavailable, storage.DiskFull) as error:
        log.warning("a conversation's file is older than its row", row_id=str(row_id), problem=str(error))


def _read(user: db.User, row_id: UUID) -> ConversationRow | None:
    this = sa.select(ConversationRow).where(ConversationRow.id == row_id)
    with db.session_scope(user) as session:
        return session.execute(this.options(undefer(ConversationRow.messages))).scalar_one_or_none()
