"""What a user can ask for: a toy, and which there are."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

import sqlalchemy as sa
from core.db.tables.toys import ToyRow
from sqlalchemy.orm import Session

from core import db, queue
from core.access import audit, ownership
from core.errors import NotFound
from core.uploads import uploads

KIND = "toys.make"
STATUS = {
    queue.TaskState.QUEUED: "waiting",
    queue.TaskState.RUNNING: "waiting",
    queue.TaskState.SUCCEEDED: "ready",
    queue.TaskState.FAILED: "failed",
    queue.TaskState.CANCELLED: "failed",
}


def make(session: Session, *, name: str, upload_id: int | None) -> ToyRow:
    """Have a worker make a toy. Raises NotFound, OwnedByAnother."""
    if upload_id is not None:
        uploads.hold(session, upload_id=upload_id)
    toy = ToyRow(id=uuid4(), user_id=db.owner(session), name=name, upload_id=upload_id, status="waiting")
    toy.task_id = queue.enqueue(session, kind_name=KIND, user_id=toy.user_id, payload={"toy_id": str(toy.id)})
    session.add(toy)
    session.flush()
    audit.note(session, "toy.made", audit.Subject("toy", toy.id, name))
    return toy


def get(session: Session, *, toy_id: UUID) -> ToyRow:
    """Raises NotFound."""
    this = ToyRow.id == toy_id, ownership.seen(session, ToyRow.user_id)
    found = session.execute(sa.select(ToyRow).where(*this)).scalar_one_or_none()
    if found is None:
        raise NotFound(resource="toy", id=toy_id)
    return found


def all_of(session: Session) -> Sequence[ToyRow]:
    """The user's own, by name."""
    mine = sa.select(ToyRow).where(ToyRow.user_id == db.owner(session))
    return session.execute(mine.order_by(ToyRow.name)).scalars().all()


def folder(toy_id: UUID | str) -> str:
    """How the storage keys of a toy begin."""
    return f"results/toys/{toy_id}/"


def output_prefix(task: queue.Task) -> str:
    """How the keys of one attempt begin."""
    return f"{folder(task.payload['toy_id'])}{task.attempt}."


def follow(session: Session, task: queue.Task) -> None:
    """Move the toy with its task."""
    made = task.result or {}
    values = {"status": STATUS[task.state], "storage_key": made.get("storage_key"), "pid": made.get("pid")}
    session.execute(sa.update(ToyRow).where(ToyRow.task_id == task.id).values(values))
