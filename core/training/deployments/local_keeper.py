"""This process's own keeper, for what somebody waits for: verbs wake it up, requests ask where a live app answers."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.sandboxes import Address

_poke: Callable[[], None] | None = None
_address_of: Callable[[UUID], Address | None] | None = None


def serve(
    poke: Callable[[], None] | None, address_of: Callable[[UUID], Address | None] | None = None
) -> None:
    """Name what wakes the keeper up, and what tells where a live app answers; None when the keeper ends."""
    global _poke, _address_of
    _poke, _address_of = poke, address_of


def after_commit(session: Session) -> None:
    """Wake it up with this transaction's end; it would find out by itself a second later."""
    sa.event.listen(session, "after_commit", lambda _session: poke(), once=True)


def poke() -> None:
    """Wake it up, where this process has one."""
    if _poke is not None:
        _poke()


def address_of(deployment_id: UUID) -> Address | None:
    """Where this process reaches the live app; None where it is not live, or another process keeps it."""
    return _address_of(deployment_id) if _address_of is not None else None
