"""What is exported: which conversations, never more than a few in memory, and a manifest that proves it."""

from __future__ import annotations

import hashlib
import zipfile
from io import BytesIO
from uuid import uuid4

import pytest
import sqlalchemy as sa

from core import db
from core.access.errors import NotAllowed
from core.db.tables.generation.conversations import ConversationRow
from core.generation.conversations import review
from core.generation.conversations.conversations import Filter
from core.generation.conversations.errors import TooManyNamed
from core.generation.conversations.states import Status
from core.generation.export import archive, plan
from core.generation.export.errors import BadShare, FormatUnknown, NothingToExport
from core.generation.export.wanted import Wanted
from tests import generation
from tests.core.generation.export.opened import export, opened, packed
from tests.principals import as_role


@pytest.fixture
def reviewer(stranger: db.User) -> db.User:
    """Somebody else, who reviews."""
    return as_role(stranger, "reviewer")


def named(*row_ids: object) -> Wanted:
    return Wanted(asked=Filter(), ids=tuple(row_ids))  # type: ignore[arg-type]


def test_each_row_is_a_conversation_and_says_who_wrote_it(database: db.Database, user: db.User) -> None:
    approved = generation.conversation(user, status="approved")
    real = generation.conversation(user, idx=1, is_offline=False, status="approved")
    generation.conversation(user, idx=2)
    first, second = export(user).rows["train"]
    assert (first["id"], first["source"], first["is_offline"]) == (str(approved), "OFFLINE", True)
    assert (second["id"], second["source"], second["is_offline"]) == (str(real), "claude-haiku-5-5", False)
    assert first["messages"] == [{"role": role, "content": words} for role, words in generation.TALK]


def test_what_is_exported_can_be_chosen(database: db.Database, user: db.User, reviewer: db.User) -> None:
    job_id = generation.job(user)
    of_job = generation.conversations(user, 2, job_id=job_id, status="rejected")
    other = generation.conversation(user, idx=5, status="approved")
    gone = uuid4()
    assert export(user).ids() == [other]
    assert export(reviewer, Wanted(asked=Filter(batch_job_id=job_id))).ids() == [*of_job]
    found = export(user, named(of_job[1], gone, other, gone))
    assert found.ids() == [of_job[1], other]
    assert found.manifest["missing_ids"] == [str(gone)]
    for nothing in (named(), named(gone), Wanted(asked=Filter(owner="me"))):
        with pytest.raises(NothingToExport) as raised:
            plan.of(reviewer, nothing)
        assert raised.value.http_status == 409


def test_what_is_somebody_elses_is_not_exported(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    theirs = generation.conversation(stranger, status="approved")
    with pytest.raises(NothingToExport):
        plan.of(user, named(theirs))
    with pytest.raises(NotAllowed):
        plan.of(user, Wanted(asked=Filter(owner="all")))


@pytest.mark.parametrize("form", ["chat-jsonl", "parquet"])
def test_the_manifest_proves_what_is_in_the_files(database: db.Database, user: db.User, form: str) -> None:
    job_id = generation.job(user)
    ids = generation.conversations(user, 9, job_id=job_id, status="approved")
    real = generation.conversation(user, idx=10, job_id=job_id, is_offline=False, status="approved")
    asked = Filter(statuses=(Status.APPROVED,), batch_job_id=job_id)
    found = export(user, Wanted(form, asked, validation=0.3, seed=7))
    manifest = found.manifest
    assert (manifest["format"], manifest["validation"], manifest["split"]) == (form, 0.3, 7)
    assert manifest["filters"] == {"status": ["approved"], "batch_job_id": str(job_id)}
    assert manifest["models"] == {"OFFLINE": 9, "claude-haiku-5-5": 1}
    assert (manifest["n_conversations"], manifest["n_offline"], manifest["has_offline"]) == (10, 9, True)
    assert manifest["n_messages"] == 22
    assert len(manifest["files"]) == 2
    for name, told in manifest["files"].items():
        assert told["sha256"] == hashlib.sha256(found.files[name]).hexdigest()
        assert told["size_bytes"] == len(found.files[name])
        rows = found.rows[told["split"]]
        assert told["n_conversations"] == len(rows) > 0
        assert manifest["conversations"][told["split"]] == {row["id"]: row["content_sha256"] for row in rows}
    assert {*found.ids("train"), *found.ids("validation")} == {*ids, real}
    assert "**9 conversations were written by the offline generator" in found.readme


def test_the_same_call_gives_the_same_bytes(database: db.Database, user: db.User) -> None:
    generation.conversations(user, 40, status="approved")
    for form in ("alpaca", "parquet"):
        wanted = Wanted(form, validation=0.5, seed=3)
        assert packed(user, wanted) == packed(user, wanted)
    other = export(user, Wanted("alpaca", validation=0.5, seed=4))
    assert set(other.ids("validation")) != set(export(user, Wanted(validation=0.5, seed=3)).ids("validation"))


def test_what_is_decided_or_edited_meanwhile_is_left_out_and_told(
    database: db.Database, user: db.User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("N_AT_FIRST", 2), ("N_AT_MOST", 2), ("CHUNK_BYTES", 1)):
        monkeypatch.setattr(archive, name, value)
    ids = generation.conversations(user, 6, status="approved")
    coming = archive.packed(user, plan.of(user, Wanted()))
    pieces = [next(coming)]
    with db.session_scope(user, write=True) as session:  # nothing is held meanwhile
        review.decide(session, decision=Status.REJECTED, ids=[ids[0], ids[3]])
        edited = session.get_one(ConversationRow, ids[5])
        review.edit(
            session, row_id=edited.id, row_version=edited.row_version, new=generation.talk("Other?", "Words.")
        )
        review.decide(session, decision=Status.APPROVED, ids=[edited.id])
        session.execute(sa.delete(ConversationRow).where(ConversationRow.id == ids[4]))
    found = opened(b"".join([*pieces, *coming]))
    assert found.ids() == [ids[0], ids[1], ids[2]]
    assert found.manifest["changed_meanwhile"] == [str(ids[at]) for at in (3, 4, 5)]
    assert [*found.manifest["conversations"]["train"]] == [str(one) for one in ids[:3]]


def test_what_is_broken_off_anywhere_is_no_zip(sqlite_database: db.Database, user: db.User) -> None:
    generation.conversations(user, 4, status="approved")
    content = packed(user, Wanted(validation=0.5))
    for n in range(0, len(content), 7):
        with pytest.raises(zipfile.BadZipFile):
            zipfile.ZipFile(BytesIO(content[:n]))


@pytest.mark.parametrize("name", ["jsonl", "", "CHAT-JSONL", "x" * 500, "\u202e\0"])
def test_another_format_is_refused_and_told_which_there_are(name: str) -> None:
    with pytest.raises(FormatUnknown, match="chat-jsonl, sharegpt, alpaca, parquet") as raised:
        Wanted(name)
    assert raised.value.http_status == 422


@pytest.mark.parametrize("share", [1.5, 1, -0.1, float("nan"), float("inf")])
def test_a_share_that_is_none_is_refused_with_the_cure(share: float) -> None:
    with pytest.raises(BadShare, match=r"validation=0\.1") as raised:
        Wanted(validation=share)
    assert raised.value.http_status == 422
    with pytest.raises(TooManyNamed):
        Wanted(ids=tuple(uuid4() for _ in range(1_001)))
