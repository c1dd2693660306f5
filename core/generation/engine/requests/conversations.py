"""Making the row of a conversation of what a model has written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4, uuid5

from core.generation.conversations.messages import Messages, columns


def business_key(batch_job_id: UUID, idx: int, version: int) -> UUID:
    """The same for the same item of the same job and template version: a replay writes the same conversation."""
    return uuid5(batch_job_id, f"{idx}/{version}")


def values(
    messages: Messages,
    *,
    batch_job_id: UUID,
    idx: int,
    template_id: UUID,
    version: int,
    params: Mapping[str, Any],
    provider: str,
    model: str,
    is_offline: bool,
) -> dict[str, Any]:
    """All of a new conversation's row but its owner."""
    return {
        "id": uuid4(),
        "conversation_id": business_key(batch_job_id, idx, version),
        "batch_job_id": batch_job_id,
        "idx": idx,
        "template_id": template_id,
        "params": dict(params),
        "provider": provider,
        "model": model,
        "is_offline": is_offline,
        **columns(messages),
    }
