"""The queue of reviewers: the oldest first, and a place for each, whatever is decided meanwhile."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import pytest

from core import db
from core.generation.conversations import conversations, review, review_queue
from core.generation.conversations.conversations import Filter
from core.generation.conversations.review_queue import Order, Place
from core.generation.conversations.states import Status
from tests import generation
from tests.journeys import ask

WAITING = Filter(statuses=(Status.PENDING,))


def place(user: db.User, row_id: UUID, asked: Filter = WAITING, order: Order = Order.OLDEST) -> Place:
    with db.session_scope(user) as session:
        row = conversations.get(session, row_id=row_id)
        return review_queue.place(session, asked=asked, of=row, order=order)


def test_each_has_its_place_and_its_neighbours(database: db.Database, user: db.User) -> None:
    a, b, c = generation.conversations(user, 3)
    assert ask(user, partial(review_queue.first, asked=WAITING)) == a
    assert place(user, a) == Place(1, 3, None, b)
    assert place(user, b) == Place(2, 3, a, c)
    assert place(user, c) == Place(3, 3, b, None)


def test_of_one_moment_the_id_decides(database: db.Database, user: db.User) -> None:
    ids = [generation.conversation(user) for _ in range(4)]
    found: list[UUID | None] = [ask(user, partial(review_queue.first, asked=WAITING))]
    while last := found[-1]:
        found.append(place(user, last).next_id)
    assert sorted(str(one) for one in found if one) == sorted(str(one) for one in ids)


def test_what_was_decided_has_no_place_and_its_neighbours_still(database: db.Database, user: db.User) -> None:
    a, b, c = generation.conversations(user, 3)
    with db.session_scope(user, write=True) as session:
        review.decide(session, decision=Status.APPROVED, ids=[b])
    assert place(user, b) == Place(None, 2, a, c)
    assert place(user, b, Filter()) == Place(2, 3, a, c)
    assert place(user, c) == Place(2, 2, a, None)


@pytest.mark.parametrize("order", list(Order))
def test_in_each_order_the_arrows_and_the_parts_of_the_list_go_the_same_way(
    database: db.Database, user: db.User, order: Order
) -> None:
    scores = [70, None, 20, 90, 20]
    ids = [generation.conversation(user, idx=idx, score=score) for idx, score in enumerate(scores)]
    expected = {
        Order.OLDEST: [0, 1, 2, 3, 4],
        Order.NEWEST: [4, 3, 2, 1, 0],
        Order.LOWEST: [2, 4, 0, 3, 1],
        Order.HIGHEST: [1, 3, 0, 4, 2],
    }[order]
    wanted = [ids[at] for at in expected]
    parts = [
        one.id
        for offset in (0, 2, 4)
        for one in ask(user, partial(review_queue.part, asked=WAITING, order=order, offset=offset, limit=2))
    ]
    assert parts == wanted
    assert ask(user, partial(review_queue.first, asked=WAITING, order=order)) == wanted[0]
    beside = zip([None, *wanted], [*wanted[1:], None], strict=False)
    for at, (row_id, (before, after)) in enumerate(zip(wanted, beside, strict=True), start=1):
        assert place(user, row_id, order=order) == Place(at, 5, before, after)


def test_nothing_waits_where_nothing_is(database: db.Database, user: db.User, stranger: db.User) -> None:
    generation.conversation(stranger)
    assert ask(user, partial(review_queue.first, asked=WAITING)) is None
