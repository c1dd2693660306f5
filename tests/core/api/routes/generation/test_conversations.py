from __future__ import annotations

import io
import json
import threading
import zipfile
from functools import partial
from uuid import UUID, uuid4

import httpx
import pytest

from core import db
from core.db.tables.users import UserRow
from core.generation.conversations import conversations, files
from core.storage import LocalStorage
from tests import generation
from tests.journeys import ask
from tests.principals import ELSEWHERE
from tests.servers.waiting import PATIENCE_S

PATH = "/api/conversations"
ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def other(database: db.Database) -> db.User:
    """Somebody else."""
    row = UserRow(id=uuid4(), name="Grace")
    with db.session_scope(db.WORKER, write=True) as session:
        session.add(row)
    return db.User(row.id, row.name)


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_conversation_is_listed_and_read(client: httpx.Client, me: db.User) -> None:
    job_id = generation.job(me)
    row_id = generation.conversation(me, job_id=job_id)
    (listed,) = client.get(PATH).json()["items"]
    assert (listed["id"], listed["first_words"], listed["status"]) == (
        str(row_id),
        "My parcel has not arrived.",
        "pending",
    )
    assert (listed["is_offline"], listed["source"], listed["batch_job_id"]) == (True, "OFFLINE", str(job_id))
    assert "messages" not in listed
    found = client.get(f"{PATH}/{row_id}").json()
    assert [one["role"] for one in found["messages"]] == ["user", "assistant"] * 2
    assert (found["row_version"], found["revisions"], found["params"]) == (1, [], {"topic": "parcel"})


@ONE_DATABASE
def test_lists_are_filtered_and_come_in_pages(client: httpx.Client, me: db.User) -> None:
    job_id = generation.job(me)
    ids = [str(one) for one in generation.conversations(me, 3, job_id=job_id)]
    alone = str(generation.conversation(me, idx=9, status="approved", is_offline=False))

    def listed(**asked: object) -> list[str]:
        return [one["id"] for one in client.get(PATH, params=asked).json()["items"]]  # type: ignore[arg-type]

    assert listed(batch_job_id=str(job_id)) == ids[::-1]
    assert listed(status="approved") == listed(is_offline="false") == [alone]
    assert listed(status=["approved", "pending"], user_id="me") == [alone, *ids[::-1]]
    first = client.get(PATH, params={"limit": 3}).json()
    rest = client.get(PATH, params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [one["id"] for one in (*first["items"], *rest["items"])] == [alone, *ids[::-1]]
    assert rest["next_cursor"] is None


@ONE_DATABASE
@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"status": "done"}, (422, "invalid")),
        ({"status": ["pending"] * 4}, (422, "invalid")),  # one more than there are
        ({"batch_job_id": "7"}, (404, "not_found")),
        ({"template_id": "a\0b"}, (422, "invalid")),
        ({"user_id": "mallory"}, (404, "not_found")),
        ({"cursor": "x"}, (400, "bad_cursor")),
        ({"limit": "201"}, (422, "invalid")),
    ],
)
def test_what_can_not_be_asked_is_refused(
    client: httpx.Client, asked: dict[str, str | list[str]], refusal: tuple[int, str]
) -> None:
    assert error(client.get(PATH, params=asked)) == refusal


def test_the_business_key_is_a_404_that_names_the_right_id(
    client: httpx.Client, me: db.User, other: db.User
) -> None:
    key, foreign = uuid4(), uuid4()
    row_id = generation.conversation(me, conversation_id=key)
    generation.conversation(other, conversation_id=foreign)
    calls = [
        partial(client.get),
        partial(client.delete),
        partial(client.patch, json={"row_version": 1, "messages": generation.talk("a", "b")}),
    ]
    for call in calls:
        answer = call(f"{PATH}/{key}")
        assert error(answer) == (404, "business_key_given")
        assert str(row_id) in answer.json()["error"]["hint"]
    unseen = "1" if me.role == "analyst" else ""
    assert (error(client.get(f"{PATH}/{foreign}")) == (404, "not_found")) is bool(unseen)
    for given in (uuid4(), "7", "%00", "x" * 300, "batch", "export-"):
        assert error(client.get(f"{PATH}/{given}")) == (404, "not_found")


def test_neither_the_export_nor_a_jobs_status_is_taken_for_an_id(client: httpx.Client, me: db.User) -> None:
    job_id = generation.job(me)
    generation.conversation(me, job_id=job_id, status="approved")
    assert client.get(f"{PATH}/export").headers["content-type"].startswith("application/zip")
    assert "progress" in client.get(f"{PATH}/batch/{job_id}/status").json()
    assert client.post(f"{PATH}/export").status_code == 405


def test_decisions_are_made_one_by_one(client: httpx.Client, me: db.User) -> None:
    fine, changed = generation.conversations(me, 2)
    unknown = str(uuid4())
    asked = {
        "ids": [unknown, str(changed), str(fine)],
        "decision": "rejected",
        "reason": " Off topic ",
        "row_versions": {str(changed): 4, str(fine): 1, "no id": 1},
    }
    answer = client.post(f"{PATH}/review", json=asked)
    assert answer.status_code == 200
    made = answer.json()
    assert (made["n_decided"], made["n_refused"], made["has_more"]) == (1, 2, False)
    assert [one["id"] for one in made["results"]] == asked["ids"]
    assert [one["error"] and one["error"]["status"] for one in made["results"]] == [404, 409, None]
    assert made["results"][1]["error"]["code"] == "conversation_changed"
    found = client.get(f"{PATH}/{fine}").json()
    assert (found["status"], found["reason"], found["reviewer_id"]) == ("rejected", "Off topic", str(me.id))
    back = client.post(f"{PATH}/review", json={"ids": [str(fine)], "decision": "pending"}).json()
    assert (back["results"][0]["status"], back["results"][0]["row_version"]) == ("pending", 3)


def test_a_filter_decides_on_all_that_fit(client: httpx.Client, me: db.User) -> None:
    job_id = generation.job(me)
    ids = [str(one) for one in generation.conversations(me, 3, job_id=job_id)]
    generation.conversation(me)
    asked = {"filter": {"batch_job_id": str(job_id), "status": ["pending"]}, "decision": "approved"}
    first = client.post(f"{PATH}/review", json=asked).json()
    assert [one["id"] for one in first["results"]] == ids
    assert client.post(f"{PATH}/review", json=asked).json()["results"] == []


@ONE_DATABASE
@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({}, (422, "nothing_named")),
        ({"ids": [str(ELSEWHERE)], "filter": {}}, (422, "nothing_named")),
        ({"ids": []}, (422, "invalid")),
        ({"ids": ["7"]}, (404, "not_found")),
        ({"ids": [str(ELSEWHERE)] * 1_001}, (422, "invalid")),
        ({"ids": [str(ELSEWHERE)], "decision": "published"}, (422, "invalid")),
        ({"ids": [str(ELSEWHERE)], "reason": "x" * 501}, (422, "invalid")),
        ({"ids": [str(ELSEWHERE)], "row_versions": {str(ELSEWHERE): 0}}, (422, "invalid")),
        ({"filter": {"batch_job_id": "x"}}, (404, "not_found")),
        ({"filter": {"anything": 1}}, (422, "invalid")),
        ({"filter": {"user_id": "someone"}}, (404, "not_found")),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(
    client: httpx.Client, asked: dict[str, object], refusal: tuple[int, str]
) -> None:
    assert error(client.post(f"{PATH}/review", json={"decision": "approved", **asked})) == refusal


def test_an_edit_is_a_new_revision_and_its_file_follows(
    client: httpx.Client, me: db.User, storage: LocalStorage
) -> None:
    row_id = generation.conversation(me, status="approved")
    new = generation.talk("Is this <b>bold</b>?", "No: it is text. 🎉")
    answer = client.patch(f"{PATH}/{row_id}", json={"row_version": 1, "messages": new})
    assert answer.status_code == 200
    found = answer.json()
    assert (found["messages"], found["status"], found["row_version"]) == (new, "pending", 2)
    assert [(one["revision"], len(one["messages"])) for one in found["revisions"]] == [(1, 4)]
    with storage.open(files.key(UUID(found["conversation_id"]))) as stored:
        assert json.load(stored)["messages"] == new
    old = client.patch(f"{PATH}/{row_id}", json={"row_version": 1, "messages": generation.talk("a", "b")})
    assert error(old) == (409, "conversation_changed")
    assert client.get(f"{PATH}/{row_id}").json()["messages"] == new


@ONE_DATABASE
@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (generation.talk("a"), "invalid"),
        (generation.talk("a", "b", "c"), "bad_messages"),
        (generation.talk("a", "  "), "bad_messages"),
        (generation.talk("a", "x\0"), "invalid"),
        ([{"role": "system", "content": "a"}, {"role": "assistant", "content": "b"}], "invalid"),
        ([{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}], "bad_messages"),
        ([{"role": "user", "content": "a", "extra": 1}, {"role": "assistant", "content": "b"}], "invalid"),
        (generation.talk("a" * 100_001, "b"), "invalid"),
        (generation.talk(*["a" * 90_000] * 6), "bad_messages"),
        ("no list", "invalid"),
    ],
)
def test_what_is_no_conversation_is_refused(
    client: httpx.Client, me: db.User, messages: object, code: str
) -> None:
    row_id = generation.conversation(me)
    answer = client.patch(f"{PATH}/{row_id}", json={"row_version": 1, "messages": messages})
    assert error(answer) == (422, code)
    assert client.get(f"{PATH}/{row_id}").json()["row_version"] == 1


def exported(client: httpx.Client, **asked: str) -> zipfile.ZipFile:
    answer = client.get(f"{PATH}/export", params=asked)
    assert answer.headers["content-type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(answer.content))


def test_the_export_is_a_zip_of_what_is_approved_named_or_filtered(client: httpx.Client, me: db.User) -> None:
    approved = str(generation.conversation(me, status="approved"))
    pending = str(generation.conversation(me, idx=1))
    with exported(client, format="alpaca", status="approved") as archive:
        assert archive.namelist() == ["data/train.jsonl", "manifest.json", "README.md"]
        (line,) = [json.loads(line) for line in archive.read("data/train.jsonl").splitlines()]
    assert (line["id"], line["source"], line["is_offline"]) == (approved, "OFFLINE", True)
    with exported(client) as archive:
        assert json.loads(archive.read("manifest.json"))["conversations"]["train"].keys() == {approved}
    gone = str(ELSEWHERE)
    named = client.get(f"{PATH}/export", params={"ids": f"{pending},{gone},{approved}"})
    assert named.headers["x-missing-ids"] == "1"
    assert "conversations-chat-jsonl.zip" in named.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(named.content)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert [*manifest["conversations"]["train"]] == [approved, pending]
    assert manifest["missing_ids"] == [gone]
    head = client.head(f"{PATH}/export")
    assert (head.status_code, head.content) == (200, b"")


@ONE_DATABASE
def test_a_split_is_asked_for_by_share_and_number(client: httpx.Client, me: db.User) -> None:
    generation.conversations(me, 12, status="approved")
    asked = {"validation": "0.5", "split": "7", "format": "parquet"}
    with exported(client, **asked) as archive:
        assert archive.namelist()[:2] == ["data/train.parquet", "data/validation.parquet"]
    first, second = (client.get(f"{PATH}/export", params=asked).content for _ in range(2))
    assert first == second
    assert first != client.get(f"{PATH}/export", params={**asked, "split": "8"}).content


@ONE_DATABASE
def test_an_export_that_can_not_be_made_is_refused(client: httpx.Client, me: db.User) -> None:
    generation.conversation(me)
    for asked, refusal in (
        ({"format": "csv"}, (422, "format_unknown")),
        ({"format": "chat-jsonl", "status": "good"}, (422, "invalid")),
        ({"ids": "7"}, (404, "not_found")),
        ({"batch_job_id": ""}, (404, "not_found")),
        ({"ids": "first,second"}, (422, "invalid")),
        ({"ids": ",".join([str(ELSEWHERE)] * 201)}, (422, "invalid")),
        ({}, (409, "nothing_to_export")),
        ({"ids": str(ELSEWHERE)}, (409, "nothing_to_export")),
        ({"status": "pending", "validation": "1.5"}, (422, "bad_share")),
        ({"status": "pending", "validation": "nan"}, (422, "bad_share")),
        ({"status": "pending", "validation": "half"}, (422, "invalid")),
        ({"status": "pending", "split": "-1"}, (422, "invalid")),
        ({"status": "pending", "validation": "0.5"}, (409, "cannot_split")),
    ):
        assert error(client.get(f"{PATH}/export", params=asked)) == refusal
    told = client.get(f"{PATH}/export", params={"validation": "1.5"}).json()["error"]
    assert "validation=0.1" in told["hint"]
    assert "no conversation that fits is approved" in client.get(f"{PATH}/export").json()["error"]["message"]
    assert client.head(f"{PATH}/export").status_code == 409


def test_two_clicks_decide_once(client: httpx.Client, me: db.User) -> None:
    row_id = str(generation.conversation(me))
    asked = {"ids": [row_id], "decision": "approved", "row_versions": {row_id: 1}}
    answers: list[httpx.Response] = []
    barrier = threading.Barrier(2)

    def click() -> None:
        barrier.wait(PATIENCE_S)
        answers.append(client.post(f"{PATH}/review", json=asked))

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert sorted(answer.json()["n_decided"] for answer in answers) == [0, 1]
    found = ask(me, partial(conversations.get, row_id=UUID(row_id)))
    assert (found.status, found.row_version) == ("approved", 2)
