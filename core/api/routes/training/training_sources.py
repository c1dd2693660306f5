"""Routes of what a training was told and asked: the web pages it read, and the messages with Claude."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from core import db
from core.api.dependencies import Reader
from core.api.http.error_responses import documented
from core.api.routes.training.trainings import TrainingJobId
from core.db.tables.messages import MessageRow
from core.db.tables.training_jobs import TrainingPageRow
from core.llm.prices import NANO
from core.training import jobs, records
from core.training.coding import rounds

router = APIRouter(prefix="/training-jobs", tags=["trainings"])


class WebPage(BaseModel):
    """A web page as it was read: text, or the problem that there was."""

    url: str
    final_url: str | None = Field(description="Where redirects led, if elsewhere.")
    text: str | None = Field(description="Markdown, 20,000 characters at most.")
    is_cut: bool
    sha256: str | None = Field(description="Of the text in UTF-8.")
    problem: str | None
    at: datetime

    @classmethod
    def of(cls, row: TrainingPageRow) -> Self:
        names = ("url", "final_url", "text", "is_cut", "sha256", "problem", "at")
        return cls(**{name: getattr(row, name) for name in names})


class WebPages(BaseModel):
    """In the order in which they were named; none before they are read."""

    items: list[WebPage]


@router.get("/{training_job_id}/pages", responses=documented(403, 404, 503))
def list_training_pages(user: Reader, training_job_id: TrainingJobId) -> WebPages:
    """The web pages that a training has read, or could not read."""
    with db.session_scope(user) as session:
        jobs.get(session, training_job_id=training_job_id)
        found = records.pages(session, training_job_id=training_job_id)
        return WebPages(items=[WebPage.of(row) for row in found])


class Message(BaseModel):
    """One turn. role: `user` is the goal, or in a round the question; `system` says why there was no answer."""

    role: str
    round: int | None = Field(description="From 1; null for the goal.")
    content: str
    model: str | None
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    created_at: datetime

    @classmethod
    def of(cls, row: MessageRow) -> Self:
        return cls(
            role=row.role,
            round=row.round,
            content=row.content,
            model=row.model,
            input_tokens=row.n_input,
            output_tokens=row.n_output,
            cost_usd=None if row.cost is None else row.cost / NANO,
            created_at=row.created_at,
        )


class Messages(BaseModel):
    """The goal first, then round by round."""

    items: list[Message]


@router.get("/{training_job_id}/messages", responses=documented(403, 404, 503))
def list_training_messages(user: Reader, training_job_id: TrainingJobId) -> Messages:
    """What Claude was asked for a training's code and what it answered, with tokens and cost."""
    with db.session_scope(user) as session:
        job = jobs.get(session, training_job_id=training_job_id)
        found = [] if job.model_id is None else rounds.messages(session, model_id=job.model_id)
        return Messages(items=[Message.of(row) for row in found])
