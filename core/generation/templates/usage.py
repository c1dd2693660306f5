"""What became of templates: how many jobs have used them, and what was decided about their conversations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.access import ownership, roles
from core.db.tables.generation.batch_jobs import BatchJobRow
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.generation import hidden


@dataclass(frozen=True)
class Usage:
    """Jobs and decided conversations of one version, or of a whole family: `a + b`. Of what the reader may see."""

    n_jobs: int = 0
    n_approved: int = 0
    n_rejected: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.n_jobs + other.n_jobs,
            self.n_approved + other.n_approved,
            self.n_rejected + other.n_rejected,
        )

    @property
    def approved_share(self) -> float | None:
        """Of the conversations that were decided on; None where none was."""
        n_decided = self.n_approved + self.n_rejected
        return self.n_approved / n_decided if n_decided else None


def of_versions(session: Session, *, family_ids: Collection[UUID]) -> Mapping[UUID, Usage]:
    """By the id of each version of these families, in one query."""
    return {
        template_id: Usage(*counts) for _, template_id, *counts in _counted(session, family_ids=family_ids)
    }


def of_families(session: Session, *, family_ids: Collection[UUID]) -> Mapping[UUID, Usage]:
    """By family, in one query."""
    found: defaultdict[UUID, Usage] = defaultdict(Usage)
    for family_id, _, *counts in _counted(session, family_ids=family_ids):
        found[family_id] += Usage(*counts)
    return found


def _counted(session: Session, *, family_ids: Collection[UUID]) -> list[tuple[UUID, UUID, int, int, int]]:
    jobs = sa.select(sa.func.count()).where(
        BatchJobRow.template_id == PromptTemplateRow.id,
        ownership.seen(session, BatchJobRow.user_id),
        hidden.is_job_shown(),
    )
    query = sa.select(
        PromptTemplateRow.family_id,
        PromptTemplateRow.id,
        jobs.scalar_subquery(),
        _decided(session, "approved"),
        _decided(session, "rejected"),
    ).where(PromptTemplateRow.family_id.in_(family_ids))
    return [(row[0], row[1], row[2], row[3], row[4]) for row in session.execute(query)]


def _decided(session: Session, status: str) -> sa.ScalarSelect[int]:
    """Conversations of the version in the outer query; reviewers see everybody's."""
    user = session.info["user"]
    sees_all = isinstance(user, db.User) and user.role in (roles.REVIEWER, roles.ADMIN)
    count = sa.select(sa.func.count()).where(
        ConversationRow.template_id == PromptTemplateRow.id,
        ConversationRow.status == status,
        hidden.is_shown(session),
    )
    if not sees_all:
        count = count.where(ConversationRow.user_id == db.owner(session))
    return count.scalar_subquery()
