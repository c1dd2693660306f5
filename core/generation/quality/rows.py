"""What the row of a conversation holds of its quality: found out when it is made, edited, or checked later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.errors import AppError
from core.generation.quality import check, nearest, thresholds
from core.generation.quality.duplicates import Signatures
from core.generation.quality.findings import from_json
from core.generation.quality.thresholds import DEFAULT, Thresholds, ThresholdsUnfit


def of_template(template: PromptTemplateRow) -> Thresholds:
    """What it asks; the defaults where an older version of the product finds what it does not know."""
    try:
        return thresholds.parse(template.thresholds)
    except ThresholdsUnfit:
        return DEFAULT


def by_text(
    messages: Sequence[Mapping[str, Any]],
    *,
    asked: Thresholds,
    params: Mapping[str, Any],
    conversation: str = "",
) -> dict[str, Any]:
    """The columns score, findings and minhash of new messages, before they are compared with others. Raises nothing."""
    found = check.text_findings(messages, thresholds=asked, params=params, conversation=conversation)
    made, said = check.minhash(messages, conversation=conversation)
    return {**check.columns([*found, *said], thresholds=asked), "minhash": made}


def compared(
    session: Session,
    values: Mapping[str, Any],
    *,
    row_id: UUID,
    user_id: UUID,
    job: Signatures | None,
    asked: Thresholds,
) -> dict[str, Any]:
    """The columns score and findings, with what others it is like. values: what `by_text` has said.

    Raises DatabaseUnavailable, and what else the database does.
    """
    kept = [one for one in from_json(values["findings"]) if one.code not in nearest.DUPLICATES]
    if (minhash := values["minhash"]) is not None:
        ids = {"row_id": row_id, "user_id": user_id}
        kept += check.guarded(
            check.NEAR_DUPLICATES,
            lambda: nearest.findings(session, minhash, job=job, similarity=asked.similarity, **ids),
            passes=(AppError, sa.exc.SQLAlchemyError),
            conversation=str(row_id),
        )
    return check.columns(kept, thresholds=asked)


def edited(session: Session, was: ConversationRow, messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The columns of a conversation that gets other messages."""
    template = session.get_one(PromptTemplateRow, was.template_id)
    asked = of_template(template)
    values = by_text(messages, asked=asked, params=was.params, conversation=str(was.id))
    job = None
    if was.batch_job_id is not None and values["minhash"] is not None:
        job = nearest.of_job_like(session, was.batch_job_id, values["minhash"])
    return values | compared(session, values, row_id=was.id, user_id=was.user_id, job=job, asked=asked)
