"""Conversations that nobody has checked, as they were made before there were checks: how many, and checking them.

A task goes through all of them, whoever's they are, some at a time: what it has checked has a score, so that another
attempt goes on with the rest, and two at once do no harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from core import db, queue
from core.access import audit, ownership
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.db.tables.tasks import TaskRow
from core.generation.quality import nearest, rows
from core.generation.quality.duplicates import Signatures

KIND: Final = "generation.check"
AT_ONCE: Final = 100  # conversations of one transaction


def n_unchecked(session: Session) -> int:
    """How many that the reader may review have no score."""
    row = ConversationRow
    mine = row.score.is_(None), ownership.reviewed(session, row.user_id)
    return session.execute(sa.select(sa.func.count()).select_from(row).where(*mine)).scalar_one()


def is_under_way(session: Session) -> bool:
    """Whether a task of the reader's checks them already."""
    open_ones = sa.select(TaskRow.id).where(
        TaskRow.kind == KIND, TaskRow.user_id == db.owner(session), TaskRow.state.not_in(queue.SETTLED)
    )
    return session.execute(open_ones.limit(1)).first() is not None


def request(session: Session) -> int:
    """Have all of them checked, in the caller's transaction; how many the reader knows of. Twice does no more."""
    n = n_unchecked(session)
    if n and not is_under_way(session):
        queue.enqueue(session, kind_name=KIND, user_id=db.owner(session), payload={}, size=n)
        audit.note(
            session, "conversation.checked", audit.Subject("conversations", "", f"{n:,} conversations")
        )
    return n


def follow(session: Session, task: queue.Task) -> None:
    """Nothing waits for its end: what is checked says so itself."""
    del session, task


def run(task: queue.Task, job: queue.Job) -> dict[str, Any] | queue.GoOnLater:
    """The handler: all that have no score, in the order of their jobs. Raises TaskStopped, DatabaseUnavailable."""
    n_done, signatures = 0, dict[UUID, Signatures]()
    while True:
        if job.stop_requested():
            raise queue.TaskStopped(task_id=task.id)
        if job.drain_requested():
            return queue.GoOnLater()
        with db.session_scope(db.WORKER) as session:
            found = _some(session)
            values = [
                _checked(session, conversation, template, signatures) for conversation, template in found
            ]
        if not found:
            return {"n_checked": n_done}
        with db.session_scope(db.WORKER, write=True) as session:
            for (conversation, _), columns in zip(found, values, strict=True):
                _keep(session, conversation, columns)
        n_done += len(found)
        job.report(n_done)


def _some(session: Session) -> Sequence[tuple[ConversationRow, PromptTemplateRow]]:
    row = ConversationRow
    unchecked = (
        sa.select(row, PromptTemplateRow)
        .join(PromptTemplateRow, PromptTemplateRow.id == row.template_id)
        .where(row.score.is_(None))
        .options(undefer(row.messages))
        .order_by(row.user_id, row.batch_job_id, row.idx, row.id)
        .limit(AT_ONCE)
    )
    found = [(conversation, template) for conversation, template in session.execute(unchecked)]
    session.expunge_all()
    return found


def _checked(
    session: Session,
    conversation: ConversationRow,
    template: PromptTemplateRow,
    signatures: dict[UUID, Signatures],
) -> dict[str, Any]:
    """Its columns. signatures: those of the job that was last looked at."""
    asked, job_id = rows.of_template(template), conversation.batch_job_id
    if job_id is not None and job_id not in signatures:
        signatures.clear()
        signatures[job_id] = nearest.of_job(session, job_id)
    job = signatures[job_id] if job_id is not None else None
    values = rows.by_text(
        conversation.messages, asked=asked, params=conversation.params, conversation=str(conversation.id)
    )
    values |= rows.compared(
        session, values, row_id=conversation.id, user_id=conversation.user_id, job=job, asked=asked
    )
    if job is not None and values["minhash"] is not None:
        job.add(conversation.id, values["minhash"])
    return values


def _keep(session: Session, conversation: ConversationRow, columns: dict[str, Any]) -> None:
    """Unless it was edited meanwhile. Its row version stays: nobody's decision is affected."""
    row = ConversationRow
    this = (
        row.id == conversation.id,
        row.score.is_(None),
        row.content_sha256 == conversation.content_sha256,
    )
    session.execute(
        sa.update(row).where(*this).values(columns), execution_options={"synchronize_session": False}
    )
