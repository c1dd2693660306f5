"""This process's own keeper, for what somebody waits for: verbs wake it up, requests ask where a live app answers."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

_poke: Callable[[], None] | None = None
_socket_of: Callable[[UUID], str | None] | None = None


def serve(poke: Callable[[], None] | None, socket_of: Callable[[UUID], str | None] | None = None) -> None:
    """Name what wakes the keeper up, and what tells where a live app answers; None when the keeper ends."""
    global _poke, _socket_of
    _poke, _socket_of = poke, socket_of


def after_commit(session: Session) -> None:
    """Wake it up with this transaction's end; it would find out by itself a second later."""
    sa.event.listen(session, "after_commit", lambda _session: poke(), once=True)


def poke() -> None:
    """Wake it up, where this process has one."""
    if _poke is not None:
        _poke()


def socket_of(deployment_id: UUID) -> str | None:
    """Where this process reaches the live app; None where it is not live, or another process keeps it."""
    return _socket_of(deployment_id) if _socket_of is not None else None
