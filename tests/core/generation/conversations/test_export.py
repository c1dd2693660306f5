"""What is exported: each line a conversation, never more than a few in memory, and a manifest that proves it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from core import db
from core.access.errors import NotAllowed
from core.generation.conversations import export, review
from core.generation.conversations.conversations import Filter
from core.generation.conversations.errors import FormatUnknown, TooManyNamed
from core.generation.conversations.export import Tally, Wanted
from core.generation.conversations.states import Status
from tests import generation

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
APPROVED = Filter(statuses=(Status.APPROVED,))


def lines(user: db.User, wanted: Wanted) -> list[dict[str, Any]]:
    return [json.loads(line) for line in export.lines(user, wanted, Tally())]


def test_each_line_is_a_conversation_and_says_who_wrote_it(database: db.Database, user: db.User) -> None:
    approved = generation.conversation(user, status="approved")
    real = generation.conversation(user, idx=1, is_offline=False, status="approved")
    generation.conversation(user, idx=2)
    first, second = lines(user, Wanted("chat-jsonl"))
    assert (first["id"], first["source"], first["is_offline"]) == (str(approved), "OFFLINE", True)
    assert (second["id"], second["source"], second["is_offline"]) == (str(real), "claude-haiku-5-5", False)
    assert first["messages"] == [{"role": role, "content": words} for role, words in generation.TALK]
    assert len(first["content_sha256"]) == 64


def test_what_is_exported_can_be_chosen(database: db.Database, user: db.User, reviewer: db.User) -> None:
    job_id = generation.job(user)
    of_job = generation.conversations(user, 2, job_id=job_id, status="rejected")
    other = generation.conversation(user, idx=5, status="approved")
    assert [one["id"] for one in lines(user, Wanted("chat-jsonl"))] == [str(other)]
    of_one_job = Wanted("chat-jsonl", Filter(batch_job_id=job_id))
    assert [one["id"] for one in lines(reviewer, of_one_job)] == [str(one) for one in of_job]
    named = Wanted("chat-jsonl", Filter(), ids=(of_job[1], other))
    assert [one["id"] for one in lines(user, named)] == [str(of_job[1]), str(other)]
    assert lines(reviewer, Wanted("chat-jsonl", Filter(owner="me"))) == []
    assert lines(user, Wanted("chat-jsonl", ids=())) == []


def test_what_is_somebody_elses_is_not_exported(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    theirs = generation.conversation(stranger, status="approved")
    assert lines(user, Wanted("chat-jsonl", ids=(theirs,))) == []
    with pytest.raises(NotAllowed):
        export.note(user, Wanted("chat-jsonl", Filter(owner="all")))


def test_the_manifest_proves_what_is_in_the_file(database: db.Database, user: db.User) -> None:
    job_id = generation.job(user)
    generation.conversations(user, 2, job_id=job_id, status="approved")
    generation.conversation(user, idx=3, job_id=job_id, is_offline=False, status="approved")
    wanted = Wanted("chat-jsonl", Filter(statuses=(Status.APPROVED,), batch_job_id=job_id))
    with zipfile.ZipFile(io.BytesIO(b"".join(export.packed(user, wanted, now=NOW)))) as archive:
        assert archive.testzip() is None
        file = archive.read("conversations.jsonl")
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest == {
        "file": "conversations.jsonl",
        "exported_at": "2026-11-29T12:00:00+00:00",
        "format": "chat-jsonl",
        "filters": {"status": ["approved"], "batch_job_id": str(job_id)},
        "n_conversations": 3,
        "n_offline": 2,
        "n_messages": 8,
        "by_source": {"OFFLINE": 2, "claude-haiku-5-5": 1},
        "size_bytes": len(file),
        "sha256": hashlib.sha256(file).hexdigest(),
    }


def test_an_export_of_nothing_says_so(database: db.Database, user: db.User) -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(export.packed(user, Wanted("chat-jsonl"), now=NOW)))) as archive:
        assert archive.read("conversations.jsonl") == b""
        assert json.loads(archive.read("manifest.json"))["n_conversations"] == 0


def test_a_few_rows_are_read_at_a_time_and_none_twice(
    database: db.Database, user: db.User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "N_A_READING", 2)
    ids = generation.conversations(user, 5, status="approved")
    coming = export.lines(user, Wanted("chat-jsonl"), Tally())
    first = [json.loads(next(coming))["id"] for _ in range(2)]
    with db.session_scope(user, write=True) as session:  # nothing is held meanwhile
        review.decide(session, decision=Status.REJECTED, ids=[ids[0], ids[3]])
    rest = [json.loads(line)["id"] for line in coming]
    assert [*first, *rest] == [str(one) for one in (ids[0], ids[1], ids[2], ids[4])]


@pytest.mark.parametrize("name", ["sharegpt", "", "CHAT-JSONL", "x" * 500])
def test_another_format_is_refused_and_told_which_there_are(name: str) -> None:
    with pytest.raises(FormatUnknown, match="chat-jsonl") as raised:
        Wanted(name)
    assert raised.value.http_status == 422
    with pytest.raises(TooManyNamed):
        Wanted("chat-jsonl", ids=tuple(uuid4() for _ in range(1_001)))


def test_words_stay_on_their_line(database: db.Database, user: db.User) -> None:
    words = 'a\nb\r\n"c"\u2028</script>\t🎉'
    generation.conversation(user, said=generation.talk(words, words), status="approved")
    (line,) = export.lines(user, Wanted("chat-jsonl"), Tally())
    assert line.count(b"\n") == 1
    assert json.loads(line)["messages"][0]["content"] == words
