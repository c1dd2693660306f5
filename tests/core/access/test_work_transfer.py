"""The local user's work goes to somebody who signs in, all of it, and to nobody else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from core import access, db
from core.access import tokens, users, work_transfer
from core.access.errors import UnknownPerson
from core.access.users import Identity
from core.db.tables.audit_events import AuditEventRow
from core.db.tables.generation.conversations import ConversationRevisionRow, ConversationRow
from core.db.tables.models import ModelRow
from core.generation.conversations import review
from core.generation.conversations.states import Status
from core.models import models
from core.predictions import listing
from core.settings import Settings
from core.storage import LocalStorage
from core.uploads import uploads
from tests import generation, journeys
from tests.core.access.test_tokens import NOW, check, make
from tests.servers import forks
from tests.servers.processes import PROJECT

ADA = Identity("oidc", "https://id.example", "ada", "Ada", "ada@example.org")


@pytest.fixture
def local(database: db.Database, settings: Settings, storage: LocalStorage, tmp_path: Path) -> db.User:
    """The local user, with an upload and a model in training."""
    found = access.settle_local_user()
    content = journeys.sample_bytes(tmp_path, n_rows=60)
    upload = journeys.upload_bytes(found, content, settings=settings, files=storage)
    with db.session_scope(found, write=True) as session:
        known = uploads.get(session, upload_id=upload.id)
        models.request_training(session, upload=known, target="churned", name="Churn")
    return found


def settle(settings: Settings) -> db.User:
    return users.settle(ADA, settings=settings, via="session", address="")


def test_everything_of_the_local_users_is_theirs_then(local: db.User, settings: Settings) -> None:
    ada = settle(settings)
    handed_over = work_transfer.adopt("ADA@example.org ")
    assert {name: n for name, n in handed_over.items() if n} == {"uploads": 1, "models": 1, "tasks": 1}
    with db.session_scope(local) as session:
        assert uploads.count(session) == 0
        assert models.page(session).items == []
    with db.session_scope(ada) as session:
        assert uploads.count(session) == 1
        (model,) = models.page(session).items
        assert model.task.user_id == ada.id
        assert sum(listing.counts(session).values()) == 0
    with db.session_scope(db.WORKER) as session:
        newest = session.execute(sa.select(AuditEventRow).where(AuditEventRow.action == "work.adopted"))
        assert newest.scalar_one().via == "shell"


def test_models_of_a_name_that_they_have_get_the_versions_after_theirs(
    local: db.User, settings: Settings, storage: LocalStorage, tmp_path: Path
) -> None:
    ada = settle(settings)
    content = journeys.sample_bytes(tmp_path, n_rows=70)
    upload = journeys.upload_bytes(ada, content, settings=settings, files=storage)
    for owner, n_more in ((local, 1), (ada, 2)):
        for _ in range(n_more):
            with db.session_scope(owner, write=True) as session:
                (mine,) = uploads.page(session).items
                known = uploads.get(session, upload_id=mine.id if owner == local else upload.id)
                models.request_training(session, upload=known, target="churned", name="Churn")
    work_transfer.adopt("ada@example.org")
    with db.session_scope(ada) as session:
        versions = session.execute(sa.select(ModelRow.version).where(ModelRow.user_id == ada.id)).scalars()
        assert sorted(versions) == [1, 2, 3, 4]


def test_what_they_have_decided_and_edited_is_in_their_name_then(
    local: db.User, settings: Settings, stranger: db.User
) -> None:
    reviewer = replace(local, role="reviewer")
    own, reviewed = generation.conversation(local), generation.conversation(stranger)
    with db.session_scope(reviewer, write=True) as session:
        review.edit(session, row_id=reviewed, row_version=1, new=generation.talk("Is it?", "It is."))
        review.decide(session, decision=Status.APPROVED, ids=[own, reviewed])
    ada = settle(settings)
    handed_over = work_transfer.adopt("ada@example.org")
    assert (handed_over["conversations"], handed_over["edits"]) == (1, 1)
    with db.session_scope(db.WORKER) as session:
        found = {row.id: row for row in session.execute(sa.select(ConversationRow)).scalars()}
        (edit,) = session.execute(sa.select(ConversationRevisionRow)).scalars()
    assert (found[own].user_id, found[reviewed].user_id) == (ada.id, stranger.id)
    assert {found[own].reviewer_id, found[reviewed].reviewer_id, edit.author_id} == {ada.id}


def test_tokens_of_the_local_user_let_nobody_in_any_more(local: db.User, settings: Settings) -> None:
    settle(settings)
    secret = make(local)
    check(secret, settings)
    work_transfer.adopt("ada@example.org")
    with db.session_scope(local) as session:
        assert tokens.alive(session, now=NOW) == []


def test_nobody_gets_it_who_has_not_signed_in(local: db.User) -> None:
    with pytest.raises(UnknownPerson, match="sign in once"):
        work_transfer.adopt("ada@example.org")
    with db.session_scope(local) as session:
        assert uploads.count(session) == 1


def run(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return forks.run(
        [sys.executable, "-m", "core.access", *arguments],
        env=settings.environment(), cwd=PROJECT, capture_output=True, text=True,
    )  # fmt: skip


def test_the_command_says_what_was_handed_over_or_why_not(local: db.User, settings: Settings) -> None:
    refused = run(settings, "adopt", "ada@example.org")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Nobody with the address ada@example.org has signed in yet.")
    settle(settings)
    done = run(settings, "adopt", "ada@example.org")
    assert (done.returncode, done.stderr) == (0, "")
    told = done.stdout
    assert told.startswith("Handed over to ada@example.org: 1 upload, 1 model, 0 predictions, ")
    assert told.endswith(", 1 task.\n")
    assert run(settings, "adopt").returncode == 2
