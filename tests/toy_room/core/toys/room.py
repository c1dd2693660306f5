"""What toys tell the rest of the house."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from uuid import UUID

import sqlalchemy as sa
from core.db.tables.toys import ToyRow
from core.toys import toys
from sqlalchemy.orm import Session

from core import db, queue
from core.check import Check, State
from core.room import (
    AuditedAction,
    AuditedResource,
    CheckContext,
    DeletedWith,
    HandedOver,
    KeptFile,
    PendingWork,
    Room,
    SystemCheck,
)


def _is_copied(session: Session, upload_id: int) -> bool:
    waiting = ToyRow.upload_id == upload_id, ToyRow.status == "waiting"
    return session.execute(sa.select(ToyRow.id).where(*waiting).limit(1)).first() is not None


def _hold(session: Session, upload_id: int) -> Sequence[UUID]:
    of_upload = sa.select(ToyRow.id).where(ToyRow.upload_id == upload_id)
    return session.execute(of_upload.with_for_update()).scalars().all()


def _delete(session: Session, upload_id: int) -> None:
    session.execute(sa.delete(ToyRow).where(ToyRow.upload_id == upload_id))


def _look(context: CheckContext) -> Iterator[Check]:
    assert gc.isenabled(), "an app that never collects garbage would grow"
    with db.session_scope(context.principal) as session:
        n = session.execute(sa.select(sa.func.count()).select_from(ToyRow)).scalar_one()
    yield Check("Toys", "Shelf", State.OK, f"{n} on the shelf.")


ROOM = Room(
    kinds=(
        queue.Kind(
            name=toys.KIND,
            label="Making a toy",
            module=__name__,
            run="core.toys.work:run",
            follow=toys.follow,
            pool=queue.Pool.GENERATION,
            output_prefix=toys.output_prefix,
        ),
    ),
    actions=(AuditedAction("toy.made", "had made"),),
    audited=(AuditedResource("toy", " the toy {}", "a toy"),),
    dependants=(
        PendingWork("upload", "being copied", _is_copied),
        DeletedWith("upload", "toy", hold=_hold, delete=_delete, prefix=toys.folder),
    ),
    handed_over=(HandedOver("toys", ToyRow),),
    kept_files=(
        KeptFile(
            "toy",
            sa.select(ToyRow.storage_key)
            .where(ToyRow.storage_key.is_not(None))
            .order_by(ToyRow.created_at.desc()),
        ),
    ),
    checks=(SystemCheck("Toys", "Shelf", _look, needs_database=True),),
)
