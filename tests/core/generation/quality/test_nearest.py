"""Near-duplicates of what is approved: found by index, and told no further than their texts are."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from core import db
from core.db.tables.generation.conversations import BANDS, IS_APPROVED
from core.generation.conversations import review
from core.generation.quality import nearest
from core.generation.quality.duplicates import signature
from core.generation.quality.findings import Code, from_json
from core.generation.quality.nearest import Like
from tests import generation
from tests.principals import as_role

SAID = generation.talk(
    "My parcel has not arrived, and I ordered it two weeks ago for a birthday on Friday.",
    "I see that it left the depot this morning, so it comes tomorrow before noon at the latest.",
)
NEARLY = [SAID[0], {"role": "assistant", "content": SAID[1]["content"].replace("noon", "lunch")}]


def approved(owner: db.User, said: list[dict[str, str]] = SAID, **values: Any) -> UUID:
    return generation.conversation(owner, said=said, minhash=signature(said), status="approved", **values)


def like(who: db.Principal, owner: db.User, *, row_id: UUID | None = None) -> Like | None:
    with db.session_scope(who) as session:
        return nearest.approved(session, signature(NEARLY), row_id=row_id or uuid4(), user_id=owner.id)


def test_only_what_is_approved_counts_and_nobody_itself(database: db.Database, user: db.User) -> None:
    generation.conversation(user, said=SAID, minhash=signature(SAID))
    assert like(db.WORKER, user) is None
    row_id = approved(user)
    found = like(db.WORKER, user)
    assert found is not None
    assert (found.row_id, found.share > 0.6) == (row_id, True)
    assert like(db.WORKER, user, row_id=row_id) is None
    assert like(user, user) == found


def test_of_anothers_conversation_no_more_is_told_than_that_it_is_there(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    approved(stranger)
    asked = [user, as_role(user, "reviewer"), as_role(user, "admin"), db.WORKER]
    found = [like(who, user) for who in asked]
    assert len(set(found)) == 1
    assert found[0] is not None
    assert (found[0].row_id, found[0].share > 0.6) == (None, True)


def test_an_edit_is_compared_with_its_job_and_with_what_is_approved(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    approved(stranger)
    job_id = generation.job(user)
    other = generation.conversation(user, said=generation.talk("Something else?", "Quite another thing."))
    sibling, edited = (
        generation.conversation(user, job_id=job_id, idx=idx, said=generation.talk(f"Ask {n}?", "Yes, it is so."))
        for idx, n in enumerate(("one", "two"))
    )  # fmt: skip

    def edit(row_id: UUID, row_version: int) -> list[tuple[str, str]]:
        with db.session_scope(user, write=True) as session:
            row = review.edit(session, row_id=row_id, row_version=row_version, new=NEARLY)
            assert row.score is not None
            return [(one.code, one.detail) for one in from_json(row.findings)]

    assert edit(other, 1) == [(Code.NEAR_DUPLICATE_APPROVED, "")]
    edit(sibling, 1)
    assert edit(edited, 1) == [(Code.NEAR_DUPLICATE_IN_JOB, str(sibling))]


@pytest.mark.parametrize("at", [0, 15])
def test_a_band_is_looked_up_by_its_index(database: db.Database, at: int) -> None:
    looked_up = f"SELECT id FROM conversations WHERE {IS_APPROVED} AND {BANDS[at]} = "
    with database.engine.connect() as connection:
        if database.is_sqlite:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {looked_up} x'00'").all()
        else:
            connection.execute(sa.text("set enable_seqscan = off"))
            plan = connection.exec_driver_sql(f"EXPLAIN {looked_up} '\\x00'::bytea").all()
    assert f"ix_conversations_band_{at:02}" in str(plan)
