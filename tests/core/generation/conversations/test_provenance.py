"""Where conversations come from, told to all who review them; and what templates came to, day by day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from core import db
from core.db.tables import Base
from core.generation import daily
from core.generation.conversations import conversations, provenance, review
from core.generation.conversations.states import Status
from core.generation.daily import Days
from core.storage import LocalStorage
from tests import generation, rows
from tests.journeys import ask

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAYS = Days(datetime(2026, 11, 21, tzinfo=UTC), 3)
EMAIL = {"code": "email", "message_idx": 0, "start": 0, "end": 1, "detail": ""}


def test_a_reviewer_reads_what_the_requests_of_others_came_to_and_a_stranger_does_not(
    database: db.Database, user: db.User, stranger: db.User, reviewer: db.User, storage: LocalStorage
) -> None:
    job_id = generation.job(user)
    row_id = generation.conversation(user, job_id=job_id)
    calls = Base.metadata.tables["batch_calls"]
    rows.add(
        calls, owner=user.id, batch_job_id=job_id, item_idx=0, cost=5, raw=b"\xff raw", asked_at=NOON, n=1
    )
    rows.add(calls, owner=user.id, batch_job_id=job_id, item_idx=1, cost=7, asked_at=NOON, n=1)
    for reader in (user, reviewer):
        row = ask(reader, partial(conversations.get, row_id=row_id))
        found = ask(reader, partial(provenance.of, conversation=row))
        assert ([call.item_idx for call in found.calls], found.cost) == ([0], 5)
        (raw,) = provenance.raw_replies(reader, row, files=storage)
        assert raw.text == "� raw"
    row = ask(user, partial(conversations.get, row_id=row_id))
    plain = db.User(reviewer.id, reviewer.name)
    if database.has_row_security:  # as the database's own rules have it
        assert ask(plain, partial(provenance.of, conversation=row)).calls == []


def test_a_template_that_its_values_no_longer_fit_is_said_and_the_rest_still_told(
    sqlite_database: db.Database, user: db.User
) -> None:
    row_id = generation.conversation(user, params={"other": "x"})
    row = ask(user, partial(conversations.get, row_id=row_id))
    found = ask(user, partial(provenance.of, conversation=row))
    assert found.prompt is None
    assert "other" in str(found.problem)
    assert (found.calls, found.origin.job) == ((), None)


def test_spend_decisions_and_findings_are_told_by_template_and_day(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    family = generation.template(user, name="Support")
    other = generation.template(user, name="Sales")
    calls = Base.metadata.tables["batch_calls"]
    for template_id, days_ago, cost in ((family, 0, 5), (family, 2, 7), (other, 0, 1), (other, 3, 99)):
        job_id = generation.job(user, template_id=template_id)
        at = NOON - timedelta(days=days_ago)
        rows.add(calls, owner=user.id, batch_job_id=job_id, asked_at=at, cost=cost, n=1)
        generation.conversation(
            user, job_id=job_id, template_id=template_id, created_at=at, findings=[EMAIL] if cost > 5 else [],
            status="approved" if cost != 1 else "rejected", decided_at=at, reviewer_id=user.id,
        )  # fmt: skip
    generation.conversation(stranger, created_at=NOON, decided_at=NOON, status="approved", findings=[EMAIL])
    spent = ask(user, partial(daily.spend, days=DAYS))
    assert [(one.name, list(one.by_day)) for one in spent] == [("Support", [7, 0, 5]), ("Sales", [0, 0, 1])]
    decided = ask(user, partial(daily.decided, days=DAYS))
    assert [(one.name, list(one.approved), list(one.rejected)) for one in decided] == [
        ("Support", [1, 0, 1], [0, 0, 0]),
        ("Sales", [0, 0, 0], [0, 0, 1]),
    ]
    found = ask(user, partial(daily.findings, days=DAYS, codes=["card", "email"]))
    assert {code: [(one.name, list(one.by_day)) for one in series] for code, series in found.items()} == {
        "email": [("Support", [1, 0, 0])]
    }
    assert [(one.name, one.total) for one in ask(user, partial(daily.made, days=DAYS))] == [
        ("Support", 2),
        ("Sales", 1),
    ]
    assert ask(stranger, partial(daily.spend, days=DAYS)) == []


def test_versions_are_one_template_and_two_of_one_name_are_told_apart(
    sqlite_database: db.Database, user: db.User
) -> None:
    first = generation.template(user, name="Old name")
    with db.session_scope(user) as session:
        family_id = session.get_one(provenance.PromptTemplateRow, first).family_id
    second = generation.template(user, name="Twin", family_id=family_id, version=2)
    alike = generation.template(user, name="Twin")
    for template_id in (first, second, alike):
        generation.conversation(user, template_id=template_id, created_at=NOON)
    names = [one.name for one in ask(user, partial(daily.made, days=DAYS))]
    assert len(set(names)) == 2
    assert all(name.startswith("Twin (") for name in names)
    with db.session_scope(user, write=True) as session:
        review.decide(session, decision=Status.APPROVED, asked=conversations.Filter())
    (most, _) = ask(user, partial(daily.decided, days=Days(datetime.now(UTC) + timedelta(days=1), 2)))
    assert (most.n, most.share) == (2, pytest.approx(1.0))
