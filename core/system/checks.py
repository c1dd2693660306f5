"""The checks of an installation: each is a line that is fine, worth a look, or broken with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import sqlalchemy as sa

from core import db, queue
from core.check import Check as Check
from core.check import State as State
from core.db.tables.tasks import TaskRow
from core.errors import AppError
from core.room import CheckContext, SystemCheck
from core.settings import Settings
from core.system import database_checks

N_FAILURES = 20
_stated: dict[tuple[str, str], SystemCheck] = {}


@dataclass(frozen=True)
class Failure:
    """A task that failed lately, as whoever runs the app wants to see it."""

    task_id: str
    kind: str
    at: datetime
    message: str
    traceback: str


def register(stated: Iterable[SystemCheck]) -> None:
    """Make a room's checks known to this process."""
    _stated.update({(one.part, one.name): one for one in stated})


def run(
    settings: Settings, *, principal: db.Principal = db.WORKER, now: datetime | None = None
) -> list[Check]:
    """Every check, the broken ones first and then by the position of their room's check. Never raises: what goes wrong
    is a line.

    principal: of tasks and files only what they may see is counted; depth and workers are everybody's to know.
    Makes nothing: where there is no database, that alone is told.
    """
    if missing := list(attempt("Database", "Database", lambda: database_checks.missing(settings))):
        return missing
    found = list(attempt("Database", "Database", lambda: database_checks.look(settings, principal)))
    context = CheckContext(
        settings=settings,
        principal=principal,
        now=now or datetime.now(UTC),
        has_database=worst(found) is not State.BROKEN,
    )
    for one in sorted(_stated.values(), key=lambda stated: stated.position):
        if context.has_database or not one.needs_database:
            found += attempt(one.part, one.name, partial(one.look, context))
    return sorted(found, key=lambda check: check.state is not State.BROKEN)


def attempt(part: str, name: str, look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """The lines that `look` finds, or one with this name that says why it can't look."""
    try:
        yield from look()
    except AppError as error:
        yield Check(part, name, State.BROKEN, error.message, error.hint)
    except OSError as error:
        message = f"{error.filename or 'A file'} can't be read ({error.strerror or error})."
        yield Check(
            part,
            name,
            State.BROKEN,
            message,
            "Give the user that runs this permission to read it, then check again.",
        )


def worst(found: Sequence[Check]) -> State:
    """The state of the whole."""
    states = {check.state for check in found}
    return next((state for state in (State.BROKEN, State.WARN) if state in states), State.OK)


def failures(*, principal: db.Principal = db.WORKER, limit: int = N_FAILURES) -> list[Failure]:
    """The newest failed tasks, newest first: the principal's own, an admin's and the shell's of all users.

    Raises DatabaseUnavailable.
    """
    rows = sa.select(TaskRow).where(TaskRow.state == queue.TaskState.FAILED)
    if isinstance(principal, db.User) and principal.role != "admin":
        rows = rows.where(TaskRow.user_id == principal.id)
    with db.session_scope(principal) as session:
        found = session.execute(rows.order_by(TaskRow.finished_at.desc()).limit(limit)).scalars().all()
    return [
        Failure(
            task_id=str(row.id),
            kind=row.kind,
            at=row.finished_at or row.created_at,
            message=(row.error or {}).get("message", ""),
            traceback=(row.error or {}).get("traceback", ""),
        )
        for row in found
    ]
