"""A conversation is found by its primary key alone, listed in pages, counted by state, and deleted by its owner."""

from __future__ import annotations

from functools import partial
from uuid import UUID, uuid4

import pytest

from core import db
from core.access.errors import NotAllowed
from core.db.tables import Base
from core.db.tables.generation.conversations import ConversationRow
from core.errors import NotFound
from core.generation.conversations import conversations
from core.generation.conversations.conversations import Filter
from core.generation.conversations.errors import BusinessKeyGiven
from core.generation.conversations.states import Status
from tests import generation, rows
from tests.journeys import ask
from tests.principals import as_role


def get(user: db.User, row_id: UUID) -> ConversationRow:
    return ask(user, partial(conversations.get, row_id=row_id))


def listed(user: db.User, **asked: object) -> list[UUID]:
    found = ask(user, partial(conversations.page, asked=Filter(**asked)))  # type: ignore[arg-type]
    return [row.id for row in found.items]


def test_it_is_found_by_its_primary_key_with_its_messages(database: db.Database, user: db.User) -> None:
    row_id = generation.conversation(user)
    found = get(user, row_id)
    assert [one["role"] for one in found.messages] == ["user", "assistant"] * 2
    assert (found.first_words, found.n_messages) == ("My parcel has not arrived.", 4)


def test_its_business_key_names_nothing_and_the_hint_says_what_does(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    row_id, key = generation.conversation(user), uuid4()
    with_key = generation.conversation(user, conversation_id=key)
    with pytest.raises(BusinessKeyGiven, match=str(with_key)) as raised:
        get(user, key)
    assert (raised.value.http_status, raised.value.message) == (
        404,
        f"There is no conversation with the id {key}.",
    )
    for who, named in ((user, uuid4()), (stranger, key), (stranger, row_id)):
        with pytest.raises(NotFound) as plain:
            get(who, named)
        assert type(plain.value) is NotFound


def test_no_item_takes_a_business_key(database: db.Database, user: db.User) -> None:
    job_id, key = generation.job(user), uuid4()
    row_id = generation.conversation(user, job_id=job_id, conversation_id=key)
    items = Base.metadata.tables["batch_items"]
    with pytest.raises(db.Collided):  # no such row: as if it had been deleted meanwhile
        rows.add(items, owner=user.id, batch_job_id=job_id, conversation_id=key)
    item = rows.add(items, owner=user.id, batch_job_id=job_id, conversation_id=row_id)
    assert item["conversation_id"] == row_id


def test_lists_are_filtered_and_come_in_pages_newest_first(database: db.Database, user: db.User) -> None:
    job_id = generation.job(user)
    template_id = generation.template(user)
    of_job = generation.conversations(user, 3, job_id=job_id, status="approved")
    real = generation.conversation(user, idx=7, is_offline=False, template_id=template_id)
    assert listed(user) == [real, *of_job[::-1]]
    assert listed(user, batch_job_id=job_id) == [*of_job[::-1]]
    assert listed(user, template_id=template_id) == listed(user, is_offline=False) == [real]
    assert listed(user, statuses=(Status.PENDING,)) == [real]
    first = ask(user, partial(conversations.page, asked=Filter(), limit=3))
    second = ask(user, partial(conversations.page, asked=Filter(), limit=3, cursor=first.next_cursor))
    assert [row.id for row in (*first.items, *second.items)] == [real, *of_job[::-1]]
    assert second.next_cursor is None
    assert ask(user, partial(conversations.counts, asked=Filter())) == {
        Status.PENDING: 1,
        Status.APPROVED: 3,
        Status.REJECTED: 0,
    }


def test_a_reviewer_sees_everybodys_and_an_analyst_their_own(
    database: db.Database, user: db.User, reviewer: db.User
) -> None:
    theirs, own = generation.conversation(user), generation.conversation(reviewer, idx=1)
    analyst = as_role(reviewer, "analyst")
    assert listed(reviewer) == listed(reviewer, owner="all") == [own, theirs]
    assert listed(reviewer, owner="me") == listed(analyst) == [own]
    assert listed(reviewer, owner=user.id) == [theirs]
    assert get(reviewer, theirs).id == theirs
    for owner in ("all", user.id):
        with pytest.raises(NotAllowed, match="needs the role reviewer"):
            listed(analyst, owner=owner)


def test_what_it_came_of_is_told_in_words(database: db.Database, user: db.User, reviewer: db.User) -> None:
    template_id = generation.template(user, name="Coaching", version=3)
    job_id = generation.job(user, name="May", template_id=template_id)
    generation.job(user, name="Without any")
    row_id = generation.conversation(user, job_id=job_id, template_id=template_id)
    for who in (user, reviewer):
        with db.session_scope(who) as session:
            found = conversations.origin(session, conversations.get(session, row_id=row_id))
            assert (found.job, found.template, found.template_version) == ("May", "Coaching", 3)
            assert conversations.jobs(session, asked=Filter()) == {job_id: "May"}
    alone = get(user, generation.conversation(user))
    with db.session_scope(user) as session:
        assert conversations.origin(session, alone).job is None
