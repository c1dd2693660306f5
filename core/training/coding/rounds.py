"""The rounds in which Claude is asked for the code of a training: what was sent and what came, as rows of messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.messages import MessageRow
from core.db.tables.training_jobs import TrainingJobRow

FIRST, MENDED, AFTER_RUN = 1, 2, 3
LONGEST_ANSWER: Final = 400_000  # characters; what goes beyond is no code that is taken


@dataclass(frozen=True)
class Round:
    """One question, and what became of it. answer: None where none came, or not yet; trouble: then why."""

    n: int
    question: MessageRow
    answer: MessageRow | None
    trouble: MessageRow | None


def of_model(session: Session, *, model_id: UUID) -> list[Round]:
    """All of a model's, in their order; of a round that was asked twice, the last question. The caller has seen it."""
    found: dict[int, dict[str, MessageRow]] = {}
    for message in messages(session, model_id=model_id):
        if message.round is not None:
            found.setdefault(message.round, {})[message.role] = message
    return [
        Round(n, by_role["user"], by_role.get("assistant"), by_role.get("system"))
        for n, by_role in sorted(found.items())
        if "user" in by_role
    ]


def chat_of(training: TrainingJobRow) -> UUID:
    """The model for whose sake is talked; each training that runs here has one."""
    assert training.model_id is not None, training.id
    return training.model_id


def messages(session: Session, *, model_id: UUID) -> Sequence[MessageRow]:
    """All that was said for a model's sake, in its order: the goal first."""
    order = {"user": 0, "assistant": 1, "system": 2}
    rows = sa.select(MessageRow).where(MessageRow.chat_id == model_id)
    found = session.execute(rows.order_by(MessageRow.created_at, MessageRow.id)).scalars().all()
    return sorted(found, key=lambda one: (one.round or 0, one.created_at, order[one.role]))


def say(
    session: Session, *, model_id: UUID, user_id: UUID, role: str, n: int, content: str, **about: Any
) -> None:
    """Write one message of a round. about: model, n_input, n_output, cost."""
    content = kept(content) if role != "user" else _storable(content)
    session.add(MessageRow(chat_id=model_id, user_id=user_id, role=role, content=content, round=n, **about))
    session.flush()


def kept(answer: str) -> str:
    """An answer as it is written, and so as it is read: whoever finds it later reads the same."""
    answer = _storable(answer)
    return answer if len(answer) <= LONGEST_ANSWER else f"{answer[:LONGEST_ANSWER]}…"


def _storable(text: str) -> str:
    """Without what no database keeps."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
