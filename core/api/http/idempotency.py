"""Idempotency keys: the same creating call again gives the first one's answer and creates nothing.

What a call makes and the answer that names it are written in one transaction (`Call.made`), so no crash can part
them. That write is fenced: a call whose key was given to another meanwhile makes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
import sqlalchemy as sa
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import db
from core.api.errors import KeyInUse, KeyReused
from core.db.tables.idempotency_keys import IdempotencyKeyRow
from core.db.types import is_ahead, now_plus
from core.queue.retention import KEYS_S

# A first call that has made nothing by then may have died with its process. If it lives, `made` settles it.
GIVEN_UP_S = 30


@dataclass(frozen=True)
class Answer:
    """What the first call answered."""

    status_code: int
    body: dict[str, Any]


def take(session: Session, *, key: str, request_sha256: str) -> Answer | None:
    """Reserve the key for this request, or find the answer that it already has.

    Raises KeyReused for another request, KeyInUse while the first call runs.
    """
    unanswered = IdempotencyKeyRow.status_code.is_(None)
    session.execute(
        sa.delete(IdempotencyKeyRow).where(
            *_this(session, key),
            sa.or_(
                IdempotencyKeyRow.created_at < now_plus(-KEYS_S),
                sa.and_(unanswered, IdempotencyKeyRow.created_at < now_plus(-GIVEN_UP_S)),
                sa.and_(unanswered, is_ahead(IdempotencyKeyRow.created_at)),
            ),
        )
    )
    try:
        with session.begin_nested():
            session.execute(
                sa.insert(IdempotencyKeyRow).values(
                    user_id=db.owner(session), key=key, request_sha256=request_sha256, created_at=now_plus()
                )
            )
    except IntegrityError:
        known = session.execute(sa.select(IdempotencyKeyRow).where(*_this(session, key))).scalar_one()
    else:
        return None
    if known.request_sha256 != request_sha256:
        raise KeyReused(key=key)
    if known.status_code is None or known.answer is None:
        raise KeyInUse(key=key)
    return Answer(status_code=known.status_code, body=known.answer)


def fence(session: Session, *, key: str, answer: Answer) -> None:
    """Note the answer beside what is being made, unless another call did already. Raises KeyInUse."""
    noted = session.execute(
        sa.update(IdempotencyKeyRow)
        .where(*_this(session, key), IdempotencyKeyRow.status_code.is_(None))
        .values(status_code=answer.status_code, answer=answer.body)
        .returning(IdempotencyKeyRow.key)
    )
    if noted.scalar_one_or_none() is None:
        raise KeyInUse(key=key)


def keep(session: Session, *, key: str, answer: Answer) -> None:
    """Note the first call's answer."""
    session.execute(
        sa.update(IdempotencyKeyRow)
        .where(*_this(session, key))
        .values(status_code=answer.status_code, answer=answer.body)
    )


def release(session: Session, *, key: str) -> None:
    """The first call failed and has made nothing: the key may be used as if it never had been."""
    session.execute(
        sa.delete(IdempotencyKeyRow).where(*_this(session, key), IdempotencyKeyRow.status_code.is_(None))
    )


def _this(session: Session, key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return IdempotencyKeyRow.user_id == db.owner(session), IdempotencyKeyRow.key == key


class Call:
    """A creating call. Where `replay` is set it was made before: return that and do nothing."""

    def __init__(self, user: db.User, key: str | None, replay: JSONResponse | None) -> None:
        self.replay = replay
        self._user, self._key = user, key

    def made(self, session: Session, status_code: int, body: BaseModel) -> None:
        """Note, in the transaction that makes it, what is made: the answer until there is a later one.

        Raises KeyInUse, so that nothing is made, where the key was given to another call meanwhile.
        """
        if self._key is not None:
            content = body.model_dump(mode="json", by_alias=True)
            fence(session, key=self._key, answer=Answer(status_code=status_code, body=content))

    async def answer(self, status_code: int, body: BaseModel) -> JSONResponse:
        """The answer, noted under the key."""
        content = body.model_dump(mode="json", by_alias=True)
        if self._key is not None:
            noted = partial(keep, key=self._key, answer=Answer(status_code=status_code, body=content))
            await anyio.to_thread.run_sync(_write, self._user, noted)
        return JSONResponse(content, status_code=status_code)


@asynccontextmanager
async def once(user: db.User, key: str | None, request: Mapping[str, Any]) -> AsyncIterator[Call]:
    """Make a creating call at most once per key; `request` is what makes two calls the same one.

    A call that fails gives its key back. Without a key every call is a first one. Raises KeyReused, KeyInUse.
    """
    if key is None:
        yield Call(user, None, None)
        return
    request_sha256 = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    known = await anyio.to_thread.run_sync(
        _write, user, partial(take, key=key, request_sha256=request_sha256)
    )
    if known is not None:
        headers = {"Idempotency-Replayed": "true"}
        yield Call(user, key, JSONResponse(known.body, status_code=known.status_code, headers=headers))
        return
    try:
        yield Call(user, key, None)
    except BaseException:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(_write, user, partial(release, key=key))
        raise


def _write(user: db.User, verb: Any) -> Any:
    with db.session_scope(user, write=True) as session:
        return verb(session)
