"""Templates, jobs and conversations as rows, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from core import db
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.db.tables.tasks import TaskRow
from core.generation.templates import templates
from core.generation.templates.rendering import CompiledTemplate


def compiled(prompt: str, *described: dict[str, Any], system: str = "") -> CompiledTemplate:
    """A template of this text; without variables it has the text `topic`."""
    return CompiledTemplate.made(system=system, prompt=prompt, described=described or [{"name": "topic"}])


def added(
    user: db.User,
    *,
    name: str = "Mine",
    prompt: str = "About {{ topic }}",
    described: Sequence[dict[str, Any]] = ({"name": "topic"},),
    family_id: UUID | None = None,
) -> PromptTemplateRow:
    """A template of this user's."""
    with db.session_scope(user, write=True) as session:
        return templates.add(
            session, name=name, prompt=prompt, described=list(described), family_id=family_id
        )


def used(user: db.User, template: PromptTemplateRow, *statuses: str) -> None:
    """A job of this user's that made conversations of these statuses."""
    with db.session_scope(db.WORKER, write=True) as session:
        task = TaskRow(id=uuid4(), kind="predictions.score", user_id=user.id, payload={})
        session.add(task)
        session.flush()
        job = BatchJobRow(
            id=uuid4(), user_id=user.id, name="Job", template_id=template.id, provider="offline", model="m",
            concurrency=1, max_tokens=100, n_items=len(statuses), task_id=task.id,
        )  # fmt: skip
        session.add(job)
        session.flush()
        for idx, status in enumerate(statuses):
            session.add(
                ConversationRow(
                    conversation_id=uuid4(), user_id=user.id, batch_job_id=job.id, idx=idx,
                    template_id=template.id, params={}, provider="offline", model="m", is_offline=True,
                    messages=[], n_messages=0, first_words="", content_sha256="0" * 64, status=status,
                )
            )  # fmt: skip
