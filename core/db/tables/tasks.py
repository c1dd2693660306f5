"""The queue's tables."""

# ruff: noqa: S608  # SQL made of our own constants

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.functions import FunctionElement

from core.db.row_rules import MINE_OR_ADMIN, SCHEMA, USERS, WORKERS, RowRules, update_guard
from core.db.tables.base import Base, BigInt, NewId, Now, one_of, partial_index
from core.db.types import now_plus, spelt

_OF_WORKERS = (
    *("lease_owner", "lease_until", "checkpoint", "result", "error"),
    *("published_at", "started_at", "finished_at"),
)
_UNTOUCHED = (
    "state = 'QUEUED' and attempt = 0 and n_released = 0 and done = 0 and not cancel_requested and "
    + " and ".join(f"{column} is null" for column in _OF_WORKERS)
)
# A user's transaction changes a task only by prioritizing or cancelling it.
_ONLY_PRIORITIZE_OR_CANCEL = update_guard(
    "tasks",
    "only_prioritize_or_cancel",
    """
  if new.state = 'CANCELLED' and new.cancel_requested and new.lease_owner is null and new.lease_until is null
    and (old.state = 'QUEUED' or (old.state = 'RUNNING' and (old.lease_until < clock_timestamp()
      or old.timed_at > clock_timestamp() + interval '5 seconds'))) then
    return new;
  end if;
  if new.state = old.state and (new.lease_owner, new.lease_until, new.finished_at, new.error)
      is not distinct from (old.lease_owner, old.lease_until, old.finished_at, old.error)
    and ((old.state = 'QUEUED' and new.cancel_requested = old.cancel_requested)
      or (old.state = 'RUNNING' and new.cancel_requested
        and (new.priority, new.turn, new.run_at) is not distinct from (old.priority, old.turn, old.run_at))) then
    return new;
  end if;
  raise exception 'a user may only prioritize or cancel a task' using errcode = '42501';
""",
)
# How deep the queue is, over all users, by kind: nothing of what tasks are for, or whose. Read with its owner's rights.
OPEN_COLUMNS = (
    *("kind", "state", "priority", "turn", "magnitude", "seq", "run_at", "timed_at", "created_at"),
    *("lease_owner", "lease_until"),
)
TURN_COLUMNS = ("kind", "priority", "turn")  # of those that were begun once: from where turns are counted on
_VIEWS = (
    f"create view {SCHEMA}.open_tasks as select {', '.join(OPEN_COLUMNS)} "
    "from public.tasks where state in ('QUEUED', 'RUNNING')",
    f"create view {SCHEMA}.turns as select {', '.join(TURN_COLUMNS)} from public.tasks where attempt > 0",
    f"grant select on {SCHEMA}.open_tasks, {SCHEMA}.turns to {USERS}, {WORKERS}",
    f"revoke all on sequence public.tasks_seq from public, anon, {USERS}",
    f"grant usage on sequence public.tasks_seq to {USERS}, {WORKERS}",
)

sa.Sequence("tasks_seq", metadata=Base.metadata)


@spelt(sqlite="(SELECT coalesce(max(rowid), 0) + 1 FROM tasks)", postgresql="nextval('tasks_seq')")
class next_in_line(FunctionElement[int]):  # noqa: N801  # written like the SQL function it is
    """The next number in the order of enqueueing. SQLite knows no sequences, but writes one row after another."""

    type = sa.BigInteger()
    inherit_cache = True


class TaskRow(Base):
    """A piece of work: transactional outbox and leased queue in one. Written by core.queue only.

    Of a kind, the smallest `priority` is taken first, then `turn`, `magnitude` (how many digits its size has) and
    `seq`, the order of enqueueing; none of them is a time, for a clock may be set back. `run_at` is for delays alone;
    `timed_at` is when it, or `lease_until`, was reckoned.
    `attempt` is the fencing token and only grows; towards `max_attempts` count neither the `n_released` attempts that
    were handed back nor the `n_progressed` ones that brought the checkpoint further before they ended.
    `checkpoint_attempt` wrote the checkpoint; 0: none did.
    """

    __tablename__ = "tasks"
    id: Mapped[NewId]
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), index=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="QUEUED")
    priority: Mapped[int] = mapped_column(default=0)
    turn: Mapped[BigInt] = mapped_column(default=0, server_default=sa.text("0"))
    magnitude: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    seq: Mapped[BigInt] = mapped_column(insert_default=next_in_line(), server_default=sa.text("0"))
    run_at: Mapped[datetime | None]
    timed_at: Mapped[datetime | None] = mapped_column(insert_default=now_plus())
    payload: Mapped[dict[str, Any]]
    attempt: Mapped[int] = mapped_column(default=0)
    n_released: Mapped[int] = mapped_column(default=0)
    n_progressed: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    max_attempts: Mapped[int] = mapped_column(default=3)
    lease_owner: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    done: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    total: Mapped[BigInt | None]
    checkpoint: Mapped[dict[str, Any] | None]
    checkpoint_attempt: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    dedupe_key: Mapped[str | None] = mapped_column(unique=True)
    published_at: Mapped[datetime | None]
    created_at: Mapped[Now]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    __table_args__ = (
        one_of("state", "QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"),
        partial_index(
            "ix_tasks_ready", "kind", "priority", "turn", "magnitude", "seq", where="state = 'QUEUED'"
        ),
        partial_index("ix_tasks_unsent", "seq", where="state = 'QUEUED' AND published_at IS NULL"),
        partial_index("ix_tasks_lease", "kind", "lease_until", where="state = 'RUNNING'"),
        partial_index(
            "ix_tasks_mine", "user_id", "kind", "priority", "turn", where="state IN ('QUEUED', 'RUNNING')"
        ),
        partial_index("ix_tasks_turns", "kind", "priority", "turn", where="attempt > 0"),
    )
    n_distinct: ClassVar = {"kind": 2, "priority": 3, "lease_until": 100}
    row_rules = RowRules(
        readable=MINE_OR_ADMIN,
        may=("select", "insert", "update"),
        new=_UNTOUCHED,
        columns=(
            *("state", "cancel_requested", "finished_at", "lease_owner", "lease_until", "error"),
            *("priority", "turn", "run_at"),
        ),
        sql=_ONLY_PRIORITIZE_OR_CANCEL + _VIEWS,
    )


class WorkerRow(Base):
    """A process that takes tasks by itself, from its start to its end. slots: in all of its `pools` together."""

    __tablename__ = "workers"
    id: Mapped[NewId]
    host: Mapped[str]
    pid: Mapped[int]
    version: Mapped[str]
    slots: Mapped[int]
    pools: Mapped[dict[str, Any]] = mapped_column(insert_default=dict, server_default=sa.text("'{}'"))
    is_embedded: Mapped[bool]
    started_at: Mapped[Now]
    beat_at: Mapped[datetime] = mapped_column(insert_default=now_plus(), index=True)
    stopped_at: Mapped[datetime | None]
    row_rules = RowRules(mine="true", may=("select",))
