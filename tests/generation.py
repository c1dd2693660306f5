"""Jobs and conversations as a worker writes them, for tests that need some and not the engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from core import db
from core.db.tables import Base
from core.generation.conversations import messages
from core.generation.jobs import follow
from tests import rows

TALK = (
    ("user", "My parcel has not arrived."),
    ("assistant", "I am sorry to hear that. What is its number?"),
    ("user", "It is 4711."),
    ("assistant", "Thank you. It arrives tomorrow."),
)
BEGAN = datetime(2026, 11, 1, 8, tzinfo=UTC)


def talk(*turns: str) -> messages.Messages:
    """The user's and the assistant's words in turn."""
    return [{"role": ("user", "assistant")[at % 2], "content": words} for at, words in enumerate(turns)]


def template(user: db.User, *, name: str = "Support", **values: Any) -> UUID:
    """A template of the user's."""
    variables = values.pop("variables", [])
    made = rows.add(_table("prompt_templates"), owner=user.id, name=name, variables=variables, **values)
    found: UUID = made["id"]
    return found


def job(user: db.User, *, name: str = "Support talks", status: str = "completed", **values: Any) -> UUID:
    """A batch job of the user's, with the template and the task that it needs."""
    task = rows.add(_table("tasks"), owner=user.id, kind=follow.KIND)
    values = {"template_id": None, "task_id": task["id"], "model": "offline", "provider": "offline", **values}
    values["template_id"] = values["template_id"] or template(user)
    made = rows.add(_table("batch_jobs"), owner=user.id, name=name, status=status, **values)
    found: UUID = made["id"]
    return found


def conversation(
    user: db.User,
    *,
    job_id: UUID | None = None,
    idx: int = 0,
    said: messages.Messages | None = None,
    is_offline: bool = True,
    **values: Any,
) -> UUID:
    """The primary key of a conversation of the user's; each begins a minute after the one before it in its job."""
    if said is None:
        said = [{"role": role, "content": words} for role, words in TALK]
    values = {
        "conversation_id": uuid4(),
        "batch_job_id": job_id,
        "idx": idx,
        "params": {"topic": "parcel"},
        "provider": "offline" if is_offline else "anthropic",
        "model": "offline" if is_offline else "claude-haiku-5-5",
        "created_at": BEGAN + timedelta(minutes=idx),
        **messages.columns(said),
        **values,
    }
    if "template_id" not in values:
        values["template_id"] = template(user)
    made = rows.add(_table("conversations"), owner=user.id, is_offline=is_offline, **values)
    found: UUID = made["id"]
    return found


def conversations(user: db.User, n: int, **values: Any) -> Sequence[UUID]:
    """Several of one template, oldest first, told apart by their first words."""
    values = {"template_id": template(user), **values}
    return [
        conversation(user, idx=idx, said=talk(f"Question {idx + 1}?", f"Answer {idx + 1}."), **values)
        for idx in range(n)
    ]


def _table(name: str) -> Any:
    return Base.metadata.tables[name]
