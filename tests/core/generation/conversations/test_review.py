"""Deciding and editing: each by itself, never over somebody else's decision, and what was is kept."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from core import db
from core.access.errors import NotAllowed
from core.db.tables.audit_events import AuditEventRow
from core.db.tables.generation.conversations import ConversationRow
from core.errors import NotFound
from core.generation.conversations import conversations, messages, review
from core.generation.conversations.conversations import Filter
from core.generation.conversations.errors import (
    BadMessages,
    ConversationChanged,
    NothingNamed,
    TooManyNamed,
)
from core.generation.conversations.review import Decisions
from core.generation.conversations.states import Status
from tests import generation
from tests.journeys import ask
from tests.principals import as_role
from tests.servers.waiting import PATIENCE_S
from tests.together import together


def decide(user: db.User, decision: Status, **named: Any) -> Decisions:
    with db.session_scope(user, write=True) as session:
        return review.decide(session, decision=decision, **named)


def edit(user: db.User, row_id: UUID, *said: str, row_version: int = 1) -> ConversationRow:
    with db.session_scope(user, write=True) as session:
        return review.edit(session, row_id=row_id, row_version=row_version, new=generation.talk(*said))


def get(user: db.User, row_id: UUID) -> ConversationRow:
    return ask(user, partial(conversations.get, row_id=row_id))


def audited() -> list[tuple[str, str | None, dict[str, Any]]]:
    with db.session_scope(db.WORKER) as session:
        lines = session.execute(sa.select(AuditEventRow)).scalars()
        return [(line.action, line.subject_kind, line.details) for line in lines]


@pytest.mark.parametrize("start", list(Status))
@pytest.mark.parametrize("end", list(Status))
def test_each_state_leads_to_each(
    database: db.Database, user: db.User, reviewer: db.User, start: Status, end: Status
) -> None:
    row_id = generation.conversation(user)
    decide(reviewer, start, ids=[row_id])
    before = get(user, row_id)
    (made,) = decide(reviewer, end, ids=[row_id], reason="So it is").results
    after = get(user, row_id)
    assert (made.status, after.status, made.row_version) == (end, end, after.row_version)
    is_decided = end is not Status.PENDING
    if start is not end or is_decided:
        assert after.row_version == before.row_version + 1
    assert (after.reason, after.reviewer_id) == (("So it is", reviewer.id) if is_decided else (None, None))
    assert (after.decided_at is not None) is is_decided


def test_the_same_decision_again_changes_nothing(
    database: db.Database, user: db.User, reviewer: db.User
) -> None:
    row_id = generation.conversation(user)
    first = decide(reviewer, Status.APPROVED, ids=[row_id, row_id])
    again = decide(user, Status.APPROVED, ids=[row_id])
    assert [one.row_version for one in (*first.results, *again.results)] == [2, 2]
    assert get(user, row_id).reviewer_id == reviewer.id
    assert audited() == [("conversation.approved", "conversation", {})]


def test_each_id_has_an_answer_of_its_own(database: db.Database, user: db.User, stranger: db.User) -> None:
    fine, changed = generation.conversations(user, 2)
    theirs, unknown = generation.conversation(stranger), uuid4()
    versions = {fine: 1, changed: 7}
    made = decide(user, Status.REJECTED, ids=[unknown, changed, theirs, fine], row_versions=versions)
    assert [one.id for one in made.results] == [unknown, changed, theirs, fine]
    errors = [one.error and type(one.error) for one in made.results]
    assert errors == [NotFound, ConversationChanged, NotFound, None]
    assert made.results[1].error is not None
    assert made.results[1].error.http_status == 409
    assert [get(user, row_id).status for row_id in (fine, changed)] == ["rejected", "pending"]
    assert get(stranger, theirs).status == "pending"


def test_a_filter_decides_on_all_that_fit_a_thousand_at_a_time(
    database: db.Database, user: db.User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "MOST_AT_ONCE", 5)
    monkeypatch.setattr(review, "N_A_STATEMENT", 2)
    job_id = generation.job(user)
    others = generation.conversation(user)
    of_job = generation.conversations(user, 7, job_id=job_id)
    asked = Filter(batch_job_id=job_id, statuses=(Status.PENDING,))
    first = decide(user, Status.APPROVED, asked=asked)
    assert ([one.id for one in first.results], first.has_more) == (of_job[:5], True)
    second = decide(user, Status.APPROVED, asked=asked)
    assert ([one.id for one in second.results], second.has_more) == (of_job[5:], False)
    assert decide(user, Status.APPROVED, asked=asked).results == []
    assert get(user, others).status == "pending"
    assert [kind for _, kind, _ in audited()] == ["conversations"] * 2
    assert {details["n"] for _, _, details in audited()} == {5, 2}


def test_what_names_nothing_or_too_much_is_refused(database: db.Database, user: db.User) -> None:
    with pytest.raises(NothingNamed):
        decide(user, Status.APPROVED)
    with pytest.raises(NothingNamed):
        decide(user, Status.APPROVED, ids=[uuid4()], asked=Filter())
    with pytest.raises(TooManyNamed):
        decide(user, Status.APPROVED, ids=[uuid4() for _ in range(review.MOST_AT_ONCE + 1)])
    with pytest.raises(NotAllowed):
        decide(user, Status.APPROVED, asked=Filter(owner="all"))


def test_of_two_reviewers_at_once_one_is_first_and_the_other_is_told(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    row_id = generation.conversation(user)
    barrier = threading.Barrier(2)

    def click(who: db.User, decision: Status) -> Decisions:
        barrier.wait(PATIENCE_S)
        return decide(who, decision, ids=[row_id], row_versions={row_id: 1})

    clicks = [
        partial(click, as_role(user, "reviewer"), Status.APPROVED),
        partial(click, as_role(stranger, "reviewer"), Status.REJECTED),
    ]
    made = [one.results[0] for one in together(clicks)]
    (won,) = [one for one in made if one.error is None]
    (lost,) = [one for one in made if one.error is not None]
    found = get(user, row_id)
    assert (found.status, found.row_version) == (won.status, 2)
    assert isinstance(lost.error, ConversationChanged)
    assert lost.error.status == won.status


def test_an_edit_keeps_what_was_and_asks_for_a_new_decision(
    database: db.Database, user: db.User, reviewer: db.User
) -> None:
    row_id = generation.conversation(user, score=90, findings=[{"code": "long"}])
    was = get(user, row_id)
    decide(reviewer, Status.APPROVED, ids=[row_id], reason="Good")
    edited = edit(reviewer, row_id, "  Where is it?\n", "On its way.", row_version=2)
    assert (edited.status, edited.reason, edited.reviewer_id, edited.row_version) == (
        "pending",
        None,
        None,
        3,
    )
    assert edited.messages == generation.talk("Where is it?", "On its way.")
    assert (edited.score, edited.findings, edited.n_messages) == (100, [], 2)
    edit(user, row_id, "Where?", "There.", row_version=3)
    kept = ask(user, partial(conversations.revisions, row_id=row_id))
    assert [(one.revision, one.author_id, one.messages) for one in kept] == [
        (1, reviewer.id, was.messages),
        (2, user.id, edited.messages),
    ]
    assert kept[0].content_sha256 == was.content_sha256


def test_the_same_words_again_are_no_edit(database: db.Database, user: db.User) -> None:
    row_id = generation.conversation(user, said=generation.talk("Hello?", "Hello."), status="approved")
    same = edit(user, row_id, "Hello? ", " Hello.")
    assert (same.status, same.row_version) == ("approved", 1)
    assert ask(user, partial(conversations.revisions, row_id=row_id)) == []


def test_an_edit_of_what_has_changed_since_is_refused(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    row_id = generation.conversation(user)
    edit(user, row_id, "One?", "Two.")
    with pytest.raises(ConversationChanged, match="row version 2, not 1"):
        edit(user, row_id, "Three?", "Four.")
    with pytest.raises(NotFound):
        edit(stranger, row_id, "Three?", "Four.", row_version=2)
    assert get(user, row_id).messages == generation.talk("One?", "Two.")


def test_of_two_edits_at_once_one_is_kept_and_the_other_is_told(database: db.Database, user: db.User) -> None:
    row_id = generation.conversation(user)
    barrier = threading.Barrier(2)

    def save(words: str) -> object:
        barrier.wait(PATIENCE_S)
        try:
            return edit(user, row_id, words, "Yes.").row_version
        except ConversationChanged as error:
            return type(error)

    made = together([partial(save, "One?"), partial(save, "Two?")])
    assert set(made) == {2, ConversationChanged}
    assert len(ask(user, partial(conversations.revisions, row_id=row_id))) == 1


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        ([], "0 instead of 2 to 200"),
        (generation.talk("Alone?"), "1 instead of 2"),
        (generation.talk("a", "b", "c"), "the last word"),
        (generation.talk("a", "  \n "), "it is empty, message 2 of 2"),
        (
            [{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}],
            "the user's turn, message 1",
        ),
        ([{"role": "user", "content": "a"}] * 2, "the assistant's turn, message 2"),
        (
            [{"role": "user", "content": 7}, {"role": "assistant", "content": "b"}],
            '"content" and nothing else',
        ),
        ([{"role": "user", "content": "a", "name": "x"}] * 2, "nothing else"),
        (generation.talk("a\0", "b"), "NUL"),
        (generation.talk("a\ud800", "b"), "surrogate"),
        (generation.talk("a" * 100_001, "b"), "more than 100,000"),
        (generation.talk(*["a" * 90_000] * 6), "together"),
        (generation.talk(*["a"] * 202), "202 instead of 2 to 200"),
    ],
)
def test_what_is_no_conversation_is_refused_with_its_place(found: list[dict[str, Any]], problem: str) -> None:
    with pytest.raises(BadMessages, match=problem.replace("(", r"\(")):
        messages.checked(found)


@pytest.mark.parametrize(
    "words", ["<script>alert(1)</script>", "日本語 🎉 \u202e", "'; drop table users; --", "{{7*7}}"]
)
def test_hostile_words_are_kept_as_they_are(database: db.Database, user: db.User, words: str) -> None:
    row_id = generation.conversation(user)
    edited = edit(user, row_id, words, f"{words}\n\n{words}")
    assert edited.messages == generation.talk(words, f"{words}\n\n{words}")
    assert edited.first_words == words.strip()
