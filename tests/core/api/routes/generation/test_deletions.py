from __future__ import annotations

import httpx
import pytest

from core import db
from core.storage import LocalStorage
from tests import generation
from tests.core.api.routes.generation.test_conversations import ONE_DATABASE, PATH, error
from tests.principals import ELSEWHERE


def test_a_deleted_conversation_is_gone_at_once_and_comes_back_when_undone(
    client: httpx.Client, me: db.User, storage: LocalStorage
) -> None:
    row_id = generation.conversation(me, status="approved")
    client.patch(f"{PATH}/{row_id}", json={"row_version": 1, "messages": generation.talk("a", "b")})
    answer = client.delete(f"{PATH}/{row_id}").json()
    deletion_id = answer.pop("deletion_id")
    assert answer == {"id": str(row_id), "deleted": True, "n_conversations": 1}
    assert client.get(PATH).json()["items"] == []
    for call in (client.get, client.delete):
        assert error(call(f"{PATH}/{row_id}")) == (404, "not_found")
    undo = f"/api/deletions/{deletion_id}/undo"
    for _ in range(2):
        assert client.post(undo).json() == {"deletion_id": deletion_id, "undone": True}
    assert client.get(f"{PATH}/{row_id}").status_code == 200
    assert list(storage.keys("conversation-files/"))
    assert error(client.post("/api/deletions/7/undo")) == (404, "not_found")
    said = [one["action"] for one in client.get("/api/audit").json()["items"]] if me.role == "admin" else []
    assert not said or {"conversation.deleted", "conversation.restored"} <= set(said)


def test_many_are_deleted_by_a_filter_once_their_number_is_confirmed(
    client: httpx.Client, me: db.User
) -> None:
    job_id = generation.job(me)
    ids = [str(one) for one in generation.conversations(me, 3, job_id=job_id)]
    approved = str(generation.conversation(me, job_id=job_id, idx=7, status="approved"))
    asked = {"filter": {"batch_job_id": str(job_id)}}

    def deleted(**more: object) -> httpx.Response:
        return client.post(f"{PATH}/delete", json={**asked, **more})

    dry = deleted(dry_run=True).json()
    assert (dry["deletion_id"], dry["n_conversations"], dry["n_approved"]) == (None, 3, 1)
    assert error(deleted(n_confirmed=4)) == (409, "count_changed")
    assert error(deleted(n_confirmed=3, include_approved=True)) == (409, "count_changed")
    made = deleted(n_confirmed=3).json()
    assert made["n_conversations"] == 3
    assert [one["id"] for one in client.get(PATH).json()["items"]] == [approved]
    client.post(f"/api/deletions/{made['deletion_id']}/undo")
    by_name = {"ids": [approved, ids[0], str(ELSEWHERE)]}
    dry = client.post(f"{PATH}/delete", json={**by_name, "dry_run": True}).json()
    told = (dry["deletion_id"], dry["n_conversations"], dry["n_approved"], dry["missing_ids"])
    assert told == (None, 2, 1, [str(ELSEWHERE)])
    named = client.post(f"{PATH}/delete", json=by_name).json()
    assert (named["n_conversations"], named["missing_ids"]) == (2, [str(ELSEWHERE)])
    whole = client.delete(
        f"/api/batch-jobs/{job_id}", params={"with_conversations": "true", "n_confirmed": "2"}
    ).json()
    assert (whole["id"], whole["n_conversations"]) == (str(job_id), 2)
    assert client.get(PATH).json()["items"] == []
    assert error(client.get(f"/api/batch-jobs/{job_id}")) == (404, "not_found")
    client.post(f"/api/deletions/{whole['deletion_id']}/undo")
    assert client.get(f"/api/batch-jobs/{job_id}").status_code == 200
    assert [one["id"] for one in client.get(PATH).json()["items"]] == ids[:0:-1]


@ONE_DATABASE
@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({}, (422, "nothing_named")),
        ({"ids": [str(ELSEWHERE)], "filter": {}}, (422, "nothing_named")),
        ({"ids": []}, (422, "invalid")),
        ({"ids": ["7"]}, (404, "not_found")),
        ({"ids": [str(ELSEWHERE)]}, (409, "nothing_to_delete")),
        ({"ids": [str(ELSEWHERE)] * 1_001}, (422, "invalid")),
        ({"filter": {}}, (409, "nothing_to_delete")),
        ({"filter": {}, "n_confirmed": 5}, (409, "count_changed")),
        ({"filter": {}, "n_confirmed": -1}, (422, "invalid")),
        ({"filter": {}, "n_confirmed": 10**12}, (422, "invalid")),
        ({"filter": {"anything": 1}}, (422, "invalid")),
    ],
)
def test_a_deletion_that_makes_no_sense_is_refused(
    client: httpx.Client, asked: dict[str, object], refusal: tuple[int, str]
) -> None:
    assert error(client.post(f"{PATH}/delete", json=asked)) == refusal
