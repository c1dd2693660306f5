"""Finding conversations by what is in them: on both databases the same, and of what one may review alone."""

from __future__ import annotations

from functools import partial
from uuid import UUID, uuid4

import sqlalchemy as sa

from core import db
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations import conversations, review, review_queue
from core.generation.conversations.conversations import Filter
from core.generation.conversations.review_queue import Order
from core.generation.conversations.states import Status
from tests import generation
from tests.journeys import ask

EMAIL, PHONE = (
    {"code": code, "message_idx": 0, "start": 0, "end": 1, "detail": ""} for code in ("email", "phone")
)


def found(user: db.User, **asked: object) -> list[UUID]:
    part = partial(review_queue.part, asked=Filter(**asked), order=Order.OLDEST, offset=0, limit=50)  # type: ignore[arg-type]  # its fields
    return [one.id for one in ask(user, part)]


def test_words_are_found_wherever_they_stand_and_by_their_beginnings(
    database: db.Database, user: db.User
) -> None:
    first = generation.conversation(user, said=generation.talk("Wo ist mein Päckchen?", "Unterwegs."))
    second = generation.conversation(
        user, idx=1, said=generation.talk("Hello.", "Parcel 4711: привет 日本語")
    )
    for text in ("päckchen", "PACK", "unterw", "ist mein", "mein wo"):
        assert found(user, text=text) == [first], text
    for text in ("parcel", "471", "прив", "本", "hello parc"):
        assert found(user, text=text) == [second], text
    for text in ("arcel", "mein parcel", "!!!", "email", "words", "hello NOT parcel", "zzz"):
        assert found(user, text=text) == [], text


def test_no_sign_of_a_search_means_anything(database: db.Database, user: db.User) -> None:
    row_id = generation.conversation(user, said=generation.talk("a or 1 1 b x words", "A."))
    for text in ('"', "a' or 1=1 --", "*", "words : a", "{", "a\0b", "\ud800", "x:*", "\\'a", ")("):
        assert found(user, text=text) in ([row_id], []), text


def test_an_edit_is_found_by_its_new_words_and_a_deleted_one_by_none(
    database: db.Database, user: db.User
) -> None:
    kept, gone = generation.conversation(user), generation.conversation(user, idx=1)
    with db.session_scope(user, write=True) as session:
        review.edit(session, row_id=kept, row_version=1, new=generation.talk("Umbrella?", "Yes."))
        session.execute(sa.delete(ConversationRow).where(ConversationRow.id == gone))
    assert found(user, text="umbrella") == [kept]
    assert found(user, text="parcel") == []


def test_findings_are_told_by_their_code_alone(database: db.Database, user: db.User) -> None:
    both = generation.conversation(user, findings=[EMAIL, PHONE], score=30)
    generation.conversation(user, idx=1, findings=[], score=100)
    phone = generation.conversation(user, idx=2, findings=[PHONE], score=60)
    generation.conversation(user, idx=3, said=generation.talk("My phone or email?", "Yes."))
    assert found(user, finding="phone") == [both, phone]
    assert found(user, finding="email") == [both]
    for code in ("nothing_of_ours", 'x" OR "phone', "PHONE", "phon", "", "phone email"):
        assert found(user, finding=code) == [], code
    assert found(user, finding="phone", text="parcel", score_from=30, score_to=59) == [both]
    assert found(user, finding="phone", text="umbrella") == found(user, finding="card", text="parcel") == []
    with db.session_scope(user, write=True) as session:
        session.execute(
            sa.update(ConversationRow).where(ConversationRow.id == both).values(findings=None, score=None)
        )
    assert found(user, finding="phone") == [phone]
    assert both not in found(user, score_from=0)


def test_filters_hold_together_and_count_the_whole(
    database: db.Database, user: db.User, stranger: db.User, reviewer: db.User
) -> None:
    template_id = generation.template(user)
    mine = generation.conversation(user, template_id=template_id, score=80)
    decided = generation.conversation(user, idx=1, template_id=template_id, score=40)
    generation.conversation(stranger, score=80)
    with db.session_scope(reviewer, write=True) as session:
        review.decide(session, decision=Status.APPROVED, ids=[decided], reason="Good")
    assert found(user, template_id=template_id) == [mine, decided]
    assert found(user, template_id=template_id, score_from=50) == [mine]
    assert found(user, reviewer_id=reviewer.id) == [decided]
    assert found(user, text="parcel") == [mine, decided]
    assert found(user, template_id=uuid4()) == []
    counts = ask(
        reviewer, partial(conversations.counts, asked=Filter(text="parcel", template_id=template_id))
    )
    assert (counts[Status.PENDING], counts[Status.APPROVED]) == (1, 1)
    assert ask(user, conversations.templates) == {template_id: "Support v1"}


def test_numbers_of_rows_outlive_a_vacuum(sqlite_database: db.Database, user: db.User) -> None:
    ids = [generation.conversation(user, idx=n, said=generation.talk(f"Word{n}", "Yes.")) for n in range(6)]
    with db.session_scope(user, write=True) as session:
        session.execute(sa.delete(ConversationRow).where(ConversationRow.id.in_(ids[:3])))
    with sqlite_database.engine.connect() as connection:
        connection.rollback()
        connection.connection.execute("VACUUM")
    assert [found(user, text=f"word{n}") for n in range(6)] == [[], [], [], *([one] for one in ids[3:])]
