"""The templates that come with the app: two each for support, sales and coaching, and the prompt of enrichments.

They are put into the database when the app starts. Their ids are made of their names and their text, so that they are
the same in every installation, and a text that was changed becomes the next version there.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.generation.templates.enrichment_text import ENRICHMENT
from core.generation.templates.shipped_texts import ALL, Shipped

__all__ = ["ALL", "Shipped", "ensure"]

MOST_STARTS_AT_ONCE: Final = 10  # each of them may be the first once


def ensure() -> None:
    """Have the database hold the newest text of each; several processes may do so at once."""
    with db.session_scope(db.WORKER) as session:
        if not _lacking(session):
            return
    for n in range(MOST_STARTS_AT_ONCE):
        try:
            with db.session_scope(db.WORKER, write=True) as session:
                _add(session)
        except (db.Collided, db.Deadlocked):  # another process was first
            if n == MOST_STARTS_AT_ONCE - 1:
                raise
        else:
            return


def _lacking(session: Session) -> list[Shipped]:
    shipped = (*ALL, ENRICHMENT)
    there = sa.select(PromptTemplateRow.id).where(PromptTemplateRow.id.in_([one.id for one in shipped]))
    known = set(session.execute(there).scalars())
    return [one for one in shipped if one.id not in known]


def _add(session: Session) -> None:
    for one in _lacking(session):
        newest = sa.select(sa.func.max(PromptTemplateRow.version)).where(
            PromptTemplateRow.family_id == one.family_id
        )
        session.add(one.row(version=(session.execute(newest).scalar_one() or 0) + 1))
        session.flush()
