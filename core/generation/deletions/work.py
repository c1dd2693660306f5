"""The task that removes what was deleted: files first, then rows, a few at a time.

An attempt that dies leaves rows that are still hidden, and the next one goes on with them: what is removed already is
removed again without harm. So no row is gone before its files are, and no file stays of which no row knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, queue, settings, storage
from core.db.tables import Base
from core.db.tables.generation.batch_jobs import BatchCallRow, BatchItemRow, BatchJobRow, BatchLogLineRow
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.deletions import DeletedBatchJobRow, DeletedConversationRow
from core.generation.conversations import files
from core.generation.engine.requests.reply_store import log_folder, raw_folder, raw_key
from core.settings import part
from core.settings.parts.worker import LeaseSettings
from core.storage import Storage, StorageUnavailable

N_AT_ONCE: Final = 200  # conversations
N_ROWS: Final = 5_000  # of a job, in one transaction
N_THREADS: Final = 8  # files at a time: each waits for its server
AWAY_S: Final = 30.0  # until storage that is away is looked for again


def run(task: queue.Task, job: queue.Job) -> dict[str, Any] | queue.GoOnLater:
    """Raises TaskStopped, LeaseLost."""
    return work(task, job, config=settings.current())


def work(task: queue.Task, job: queue.Job, *, config: settings.Settings) -> dict[str, Any] | queue.GoOnLater:
    """`run` with these settings."""
    removal = _Removal(task, storage.from_settings(config), lease_s=part(config, LeaseSettings).lease_s)
    n_done = 0
    try:
        while n := removal.some_conversations():
            n_done += n
            job.report(n_done)
            if job.stop_requested():
                raise queue.TaskStopped(task_id=task.id)
            if job.drain_requested():
                return queue.GoOnLater()
        removal.job()
    except StorageUnavailable:
        return queue.GoOnLater(delay_s=AWAY_S)
    return {"n": n_done}


class _Removal:
    """What one attempt removes. Every transaction in which it writes begins with the fence."""

    def __init__(self, task: queue.Task, stored: Storage, *, lease_s: float) -> None:
        self._task, self._stored, self._lease_s = task, stored, lease_s

    def some_conversations(self) -> int:
        """Remove the next few; how many were looked at, 0 where none is left. Raises StorageUnavailable, LeaseLost."""
        row, deleted = ConversationRow, DeletedConversationRow
        columns = row.id, row.conversation_id, row.batch_job_id, row.idx
        is_same = sa.and_(row.row_version == deleted.row_version, row.user_id == self._task.user_id)
        these = (
            sa.select(*columns, is_same.label("is_same"))
            .join(deleted, deleted.conversation_id == row.id)
            .where(deleted.task_id == self._task.id)
            .limit(N_AT_ONCE)
        )
        with db.session_scope(db.WORKER) as session:
            found = session.execute(these).all()
            gone = [one for one in found if one.is_same]
            items = _items(session, gone, self._task.user_id)
        self._remove([*(files.key(one.conversation_id) for one in gone), *_raw_keys(items)])
        with self._fenced() as session:
            items = _items(session, gone, self._task.user_id, locked=True)
            session.execute(sa.delete(row).where(row.id.in_([one.id for one in gone])))
            changed = [one.id for one in found if not one.is_same]
            session.execute(sa.delete(deleted).where(deleted.conversation_id.in_(changed)))
            of_items = sa.tuple_(BatchCallRow.batch_job_id, BatchCallRow.item_idx)
            replies = sa.update(BatchCallRow).where(
                of_items.in_([(item.batch_job_id, item.idx) for item in items])
            )
            session.execute(replies.values(raw=None, raw_key=None))
        self._remove(_raw_keys(items))  # what was answered about them meanwhile; from now on nothing is kept
        return len(found)

    def job(self) -> None:
        """Remove the batch job, if there is one. Raises StorageUnavailable, LeaseLost."""
        named = sa.select(DeletedBatchJobRow.batch_job_id).where(DeletedBatchJobRow.task_id == self._task.id)
        with db.session_scope(db.WORKER) as session:
            batch_job_id = session.execute(named).scalar_one_or_none()
        if batch_job_id is None:
            return
        for folder in (raw_folder(batch_job_id), log_folder(batch_job_id)):
            self._remove(self._stored.keys(folder))
        mine = BatchJobRow.id == batch_job_id, BatchJobRow.user_id == self._task.user_id
        for row in (BatchItemRow, BatchCallRow, BatchLogLineRow):
            some = sa.select(row.id).where(
                row.batch_job_id == sa.select(BatchJobRow.id).where(*mine).scalar_subquery()
            )
            while self._delete(row, row.id.in_(some.limit(N_ROWS))) == N_ROWS:
                pass
        self._delete(BatchJobRow, *mine)

    def _delete(self, row: type[Base], *where: sa.ColumnElement[bool]) -> int:
        """In a transaction of its own: whoever else writes waits for no more than that."""
        with self._fenced() as session:
            return cast("sa.CursorResult[Any]", session.execute(sa.delete(row).where(*where))).rowcount

    def _remove(self, keys: Iterable[str]) -> None:
        """Remove these files, as far as they are there."""
        with ThreadPoolExecutor(N_THREADS, thread_name_prefix="remove") as threads:
            for _ in threads.map(self._stored.delete, list(keys)):
                pass

    @contextmanager
    def _fenced(self) -> Iterator[Session]:
        with db.session_scope(db.WORKER, write=True) as session:
            queue.beat(session, task_id=self._task.id, attempt=self._task.attempt, lease_s=self._lease_s)
            yield session


def _raw_keys(items: Iterable[Any]) -> list[str]:
    return [raw_key(item.batch_job_id, item.idx, n + 1) for item in items for n in range(item.n_asked)]


def _items(
    session: Session, gone: Sequence[Any], user_id: UUID, *, locked: bool = False
) -> Sequence[sa.Row[UUID, int, int]]:
    """The items that conversations came of, or that asked about them, whatever came of it: replies tell their words.

    locked: whoever keeps something about these conversations has done so, or waits until they are gone.
    """
    item, ids = BatchItemRow, [one.id for one in gone]
    if locked:
        row = ConversationRow
        session.execute(sa.select(row.id).where(row.id.in_(ids)).order_by(row.id).with_for_update())
    came_of = [(one.batch_job_id, one.idx) for one in gone if one.batch_job_id is not None]
    enriching = sa.select(BatchJobRow.id).where(BatchJobRow.user_id == user_id, BatchJobRow.kind == "enrich")
    asked_about = sa.and_(
        item.batch_job_id.in_(enriching),
        item.n_asked > 0,
        item.params["conversation"].as_string().in_([str(row_id) for row_id in ids]),
    )
    of_them = sa.or_(sa.tuple_(item.batch_job_id, item.idx).in_(came_of), asked_about)
    return session.execute(sa.select(item.batch_job_id, item.idx, item.n_asked).where(of_them)).all()
