"""For whom a transaction runs, and who may ask for the worker's role at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True)
class User:
    """Who a transaction runs for; sees what is theirs.

    via, address: by what they came in (session, token, jwt, local or shell) and from where, for the audit trail.
    """

    id: UUID
    name: str
    role: str = "analyst"
    email: str | None = field(default=None, compare=False)
    via: str = field(default="", compare=False)
    address: str = field(default="", compare=False)


@dataclass(frozen=True)
class Nobody:
    """Before it is known who asks: a session or token may be looked up by its hash, and a refusal be noted.

    No row of anybody's is seen, only how deep the queue is and which workers live.
    """


@dataclass(frozen=True)
class WorkerRole:
    """The role of workers and of the installation itself: sees every user's rows."""


NOBODY = Nobody()
WORKER = WorkerRole()
Principal = User | Nobody | WorkerRole

_is_reserved = False
_is_worker: ContextVar[bool] = ContextVar("is_worker", default=False)


def reserve_worker_role() -> None:
    """From now on the worker's role is given in this process only to who says so by `as_worker`.

    For a process that serves pages and routes: each of them runs in a thread or a task that says no such thing.
    """
    global _is_reserved
    _is_reserved = True


def free_worker_role() -> None:
    """The process no longer serves anybody: whoever asks for the worker's role gets it, as at first."""
    global _is_reserved
    _is_reserved = False


@contextmanager
def as_worker() -> Iterator[None]:
    """What this thread or task does is the installation's own work: not a page's, not a route's."""
    before = _is_worker.set(True)
    try:
        yield
    finally:
        _is_worker.reset(before)


def require_allowed(principal: Principal) -> None:
    """Raises RuntimeError where the worker's role is reserved and this is no worker."""
    if isinstance(principal, WorkerRole) and _is_reserved and not _is_worker.get():
        raise RuntimeError("a page or a route asked for the worker's role")
