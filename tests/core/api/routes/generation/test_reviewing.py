"""Review by programs: filters, decisions by filter, history and provenance, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from core import db
from core.db.tables import Base
from core.storage import LocalStorage
from tests import generation, rows

PATH = "/api/conversations"
EMAIL = {"code": "email", "message_idx": 0, "start": 0, "end": 2, "detail": ""}
HOSTILE = "<script>alert(1)</script> **b** \u202eright to left\u202c"


@pytest.fixture
def conversations(me: db.User) -> list[UUID]:
    """Three that wait, of which the second has a finding and a low score."""
    template_id = generation.template(me)
    return [
        generation.conversation(me, template_id=template_id, score=90, findings=[]),
        generation.conversation(
            me,
            idx=1,
            template_id=template_id,
            score=30,
            findings=[EMAIL],
            said=generation.talk(HOSTILE, "Yes."),
        ),
        generation.conversation(me, idx=2, score=60, findings=[]),
    ]


def listed(client: httpx.Client, **asked: object) -> list[str]:
    answer = client.get(PATH, params=asked)  # type: ignore[arg-type]  # plain values
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


def test_lists_and_decisions_know_the_same_filters(
    client: httpx.Client, me: db.User, conversations: list[UUID]
) -> None:
    first, second, third = map(str, conversations)
    assert listed(client, text="parcel") == [third, first]
    assert listed(client, text="right left") == listed(client, finding="email") == [second]
    assert listed(client, score_from=60) == [third, first]
    assert listed(client, score_from=31, score_to=89, text="parc") == [third]
    assert listed(client, reviewer_id=str(me.id)) == listed(client, finding="card") == []
    body = {"filter": {"text": "parcel", "score_to": 80}, "decision": "rejected", "reason": "Dull"}
    made = client.post(f"{PATH}/review", json=body).json()
    assert [(one["id"], one["status"]) for one in made["results"]] == [(third, "rejected")]
    assert (made["n_decided"], made["has_more"]) == (1, False)
    assert client.post(f"{PATH}/review", json=body).json()["results"] == []
    assert listed(client, reviewer_id=str(me.id), status="rejected") == [third]


def test_by_a_filter_too_only_what_was_read_is_decided(
    client: httpx.Client, conversations: list[UUID]
) -> None:
    versions = {str(conversations[0]): 1, str(conversations[2]): 7}
    body = {"filter": {"text": "parcel"}, "decision": "approved", "row_versions": versions}
    made = client.post(f"{PATH}/review", json=body).json()
    assert [one["error"] and one["error"]["status"] for one in made["results"]] == [None, 409]


def test_history_and_provenance_are_told(client: httpx.Client, me: db.User, storage: LocalStorage) -> None:
    variables = [
        {"name": "topic", "kind": "text", "required": True, "default": None, "options": [], "description": ""}
    ]
    template_id = generation.template(me, prompt="About {{ topic }}.", variables=variables)
    job_id = generation.job(me, name="May", template_id=template_id)
    row_id = generation.conversation(
        me, job_id=job_id, template_id=template_id, params={"topic": "<b>parcels</b>"}, is_offline=False
    )
    call: dict[str, Any] = {
        "batch_job_id": job_id, "item_idx": 0, "model": "claude-haiku-5-5", "n_input": 620, "n_output": 640,
        "latency_s": 3.0, "asked_at": datetime.now(UTC),
    }  # fmt: skip
    calls = Base.metadata.tables["batch_calls"]
    rows.add(calls, owner=me.id, n=1, status=529, code="overloaded", cost=0, **call)
    key = f"conversation-files/raw/{job_id}/0-2.json"
    rows.add(calls, owner=me.id, n=2, status=200, cost=382_000, raw_key=key, **call)
    _store(storage, key, json.dumps({"content": HOSTILE}).encode())
    client.post(f"{PATH}/review", json={"ids": [str(row_id)], "decision": "rejected", "reason": HOSTILE})
    edit = {"row_version": 2, "messages": generation.talk("New?", "Yes.")}
    told = client.patch(f"{PATH}/{row_id}", json=edit).json()
    assert [
        (one["action"], one["reason"], one["revision"], one["author_name"]) for one in told["history"]
    ] == [
        ("rejected", HOSTILE, 0, me.name),
        ("edited", None, 1, me.name),
    ]
    found = told["provenance"]
    assert (found["template"], found["template_version"], found["batch_job"]) == ("Support", 1, "May")
    assert '<variable name="topic">&lt;b&gt;parcels&lt;/b&gt;</variable>' in found["prompt"]["user"]
    assert [(one["n"], one["status"], one["code"]) for one in found["calls"]] == [
        (1, 529, "overloaded"),
        (2, 200, None),
    ]
    assert found["cost_usd"] == pytest.approx(0.000382)
    (raw,) = client.get(f"{PATH}/{row_id}/raw").json()["items"]
    assert (raw["n"], json.loads(raw["text"]), raw["is_cut"]) == (2, {"content": HOSTILE}, False)
    storage.delete(key)
    assert client.get(f"{PATH}/{row_id}/raw").json()["items"] == [{"n": 2, "text": None, "is_cut": False}]


def _store(storage: LocalStorage, key: str, content: bytes) -> None:
    assert storage.put_all([(key, content)]) == [True]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_decision_that_can_not_be_made_is_refused_whole(
    client: httpx.Client, conversations: list[UUID]
) -> None:
    row_id = str(conversations[0])
    refused: list[tuple[dict[str, Any], int]] = [
        ({"ids": [row_id], "decision": "rejected", "reason": "x" * 10_000}, 422),
        ({"filter": {"score_from": 101}, "decision": "approved"}, 422),
        ({"filter": {"text": "x" * 201}, "decision": "approved"}, 422),
        ({"filter": {"reviewer_id": "me"}, "decision": "approved"}, 404),
        ({"filter": {"nothing": 1}, "decision": "approved"}, 422),
        ({"filter": {}, "ids": [row_id], "decision": "approved"}, 422),
        ({"ids": [], "decision": "approved"}, 422),
    ]
    for body, status in refused:
        answer = client.post(f"{PATH}/review", json=body)
        assert answer.status_code == status, answer.text
    assert client.get(f"{PATH}/{row_id}").json()["status"] == "pending"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_ids_that_are_gone_and_filters_that_find_none_are_no_failure_of_the_rest(
    client: httpx.Client, conversations: list[UUID]
) -> None:
    gone = str(uuid4())
    body = {"ids": [gone, str(conversations[0])], "decision": "approved"}
    made = client.post(f"{PATH}/review", json=body).json()
    assert [one["error"] and one["error"]["code"] for one in made["results"]] == ["not_found", None]
    nothing = client.post(f"{PATH}/review", json={"filter": {"text": "zebra"}, "decision": "approved"}).json()
    assert (nothing["results"], nothing["has_more"]) == ([], False)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_edit_that_is_no_conversation_changes_nothing(
    client: httpx.Client, conversations: list[UUID]
) -> None:
    for said in (
        [("user", "x" * 1_000_000), ("assistant", "Yes.")],
        [("user", "x" * 99_999), ("assistant", "y")] * 5,
        [("system", "Be kind."), ("user", "Hi."), ("assistant", "Yes.")],
        [("assistant", "Yes."), ("user", "Hi.")],
        [("user", "Hi.")],
    ):
        messages = [{"role": role, "content": content} for role, content in said]
        answer = client.patch(f"{PATH}/{conversations[0]}", json={"row_version": 1, "messages": messages})
        assert answer.status_code == 422
        assert len(answer.content) < 5_000
    found = client.get(f"{PATH}/{conversations[0]}").json()
    assert (found["row_version"], found["history"]) == (1, [])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_markup_and_right_to_left_marks_come_back_as_they_are(
    client: httpx.Client, conversations: list[UUID]
) -> None:
    edit = {"row_version": 1, "messages": generation.talk(HOSTILE, f"{HOSTILE} again")}
    found = client.patch(f"{PATH}/{conversations[0]}", json=edit).json()
    assert [one["content"] for one in found["messages"]] == [HOSTILE, f"{HOSTILE} again"]
    assert listed(client, text="script again") == [str(conversations[0])]
