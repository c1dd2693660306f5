"""Conversations: one of them, lists of them, and how many there are.

A conversation is asked for by its primary key, `row_id`, alone; its `conversation_id` names its file.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from core.access import audit, ownership
from core.access.ownership import OwnerFilter
from core.db.pagination import Page, newest_first
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.db.tables.generation.conversations import ConversationRevisionRow, ConversationRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.errors import NotFound
from core.generation import hidden
from core.generation.conversations import search
from core.generation.conversations.errors import BusinessKeyGiven
from core.generation.conversations.states import Status

RESOURCE = "conversation"
MOST_JOBS = 200  # that a filter offers
MOST_TEMPLATES = 200
LONGEST_SEARCH = 200  # characters


@dataclass(frozen=True)
class Filter:
    """Which conversations are asked for; all that the reader may review where nothing is named.

    score_from, score_to: both ends count; what has no score is in no range. finding: a code. text: each of its words
    begins a word of the messages. reviewer_id: who decided. owner: whose.
    """

    statuses: tuple[Status, ...] = ()
    batch_job_id: UUID | None = None
    template_id: UUID | None = None
    is_offline: bool | None = None
    owner: OwnerFilter | None = None
    score_from: int | None = None
    score_to: int | None = None
    finding: str | None = None
    text: str = ""
    reviewer_id: UUID | None = None

    @property
    def is_searched(self) -> bool:
        """Whether what is in conversations decides."""
        return bool(self.text) or self.finding is not None

    def conditions(self, session: Session) -> list[sa.ColumnElement[bool]]:
        """Raises NotAllowed for others' conversations, except to reviewers and admins."""
        row = ConversationRow
        named = [ownership.reviewed(session, row.user_id, self.owner), hidden.is_shown(session)]
        if self.statuses:
            named.append(row.status.in_(self.statuses))
        exact = (
            (row.batch_job_id, self.batch_job_id),
            (row.template_id, self.template_id),
            (row.is_offline, self.is_offline),
            (row.reviewer_id, self.reviewer_id),
        )
        named += [column == value for column, value in exact if value is not None]
        if self.score_from is not None:
            named.append(row.score >= self.score_from)
        if self.score_to is not None:
            named.append(row.score <= self.score_to)
        if self.finding is not None:
            named.append(search.has_finding(session, self.finding))
        if self.text:
            named.append(search.holds_words(session, self.text))
        return named


@dataclass(frozen=True)
class Origin:
    """What a conversation came of, in words. job: None where it was deleted."""

    job: str | None
    template: str
    template_version: int


def get(session: Session, *, row_id: UUID) -> ConversationRow:
    """One conversation with its messages. Raises NotFound, BusinessKeyGiven."""
    mine = sa.and_(ownership.reviewed(session, ConversationRow.user_id), hidden.is_shown(session))
    whole = undefer(ConversationRow.messages), undefer(ConversationRow.enrichment)
    found = session.execute(
        sa.select(ConversationRow).where(ConversationRow.id == row_id, mine).options(*whole)
    ).scalar_one_or_none()
    if found is not None:
        return found
    named = sa.select(ConversationRow.id).where(ConversationRow.conversation_id == row_id, mine)
    if (meant := session.execute(named).scalar_one_or_none()) is not None:
        raise BusinessKeyGiven(resource=RESOURCE, id=row_id, row_id=meant)
    raise NotFound(resource=RESOURCE, id=row_id)


def page(
    session: Session, *, asked: Filter, limit: int = 50, cursor: str | None = None
) -> Page[ConversationRow]:
    """Conversations without their messages, newest first. Raises BadCursor, NotAllowed."""
    row = ConversationRow
    rows = sa.select(row).where(*asked.conditions(session))
    return newest_first(session, rows, created_at=row.created_at, id=row.id, limit=limit, cursor=cursor)


def counts(session: Session, *, asked: Filter) -> dict[Status, int]:
    """How many there are in each state. Raises NotAllowed."""
    rows = sa.select(ConversationRow.status, sa.func.count()).where(*asked.conditions(session))
    found = {Status(status): n for status, n in session.execute(rows.group_by(ConversationRow.status))}
    return {status: found.get(status, 0) for status in Status}


def is_any(session: Session) -> bool:
    """Whether there is any conversation that the reader may review."""
    rows = sa.select(ConversationRow.id).where(*Filter().conditions(session)).limit(1)
    return session.execute(rows).first() is not None


def revisions(session: Session, *, row_id: UUID) -> Sequence[ConversationRevisionRow]:
    """What a conversation was before each of its edits, oldest first; the caller has read it."""
    revision = ConversationRevisionRow
    of_it = sa.select(revision).where(revision.conversation_id == row_id)
    return session.execute(of_it.order_by(revision.revision)).scalars().all()


def jobs(session: Session, *, asked: Filter) -> dict[UUID, str]:
    """The names of the newest jobs that such conversations came of, by id. Raises NotAllowed."""
    of_job = ConversationRow.batch_job_id == BatchJobRow.id
    rows = (
        sa.select(BatchJobRow.id, BatchJobRow.name)
        .where(sa.exists().where(of_job, *asked.conditions(session)), hidden.is_job_shown())
        .order_by(BatchJobRow.created_at.desc(), BatchJobRow.id)
        .limit(MOST_JOBS)
    )
    return {row.id: row.name for row in session.execute(rows)}


def templates(session: Session) -> dict[UUID, str]:
    """The templates of what the reader may review by id, "Support v2"; of a name the newest version first."""
    of_it = ConversationRow.template_id == PromptTemplateRow.id, *Filter().conditions(session)
    rows = (
        sa.select(PromptTemplateRow.id, PromptTemplateRow.name, PromptTemplateRow.version)
        .where(sa.exists().where(*of_it))
        .order_by(PromptTemplateRow.name, PromptTemplateRow.version.desc(), PromptTemplateRow.id)
        .limit(MOST_TEMPLATES)
    )
    return {row.id: f"{row.name} v{row.version}" for row in session.execute(rows)}


def job_names(session: Session, batch_job_ids: Collection[UUID]) -> dict[UUID, str]:
    """What these jobs are called; none that is gone, or that the reader may not know of."""
    row = BatchJobRow
    rows = sa.select(row.id, row.name).where(
        row.id.in_(batch_job_ids), ownership.reviewed(session, row.user_id), hidden.is_job_shown()
    )
    return {found.id: found.name for found in session.execute(rows)}


def template_names(session: Session, template_ids: Collection[UUID]) -> dict[UUID, str]:
    """What these versions of templates are called: "Support v2"."""
    row = PromptTemplateRow
    rows = sa.select(row.id, row.name, row.version).where(row.id.in_(template_ids))
    return {found.id: f"{found.name} v{found.version}" for found in session.execute(rows)}


def origin(session: Session, conversation: ConversationRow) -> Origin:
    """What this conversation came of."""
    template = session.get_one(PromptTemplateRow, conversation.template_id)
    of_it = sa.select(BatchJobRow.name).where(
        BatchJobRow.id == conversation.batch_job_id, hidden.is_job_shown()
    )
    return Origin(session.execute(of_it).scalar_one_or_none(), template.name, template.version)


def subject(row_id: UUID) -> audit.Subject:
    """A conversation as the audit trail names it: none of its words, which outlive it there."""
    return audit.Subject(RESOURCE, row_id, str(row_id)[:8])
