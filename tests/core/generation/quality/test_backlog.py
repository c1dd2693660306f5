"""What was made before there were checks is checked later, once, without touching anybody's decision."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

import pytest
import sqlalchemy as sa

from core import db, queue
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.tasks import TaskRow
from core.generation.conversations import conversations
from core.generation.quality import backlog
from core.generation.quality.findings import Code, from_json
from tests import generation
from tests.batches import Told
from tests.journeys import ask


def claimed() -> queue.Task:
    with db.session_scope(db.WORKER, write=True) as session:
        (task_id,) = session.execute(sa.select(TaskRow.id).where(TaskRow.kind == backlog.KIND)).scalars()
        task = queue.claim_one(session, task_id=task_id, worker_id=uuid4(), lease_s=30.0)
    assert task is not None
    return task


def test_all_are_checked_and_a_second_click_asks_for_nothing_more(
    database: db.Database, user: db.User, stranger: db.User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "AT_ONCE", 2)
    job_id = generation.job(user)
    same = generation.talk(
        "Where is it, and when does it come to my house?", "Write to me at jo@acme-mail.de today."
    )
    twins = [generation.conversation(user, job_id=job_id, idx=idx, said=same) for idx in range(2)]
    generation.conversation(stranger, status="approved", row_version=3)
    checked = generation.conversation(user, score=7, findings=[])
    for _ in range(2):
        with db.session_scope(user, write=True) as session:
            assert backlog.request(session) == 2
    told = Told()
    assert backlog.run(claimed(), told) == {"n_checked": 3}
    assert told.reported == [(2, None), (3, None)]
    first, second = (ask(user, partial(conversations.get, row_id=row_id)) for row_id in twins)
    assert [one.code for one in from_json(first.findings)] == [Code.EMAIL]
    assert [one.code for one in from_json(second.findings)] == [Code.EMAIL, Code.NEAR_DUPLICATE_IN_JOB]
    with db.session_scope(db.WORKER) as session:
        found = session.execute(
            sa.select(ConversationRow.id, ConversationRow.score, ConversationRow.row_version)
        ).all()
    assert {(row.score is not None, row.row_version) for row in found} == {(True, 1), (True, 3)}
    assert {row.score for row in found if row.id == checked} == {7}
    assert ask(user, backlog.n_unchecked) == 0


def test_a_worker_that_ends_leaves_the_rest_to_the_next(sqlite_database: db.Database, user: db.User) -> None:
    generation.conversation(user)
    with db.session_scope(user, write=True) as session:
        backlog.request(session)
    task, told = claimed(), Told()
    told.drain.set()
    assert backlog.run(task, told) == queue.GoOnLater()
    told.stop.set()
    with pytest.raises(queue.TaskStopped):
        backlog.run(task, told)
    assert ask(user, backlog.n_unchecked) == 1
