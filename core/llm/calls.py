"""Requests that no batch job made, and what they cost: noted before they are sent, at worst, and settled afterwards.

So whatever is asked counts towards the day's limit from the moment on at which it may be paid for; what is never heard
of stays at its worst.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.llm_calls import LlmCallRow
from core.llm.messages import Usage


def begin(
    session: Session,
    call_id: UUID,
    *,
    user_id: UUID,
    training_job_id: UUID,
    model: str,
    worst: int,
    asked_at: datetime,
) -> None:
    """Note a request that is about to be sent. worst: most that it can cost, in nano-dollars."""
    call = LlmCallRow(
        id=call_id,
        user_id=user_id,
        training_job_id=training_job_id,
        model=model,
        cost=worst,
        asked_at=asked_at,
    )
    session.add(call)
    session.flush()


def settle(
    session: Session, call_id: UUID, *, cost: int, usage: Usage | None = None, code: str | None = None
) -> None:
    """Note what it came to. cost: in nano-dollars. code: of the failure."""
    values = {"cost": cost, "code": code, "is_open": False}
    if usage is not None:
        values |= {"n_input": usage.n_prompt, "n_output": usage.n_output}
    session.execute(sa.update(LlmCallRow).where(LlmCallRow.id == call_id).values(**values))


def since(session: Session, moment: datetime) -> int:
    """What those that may be seen have cost from then on, in nano-dollars."""
    spent = sa.select(sa.func.coalesce(sa.func.sum(LlmCallRow.cost), 0))
    return int(session.execute(spent.where(LlmCallRow.asked_at >= moment)).scalar_one())


def paid(*, user_id: UUID, since: datetime) -> sa.Select[datetime, int]:
    """When a user's requests were made and what they have cost, of those from then on that did."""
    mine = LlmCallRow.user_id == user_id, LlmCallRow.asked_at >= since, LlmCallRow.cost > 0
    return sa.select(LlmCallRow.asked_at, LlmCallRow.cost).where(*mine)
