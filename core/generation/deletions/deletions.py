"""Deleting: what is hidden at once, and how it is taken back.

A deletion is a task that begins UNDO_S later. What it is to remove is named in tables of its own
(`tables/generation/deletions.py`), and is shown to nobody from the same transaction on. Until the task has begun,
undoing cancels it, and everything is there again. Approved conversations go only where they are named, one by one
or by a word of its own: neither a filter nor a job takes them along unasked. What was decided on or edited by somebody
who saw it before it was hidden stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, queue
from core.access import audit, ownership
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.deletions import DeletedBatchJobRow, DeletedConversationRow
from core.db.tables.tasks import TaskRow
from core.errors import NotFound
from core.generation import hidden
from core.generation.conversations import conversations
from core.generation.conversations.conversations import RESOURCE, Filter
from core.generation.conversations.errors import TooManyNamed
from core.generation.conversations.states import Status
from core.generation.deletions.errors import CountChanged, NothingToDelete, TooLateToUndo
from core.generation.jobs import jobs
from core.storage import disk_reserve

KIND: Final = "generation.delete"
UNDO_S: Final = 10.0
MOST_IDS: Final = 1_000
MOST_ATTEMPTS: Final = 1_000  # whoever deletes something does not come back to see whether it went


@dataclass(frozen=True)
class Found:
    """How many of the user's own conversations fit; n_approved: of them."""

    n: int
    n_approved: int

    def n_deleted(self, *, include_approved: bool) -> int:
        return self.n if include_approved else self.n - self.n_approved


@dataclass(frozen=True)
class FoundNamed(Found):
    """The same of conversations that are named. ids: those that are there; missing: those that are not."""

    ids: Sequence[UUID]
    missing: Sequence[UUID]


@dataclass(frozen=True)
class Deletion:
    """What was hidden. id: by which it is undone. missing: of the ids that were named, those that are gone."""

    id: UUID
    n_conversations: int
    missing: Sequence[UUID] = ()


def carried_out(user: db.User, verb: Callable[[Session], Deletion]) -> Deletion:
    """Have `verb` delete in a transaction of its own, also on a full disk. Raises what it raises."""
    with disk_reserve.lent(), db.session_scope(user, write=True) as session:
        return verb(session)


def find(session: Session, *, asked: Filter) -> Found:
    """What a filter finds of the user's own. Raises NotAllowed for a filter of others'."""
    is_approved = sa.case((ConversationRow.status == Status.APPROVED, 1), else_=0)
    rows = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(is_approved), 0))
    n, n_approved = session.execute(rows.where(*_own(session, asked))).one()
    return Found(n, int(n_approved))


def one(session: Session, *, row_id: UUID) -> Deletion:
    """Delete a conversation, approved or not. Raises NotFound, BusinessKeyGiven, OwnedByAnother."""
    conversation = conversations.get(session, row_id=row_id)
    ownership.require_own(session, conversation.user_id, resource=RESOURCE)
    task_id = _enqueue(session, total=1)
    if not _hide(session, task_id, ConversationRow.id == row_id):
        raise NotFound(resource=RESOURCE, id=row_id)
    audit.note(session, "conversation.deleted", conversations.subject(row_id))
    return Deletion(task_id, 1)


def named(session: Session, *, ids: Sequence[UUID]) -> Deletion:
    """Delete these, approved or not; ids that are gone are told.

    Raises TooManyNamed, NothingToDelete, OwnedByAnother.
    """
    found = find_named(session, ids=ids)
    if not found.ids:
        raise NothingToDelete(why="none of these conversations is there.")
    task_id = _enqueue(session, total=found.n)
    n = _hide(session, task_id, ConversationRow.id.in_(found.ids))
    _note_many(session, "conversation.deleted", n)
    return Deletion(task_id, n, found.missing)


def find_named(session: Session, *, ids: Sequence[UUID]) -> FoundNamed:
    """What `named` would delete. Raises TooManyNamed, OwnedByAnother."""
    if len(ids) > MOST_IDS:
        raise TooManyNamed(n_ids=len(ids), limit=MOST_IDS)
    row, wanted = ConversationRow, list(dict.fromkeys(ids))
    seen = sa.select(row.id, row.user_id, row.status).where(
        row.id.in_(wanted), ownership.reviewed(session, row.user_id), hidden.is_shown(session)
    )
    found = {one.id: one for one in session.execute(seen)}
    for one in found.values():
        ownership.require_own(session, one.user_id, resource=RESOURCE)
    n_approved = sum(one.status == Status.APPROVED for one in found.values())
    missing = [row_id for row_id in wanted if row_id not in found]
    return FoundNamed(len(found), n_approved, list(found), missing)


def filtered(
    session: Session, *, asked: Filter, n_confirmed: int, include_approved: bool = False
) -> Deletion:
    """Delete all of the user's own that fit, without the approved ones unless that is said.

    Raises NotAllowed, NothingToDelete, CountChanged where it is another number than was confirmed.
    """
    task_id = _enqueue(session, total=n_confirmed)
    n = _hide(session, task_id, *_own(session, asked), *_unless(include_approved))
    if not n and not n_confirmed:
        raise NothingToDelete(why="no conversation of yours fits the filter, or only approved ones do.")
    if n != n_confirmed:
        raise CountChanged(n_found=n, n_confirmed=n_confirmed)
    _note_many(session, "conversation.deleted", n, approved=include_approved)
    return Deletion(task_id, n)


def job(
    session: Session,
    *,
    batch_job_id: UUID,
    with_conversations: bool = False,
    n_confirmed: int = 0,
    include_approved: bool = False,
) -> Deletion:
    """Delete a job that has ended or is paused, with items, requests, raw replies and log.

    with_conversations: those that it made too, without the approved ones unless that is said; the others stay.
    Raises NotFound, OwnedByAnother, Conflict, CountChanged.
    """
    found = jobs.deletable(session, batch_job_id=batch_job_id)
    task_id = _enqueue(session, total=n_confirmed + 1)
    n = 0
    if with_conversations:
        n = _hide(session, task_id, ConversationRow.batch_job_id == batch_job_id, *_unless(include_approved))
        if n != n_confirmed:
            raise CountChanged(n_found=n, n_confirmed=n_confirmed)
    hide = sa.insert(DeletedBatchJobRow).values(
        batch_job_id=batch_job_id, user_id=db.owner(session), task_id=task_id
    )
    session.execute(hide)
    audit.note(session, "batch_job.deleted", jobs.subject(found), n_conversations=n)
    return Deletion(task_id, n)


def undo(session: Session, *, deletion_id: UUID) -> None:
    """Show it all again; a second time changes nothing. Raises NotFound, OwnedByAnother, TooLateToUndo."""
    task = _held(session, deletion_id)
    if task.state == queue.TaskState.CANCELLED:
        return
    if task.state != queue.TaskState.QUEUED or task.attempt:
        raise TooLateToUndo
    _note_undo(session, deletion_id)
    queue.cancel(session, task_id=deletion_id)


def can_undo(session: Session, *, deletion_id: UUID) -> bool:
    """Whether `undo` would still do something."""
    row = TaskRow
    mine = row.id == deletion_id, row.kind == KIND, row.user_id == db.owner(session)
    waits = sa.select(row.id).where(*mine, row.state == queue.TaskState.QUEUED, row.attempt == 0)
    return session.execute(waits).first() is not None


def follow(session: Session, task: queue.Task) -> None:
    """What was cancelled, or failed for good, is shown again as far as it is still there."""
    if task.state in (queue.TaskState.CANCELLED, queue.TaskState.FAILED):
        for row in (DeletedConversationRow, DeletedBatchJobRow):
            session.execute(sa.delete(row).where(row.task_id == task.id))


def retry_delay_s(n_tries: int) -> float:
    """Two seconds at first, then longer, a minute at most."""
    return min(60.0, 2.0 ** min(n_tries, 6))


def _own(session: Session, asked: Filter) -> list[sa.ColumnElement[bool]]:
    return [*asked.conditions(session), ConversationRow.user_id == db.owner(session)]


def _unless(include_approved: bool) -> list[sa.ColumnElement[bool]]:
    return [] if include_approved else [ConversationRow.status != Status.APPROVED]


def _enqueue(session: Session, *, total: int) -> UUID:
    return queue.enqueue(
        session,
        kind_name=KIND,
        user_id=db.owner(session),
        payload={},
        total=total,
        delay_s=UNDO_S,
    )


def _hide(session: Session, task_id: UUID, *where: sa.ColumnElement[bool]) -> int:
    """How many of the user's own were hidden."""
    row, to = ConversationRow, DeletedConversationRow
    chosen = sa.select(row.id, row.user_id, sa.literal(task_id, to.task_id.type), row.row_version).where(
        row.user_id == db.owner(session), hidden.is_shown(session), *where
    )
    hide = sa.insert(to).from_select(["conversation_id", "user_id", "task_id", "row_version"], chosen)
    made = session.execute(hide, execution_options={"preserve_rowcount": True})
    return cast("sa.CursorResult[Any]", made).rowcount


def _held(session: Session, deletion_id: UUID) -> TaskRow:
    this = sa.select(TaskRow).where(TaskRow.id == deletion_id, TaskRow.kind == KIND)
    found = session.execute(this.where(ownership.seen(session, TaskRow.user_id))).scalar_one_or_none()
    if found is None:
        raise NotFound(resource="deletion", id=deletion_id)
    ownership.require_own(session, found.user_id, resource="deletion")
    fresh = {"populate_existing": True}
    return session.execute(this.with_for_update(), execution_options=fresh).scalar_one()


def _note_many(session: Session, action: str, n: int, **facts: Any) -> None:
    """One line, however many there are."""
    many = audit.Subject("conversations", "", f"{n:,} conversation{'s' if n > 1 else ''}")
    audit.note(session, action, many, n=n, **facts)


def _note_undo(session: Session, task_id: UUID) -> None:
    row, of = DeletedConversationRow, DeletedBatchJobRow
    ids = (
        session.execute(sa.select(row.conversation_id).where(row.task_id == task_id).limit(2)).scalars().all()
    )
    this = sa.select(BatchJobRow).join(of, of.batch_job_id == BatchJobRow.id).where(of.task_id == task_id)
    if (job := session.execute(this).scalar_one_or_none()) is not None:
        audit.note(session, "batch_job.restored", jobs.subject(job))
    elif len(ids) == 1:
        audit.note(session, "conversation.restored", conversations.subject(ids[0]))
    else:
        count = sa.select(sa.func.count()).select_from(row).where(row.task_id == task_id)
        _note_many(session, "conversation.restored", session.execute(count).scalar_one())
