"""A conversation's file: the same bytes of the same content, and after an edit those of the last one."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from core import db
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations import conversations, files, review
from core.settings import Settings
from core.storage import CONVERSATION_FILES, LocalStorage, Stored
from tests import generation
from tests.journeys import ask


def get(user: db.User, row_id: UUID) -> ConversationRow:
    return ask(user, partial(conversations.get, row_id=row_id))


def test_the_document_says_what_it_is_and_nothing_of_its_row(database: db.Database, user: db.User) -> None:
    row_id = generation.conversation(user, job_id=generation.job(user))
    row = get(user, row_id)
    said = json.loads(files.document(row))
    assert said["conversation_id"] == str(row.conversation_id)
    assert (said["source"], said["is_offline"], said["params"]) == ("OFFLINE", True, {"topic": "parcel"})
    assert said["messages"] == row.messages
    assert str(row_id) not in files.document(row).decode()
    assert files.document(row) == files.document(get(user, row_id))


def test_after_an_edit_its_file_is_that_of_the_edit(
    database: db.Database, user: db.User, settings: Settings, storage: LocalStorage
) -> None:
    row_id = generation.conversation(user)
    rewrite = partial(files.rewrite, user, files=storage, staging_dir=settings.staging_dir, row_id=row_id)
    rewrite()
    with db.session_scope(user, write=True) as session:
        review.edit(session, row_id=row_id, row_version=1, new=generation.talk("New?", "New."))
    rewrite()
    row = get(user, row_id)
    with storage.open(files.key(row.conversation_id)) as stored:
        assert stored.read() == files.document(row)
    with db.session_scope(user, write=True) as session:
        session.execute(sa.delete(ConversationRow).where(ConversationRow.id == row_id))
    rewrite()  # it is gone: nothing is written, and nothing fails


class SlowStorage(LocalStorage):
    """Storage that takes so long that what is stored has been deleted when it is done."""

    def replace(self, key: str, source: Path) -> Stored:
        stored = super().replace(key, source)
        with db.session_scope(db.WORKER, write=True) as session:
            session.execute(sa.delete(ConversationRow))
        return stored


def test_no_file_is_left_of_what_was_deleted_while_it_was_stored(
    database: db.Database, user: db.User, settings: Settings, tmp_path: Path
) -> None:
    row_id = generation.conversation(user)
    slow = SlowStorage(tmp_path / "slow")
    files.rewrite(user, files=slow, staging_dir=settings.staging_dir, row_id=row_id)
    assert list(slow.keys(CONVERSATION_FILES)) == []


def test_an_edit_stands_while_storage_is_away(
    database: db.Database, user: db.User, settings: Settings, tmp_path: Path
) -> None:
    row_id = generation.conversation(user)
    (tmp_path / "blocked").write_text("a file where the folder should be")
    away = LocalStorage(tmp_path / "blocked" / "files")
    files.rewrite_or_log(user, files=away, staging_dir=settings.staging_dir, row_id=row_id)
    assert get(user, row_id).row_version == 1
