"""Row-level security of templates, jobs and conversations: who reads, who decides, and what nobody writes."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from core.db.tables import Base
from core.db.types import now_plus
from tests import rows
from tests.principals import ELSEWHERE, as_role, columns, owned, refused, touched

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(postgres_database: db.Database) -> db.Database:
    """With row-level security."""
    assert postgres_database.has_row_security
    return postgres_database


def test_a_template_is_read_by_all_and_changed_by_nobody(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    table = Base.metadata.tables["prompt_templates"]
    theirs, mine = owned(table.name, stranger), owned(table.name, user)
    shipped = rows.add(table, owner=user.id, author_id=None)
    with db.session_scope(user) as session:
        found = set(session.execute(sa.select(table.c.id)).scalars())
    assert found == {theirs["id"], mine["id"], shipped["id"]}
    for who in (user, as_role(user, "admin")):
        assert refused(who, sa.update(table).values(name="x"))
        assert refused(who, sa.delete(table))
        assert refused(who, sa.insert(table).values(rows.made(table, owner=user.id, author_id=None)))


CONVERSATIONS = Base.metadata.tables["conversations"]
REVISIONS = Base.metadata.tables["conversation_revisions"]
DECIDED = ("status", "reason", "reviewer_id", "decided_at", "row_version", "updated_at")
EDITED = (
    "messages",
    "n_messages",
    "first_words",
    "content_sha256",
    "minhash",
    "score",
    "findings",
    "enrichment",
)


def _decision(user: db.User) -> dict[str, Any]:
    return {"status": "approved", "reviewer_id": user.id, "decided_at": now_plus(), "row_version": 2}


def _is_written(user: db.User, statement: Any) -> bool:
    with db.session_scope(user, write=True) as session:
        return bool(session.execute(statement.returning(statement.table.c.id)).all())


@pytest.mark.parametrize("role", ["reviewer", "admin"])
def test_who_reviews_reads_and_decides_on_everybodys_conversations(
    database: db.Database, user: db.User, stranger: db.User, role: str
) -> None:
    theirs, reviewer = owned("conversations", stranger), as_role(user, role)
    with db.session_scope(reviewer) as session:
        assert session.execute(sa.select(CONVERSATIONS.c.id)).scalars().all() == [theirs["id"]]
    assert _is_written(reviewer, sa.update(CONVERSATIONS).values(_decision(user)))
    edited = sa.insert(REVISIONS).values(
        rows.made(REVISIONS, owner=user.id, conversation_id=theirs["id"], revision=1)
    )
    assert not refused(reviewer, edited)
    assert _is_written(reviewer, sa.update(CONVERSATIONS).values(messages=[], status="pending"))


def test_an_analyst_decides_on_their_own_conversations_alone(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    theirs = owned("conversations", stranger)
    before = touched("conversations", theirs)
    assert not _is_written(user, sa.update(CONVERSATIONS).values(_decision(user)))
    into = rows.made(REVISIONS, owner=user.id, conversation_id=theirs["id"])
    assert refused(user, sa.insert(REVISIONS).values(into))
    assert touched("conversations", theirs) == before
    owned("conversations", user)
    assert _is_written(user, sa.update(CONVERSATIONS).values(_decision(user)))


@pytest.mark.parametrize("column", sorted(set(CONVERSATIONS.columns.keys()) - {*DECIDED, *EDITED}))
def test_of_a_conversation_nothing_is_changed_but_its_words_and_what_was_decided(
    database: db.Database, user: db.User, stranger: db.User, column: str
) -> None:
    owned("conversations", user)
    same = {column: sa.literal_column(f'"{column}"')}
    for who in (user, as_role(stranger, "reviewer"), as_role(stranger, "admin")):
        assert refused(who, sa.update(CONVERSATIONS).values(same))


def test_a_reviewer_deletes_no_conversation_and_adds_none(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    theirs, reviewer = owned("conversations", stranger), as_role(user, "reviewer")
    before = touched("conversations", theirs)
    assert not _is_written(reviewer, sa.delete(CONVERSATIONS))
    assert refused(reviewer, sa.insert(CONVERSATIONS).values(rows.made(CONVERSATIONS, owner=user.id)))
    assert touched("conversations", theirs) == before


def test_nobody_decides_in_the_name_of_another(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    owned("conversations", user)
    for who in (user, as_role(user, "reviewer"), as_role(user, "admin")):
        assert refused(who, sa.update(CONVERSATIONS).values(_decision(stranger)))
    decided = _decision(stranger)
    assert _is_written(as_role(stranger, "reviewer"), sa.update(CONVERSATIONS).values(decided))
    assert _is_written(user, sa.update(CONVERSATIONS).values(reason="who decided stays"))
    assert _is_written(user, sa.update(CONVERSATIONS).values(reviewer_id=None, status="pending"))


def test_what_a_conversation_was_is_read_by_who_reads_it_and_never_changed(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    of_mine = owned("conversations", user)
    was = rows.add(REVISIONS, owner=stranger.id, conversation_id=of_mine["id"])
    outsider = db.User(rows.add(Base.metadata.tables["users"], owner=user.id)["id"], "Outsider")
    found = {
        who: _ids(who, REVISIONS)
        for who in (user, stranger, outsider, as_role(outsider, "reviewer"), as_role(outsider, "admin"))
    }
    assert list(found.values()) == [[was["id"]], [], [], [was["id"]], [was["id"]]]
    for who in found:
        assert refused(who, sa.update(REVISIONS).values(messages=[]))
        assert refused(who, sa.delete(REVISIONS))


def _ids(who: db.Principal, table: sa.Table) -> list[Any]:
    with db.session_scope(who) as session:
        return list(session.execute(sa.select(table.c.id)).scalars())


@pytest.mark.parametrize("name", ["batch_items", "batch_calls", "batch_log_lines", "provider_batches"])
def test_of_anothers_job_a_reviewer_sees_its_name_and_an_admin_all(
    database: db.Database, user: db.User, stranger: db.User, name: str
) -> None:
    theirs = owned(name, stranger)
    reviewer, admin = as_role(user, "reviewer"), as_role(user, "admin")
    jobs = Base.metadata.tables["batch_jobs"]
    assert theirs["batch_job_id"] in _ids(reviewer, jobs)
    assert not _ids(user, jobs)
    assert theirs["id"] not in _ids(reviewer, Base.metadata.tables[name])
    assert theirs["id"] in _ids(admin, Base.metadata.tables[name])
    for who in (reviewer, admin):
        assert not _is_written(who, sa.update(jobs).values(name="x"))
        assert not _is_written(who, sa.delete(jobs))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("batch_jobs", {"status": "completed"}),
        ("batch_items", {"state": "completed"}),
        ("batch_items", {"conversation_id": ELSEWHERE}),
        ("batch_items", {"n_asked": 1}),
    ],
    ids=columns,
)
def test_no_job_and_no_item_is_added_that_looks_worked_on(
    database: db.Database, user: db.User, name: str, values: dict[str, Any]
) -> None:
    table = Base.metadata.tables[name]
    assert refused(user, sa.insert(table).values(rows.made(table, owner=user.id, **values)))


@pytest.mark.parametrize(
    "change",
    [
        "update batch_items set conversation_id = null",
        "update batch_items set params = '{}'",
        "update batch_items set n_asked = 0",
        "update batch_calls set cost = 0",
        "update batch_jobs set model = 'x'",
        "update batch_jobs set n_items = 1",
        "update batch_jobs set template_id = template_id",
        "update batch_log_lines set text = 'x'",
        "update provider_batches set state = 'lost'",
        "insert into batch_calls select * from batch_calls",
        "insert into provider_batches select * from provider_batches",
    ],
)
def test_of_a_job_a_user_steers_its_course_and_writes_no_account_of_it(
    database: db.Database, user: db.User, change: str
) -> None:
    for name in ("batch_items", "batch_calls", "batch_log_lines", "provider_batches"):
        owned(name, user)
    assert refused(user, sa.text(change))


def test_one_hides_ones_own_conversations_by_ones_own_task_alone(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    hidden = Base.metadata.tables["deleted_conversations"]
    theirs, mine = owned("conversations", stranger), owned("conversations", user)
    my_task, their_task = owned("tasks", user), owned("tasks", stranger)

    def hide(conversation: dict[str, Any], task: dict[str, Any], owner: db.User) -> Any:
        values = {"conversation_id": conversation["id"], "task_id": task["id"], "row_version": 1}
        return sa.insert(hidden).values(**values, user_id=owner.id)

    for who in (user, as_role(user, "reviewer"), as_role(user, "admin")):
        assert refused(who, hide(theirs, my_task, user))
        assert refused(who, hide(mine, their_task, user))
        assert refused(who, hide(theirs, their_task, stranger))
    assert not refused(stranger, hide(theirs, their_task, stranger))
    reviewer = as_role(user, "reviewer")
    with db.session_scope(user) as seen_by_me, db.session_scope(reviewer) as seen_by_reviewer:
        found = sa.select(hidden.c.conversation_id)
        assert seen_by_me.execute(found).all() == []
        assert seen_by_reviewer.execute(found).scalars().all() == [theirs["id"]]
    assert not _is_deleted(reviewer, hidden)
    assert refused(stranger, sa.update(hidden).values(row_version=2))


def _is_deleted(who: db.User, table: sa.Table) -> bool:
    with db.session_scope(who, write=True) as session:
        return bool(session.execute(sa.delete(table).returning(table.c.conversation_id)).all())
