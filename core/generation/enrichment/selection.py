"""Which of the named conversations are enriched, and why the others are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.access.errors import OwnedByAnother
from core.db.tables.generation.conversations import ConversationRow
from core.errors import AppError, NotFound
from core.generation.conversations.conversations import RESOURCE, Filter
from core.generation.conversations.errors import NothingNamed, TooManyNamed
from core.generation.enrichment import pending
from core.generation.enrichment.automatic import is_not_enriched
from core.generation.enrichment.errors import AlreadyEnriched, BeingEnriched
from core.generation.jobs.parameters import MOST_ITEMS

MOST_IDS: Final = 1_000  # that are named one by one
OVER_THE_LIMIT: Final = "over_the_limit"
N_A_STATEMENT: Final = 200


@dataclass(frozen=True)
class Selection:
    """Id and hash of each that is taken, the oldest first. refused: why each of those named by id is not.
    left_out: how many are not, by the code of the reason."""

    taken: Sequence[tuple[UUID, str]]
    refused: Mapping[UUID, AppError]
    left_out: Mapping[str, int]


def select(
    session: Session, *, ids: Sequence[UUID] | None = None, asked: Filter | None = None, again: bool = False
) -> Selection:
    """Of these, or of all that a filter lets through, those of the user's own that are not enriched yet.

    again: those that are, too. Raises NothingNamed, TooManyNamed, NotAllowed.
    """
    if (ids is None) == (asked is None):
        raise NothingNamed
    return _by_filter(session, asked, again) if asked is not None else _by_ids(session, ids or (), again)


def _by_ids(session: Session, ids: Sequence[UUID], again: bool) -> Selection:
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > MOST_IDS:
        raise TooManyNamed(n_ids=len(wanted), limit=MOST_IDS)
    row, me = ConversationRow, db.owner(session)
    columns = row.id, row.user_id, row.content_sha256, is_not_enriched().label("is_new")
    found = dict[UUID, sa.Row[Any]]()
    for start in range(0, len(wanted), N_A_STATEMENT):
        conditions = Filter().conditions(session)
        these = sa.select(*columns).where(row.id.in_(wanted[start : start + N_A_STATEMENT]), *conditions)
        found |= {one.id: one for one in session.execute(these)}
    taken_already = pending.ids(session, user_id=me)
    taken, refused = list[tuple[UUID, str]](), dict[UUID, AppError]()
    for row_id in wanted:
        if (one := found.get(row_id)) is None:
            refused[row_id] = NotFound(resource=RESOURCE, id=row_id)
        elif one.user_id != me:
            refused[row_id] = OwnedByAnother(resource=RESOURCE)
        elif row_id in taken_already:
            refused[row_id] = BeingEnriched()
        elif not one.is_new and not again:
            refused[row_id] = AlreadyEnriched()
        else:
            taken.append((row_id, one.content_sha256))
    return Selection(taken, refused, Counter(error.code for error in refused.values()))


def _by_filter(session: Session, asked: Filter, again: bool) -> Selection:
    row, me = ConversationRow, db.owner(session)
    fits = asked.conditions(session)
    mine = row.user_id == me
    told = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(sa.case((mine, 1), else_=0)), 0),
        sa.func.coalesce(sa.func.sum(sa.case((sa.and_(mine, is_not_enriched()), 1), else_=0)), 0),
    )
    n, n_mine, n_new = session.execute(told.where(*fits)).one()
    rows = sa.select(row.id, row.content_sha256).where(*fits, mine)
    if not again:
        rows = rows.where(is_not_enriched())
    taken_already = pending.ids(session, user_id=me)
    oldest = rows.order_by(row.created_at, row.id).limit(MOST_ITEMS + len(taken_already) + 1)
    found = [(one.id, one.content_sha256) for one in session.execute(oldest)]
    free = [one for one in found if one[0] not in taken_already]
    n_open = len(found) - len(free)
    left_out = {
        OwnedByAnother.code: n - n_mine,
        AlreadyEnriched.code: 0 if again else n_mine - n_new,
        BeingEnriched.code: n_open,
        OVER_THE_LIMIT: (n_mine if again else n_new) - n_open - len(free[:MOST_ITEMS]),
    }
    return Selection(free[:MOST_ITEMS], {}, {code: n for code, n in left_out.items() if n})


def count_new(session: Session, *, asked: Filter) -> int:
    """How many of the user's own fit that are not enriched. Raises NotAllowed."""
    row = ConversationRow
    mine = row.user_id == db.owner(session), is_not_enriched()
    return session.execute(sa.select(sa.func.count()).where(*asked.conditions(session), *mine)).scalar_one()
