"""The kinds of task there are, and the policy of each: in which pool it runs, how often, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy.orm import Session

from core.db.errors import DatabaseUnavailable
from core.errors import AppError, Internal
from core.queue.tasks import Task


class Pool(StrEnum):
    """Slots of a worker that take tasks of certain kinds alone, so that no kind waits behind work of another sort."""

    SCORING = "scoring"
    TRAINING = "training"
    GENERATION = "generation"

    def n_slots(self, workers: int) -> int:
        """How many a worker has that was started with WORKERS=`workers`; none where that is 0."""
        return workers and {Pool.SCORING: workers, Pool.TRAINING: 1, Pool.GENERATION: 2}[self]


class UnknownKind(Internal):
    """No code in this process knows what to do with such a task."""

    code = "unknown_kind"
    message = "This version does not know tasks of the kind {kind!r}."
    hint = "Start workers of the version that created the task."
    kind: str


class Job(Protocol):
    """What a running handler may tell its worker, and ask it."""

    def report(self, done: int | None = None, *, total: int | None = None) -> None:
        """Tell progress, which is written some time later; with nothing new: that it is alive, and waits for others.

        Where to go on after a crash is no progress: a handler writes its checkpoint itself, with
        `queue.beat` in the transaction of what it covers, and a late report can't set it back.
        """
        ...

    def stop_requested(self) -> bool:
        """True once somebody cancelled: end by any exception within the kind's `grace_s`, or be killed."""
        ...

    def drain_requested(self) -> bool:
        """True once the worker is to end: finish what is paid for within `grace_s`, then end with `GoOnLater`.

        Only a kind with `hears_drain` is told. What a cancel or a drain cuts short may raise `TaskStopped`.
        """
        ...


@dataclass(frozen=True)
class GoOnLater:
    """What a handler returns that is not done: any worker goes on from `checkpoint`, `delay_s` from now.

    It lines up anew, as if the user had asked for it then. No attempt is counted. Without a checkpoint, the last one
    written stays.
    """

    delay_s: float = 0.0
    checkpoint: dict[str, Any] | None = None


def doubled(n_tries: int) -> float:
    """Half a second before the second try, then twice as long each time."""
    return 2.0 ** (n_tries - 1) / 2


@dataclass(frozen=True)
class Kind:
    """A kind of task and its policy.

    `label` is what people read: "Scoring". `module` is the one that states the kind; a worker's child of
    the kind's `pool` loads it, and with it the module of `run`, a function
    `run(task: Task, job: Job) -> dict[str, Any] | GoOnLater` named as "module:function". What it returns becomes
    the task's result.
    `follow(session, task)` is called in every transaction that moves a task of this kind (to
    RUNNING, back to QUEUED, or settled), whoever causes the move, so that the resource the task
    works for can't be left behind. It must not commit. See `queue.follower`.
    `output_prefix(task)` is the beginning of every storage key that this attempt may write under; what is there
    is removed when the attempt ends as anything but a success.
    After `attempts` tries a task is FAILED; a try that brought the checkpoint further does not count. A failure is
    tried again if it is one of `transient` or nobody foresaw it, `retry_delay_s(n)` seconds after the n-th try.
    `grace_s`: so long a child may go on after a cancel and, if it `hears_drain`, after it was told that its worker
    ends. Other kinds go on until their worker ends, and are handed back then.
    """

    name: str
    label: str
    module: str
    run: str
    follow: Callable[[Session, Task], None]
    pool: Pool
    output_prefix: Callable[[Task], str] | None = None
    attempts: int = 3
    transient: tuple[type[AppError], ...] = (DatabaseUnavailable,)
    retry_delay_s: Callable[[int], float] = doubled
    grace_s: float = 3.0
    hears_drain: bool = False


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known to this process. A second, different one of the same name is refused."""
    if _kinds.setdefault(kind.name, kind) != kind:
        raise ValueError(f"the kind {kind.name!r} is registered twice")


def kind(name: str) -> Kind:
    """Raises UnknownKind."""
    if name not in _kinds:
        raise UnknownKind(kind=name)
    return _kinds[name]


def kind_label(name: str) -> str:
    """How people read a kind: "Scoring"; of one that another version made, its name."""
    return _kinds[name].label if name in _kinds else name


def known_kinds(pool: Pool | None = None, *, modules: Sequence[str] | None = None) -> list[str]:
    """The names of all kinds registered in this process: of one pool, by some modules, or all of them."""
    return sorted(
        one.name
        for one in _kinds.values()
        if pool in (None, one.pool) and (modules is None or one.module in modules)
    )
