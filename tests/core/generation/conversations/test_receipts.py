"""Receipts: who decided what, when and on which revision; and many decided at once, and taken back as one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
import sqlalchemy as sa

from core import db
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations import bulk, conversations, receipts, review
from core.generation.conversations.bulk import Progress
from core.generation.conversations.conversations import Filter
from core.generation.conversations.errors import ConversationChanged, MoreThanConfirmed
from core.generation.conversations.states import Status
from tests import generation
from tests.journeys import ask

PENDING = Filter(statuses=(Status.PENDING,))


def decide(user: db.User, decision: Status, row_id: UUID, **given: object) -> review.Decided:
    with db.session_scope(user, write=True) as session:
        return review.decide(session, decision=decision, ids=[row_id], **given).results[0]  # type: ignore[arg-type]  # of it


def events(user: db.User, row_id: UUID) -> list[tuple[str, str | None, int, int | None, str]]:
    kept = ask(user, partial(receipts.of_conversation, row_id=row_id))
    return [(one.action, one.reason, one.revision, one.row_version, one.author_name) for one in kept]


def statuses(user: db.User, ids: list[UUID]) -> list[str]:
    return [ask(user, partial(conversations.get, row_id=one)).status for one in ids]


def test_each_decision_and_edit_leaves_a_receipt_that_all_who_review_it_read(
    database: db.Database, user: db.User, reviewer: db.User
) -> None:
    row_id = generation.conversation(user)
    decide(reviewer, Status.REJECTED, row_id, reason="Dull")
    decide(reviewer, Status.REJECTED, row_id, reason="Dull")  # the same again is none
    with db.session_scope(user, write=True) as session:
        review.edit(session, row_id=row_id, row_version=2, new=generation.talk("New?", "Yes."))
    decide(user, Status.APPROVED, row_id)
    decide(user, Status.PENDING, row_id)
    expected = [
        ("rejected", "Dull", 0, 2, reviewer.name),
        ("edited", None, 1, 3, user.name),
        ("approved", None, 1, 4, user.name),
        ("pending", None, 1, 5, user.name),
    ]
    assert events(user, row_id) == events(reviewer, row_id) == expected


def test_who_is_second_hears_who_was_first_and_what_they_did(
    database: db.Database, user: db.User, reviewer: db.User
) -> None:
    row_id = generation.conversation(user)
    decide(reviewer, Status.REJECTED, row_id)
    made = decide(user, Status.APPROVED, row_id, row_versions={row_id: 1})
    assert isinstance(made.error, ConversationChanged)
    assert f"{reviewer.name} rejected it" in str(made.error)
    with (
        pytest.raises(ConversationChanged, match=f"{reviewer.name} rejected it"),
        db.session_scope(user, write=True) as session,
    ):
        review.edit(session, row_id=row_id, row_version=1, new=generation.talk("Q?", "A."))


def test_todays_numbers_and_the_readers_own_reasons(
    database: db.Database, user: db.User, reviewer: db.User
) -> None:
    ids = generation.conversations(user, 5)
    for at, reason in enumerate(["Dull", "Wrong", "Dull"]):
        decide(reviewer, Status.REJECTED, ids[at], reason=reason)
    decide(user, Status.REJECTED, ids[3], reason="Mine")
    decide(reviewer, Status.APPROVED, ids[4])
    decide(reviewer, Status.PENDING, ids[0])
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    assert ask(reviewer, partial(receipts.today, since=hour_ago)) == receipts.Today(1, 2)
    assert ask(reviewer, partial(receipts.today, since=hour_ago + timedelta(hours=2))) == receipts.Today(0, 0)
    assert ask(reviewer, receipts.recent_reasons) == ["Dull", "Wrong"]
    assert ask(user, receipts.reviewers) == {reviewer.id: reviewer.name, user.id: user.name}


def test_a_bulk_goes_part_by_part_and_is_taken_back_but_for_what_changed_since(
    database: db.Database, user: db.User, reviewer: db.User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "MOST_AT_ONCE", 3)
    ids = list(generation.conversations(user, 7))
    decide(user, Status.REJECTED, ids[0], reason="Before")
    told = list(bulk.decide(user, decision=Status.APPROVED, n=7, asked=Filter()))
    assert [(one.n_done, one.n_left_alone) for one in told] == [(3, 0), (6, 0), (7, 0)]
    assert statuses(user, ids) == ["approved"] * 7
    decide(reviewer, Status.REJECTED, ids[6], reason="No")
    back = list(bulk.take_back(user, bulk_id=told[-1].bulk_id))
    assert [(one.n_done, one.n_left_alone, one.n) for one in back] == [(3, 1, 7), (6, 1, 7)]
    assert statuses(user, ids) == ["rejected", *["pending"] * 5, "rejected"]
    assert ask(user, partial(conversations.get, row_id=ids[0])).reason == "Before"
    assert list(bulk.take_back(user, bulk_id=told[-1].bulk_id)) == []
    assert list(bulk.take_back(reviewer, bulk_id=told[-1].bulk_id)) == []


def test_of_what_was_ticked_only_what_nobody_changed_is_decided(
    database: db.Database, user: db.User, reviewer: db.User
) -> None:
    ids = list(generation.conversations(user, 3))
    decide(reviewer, Status.REJECTED, ids[1])
    ticked = dict.fromkeys(ids, 1)
    (told,) = bulk.decide(user, decision=Status.APPROVED, n=3, row_versions=ticked, reason="Fine")
    assert (told.n_done, told.n_left_alone) == (2, 1)
    assert statuses(user, ids) == ["approved", "rejected", "approved"]


def test_no_more_are_decided_than_were_confirmed(database: db.Database, user: db.User) -> None:
    ids = list(generation.conversations(user, 3))
    with pytest.raises(MoreThanConfirmed, match="3 conversations fit by now; you confirmed 2"):
        list(bulk.decide(user, decision=Status.APPROVED, n=2, asked=PENDING))
    assert statuses(user, ids) == ["pending"] * 3
    going = bulk.decide(user, decision=Status.APPROVED, n=3, asked=PENDING)
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(
            sa.update(ConversationRow).where(ConversationRow.id == ids[0]).values(status="approved")
        )
    last: Progress = list(going)[-1]
    assert (last.n_done, last.n) == (2, 3)
