"""Enriching over HTTP: an estimate, a job, and why each of the others is not taken."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from core import db
from core.db.tables.users import UserRow
from core.generation.templates import shipped
from tests import generation
from tests.principals import ELSEWHERE

PATH = "/api/conversations/enrich"
ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _shipped(database: db.Database) -> None:
    del database
    shipped.ensure()


def test_a_job_is_made_of_those_that_can_be_taken(client: httpx.Client, me: db.User) -> None:
    row = UserRow(id=uuid4(), name="Grace")
    with db.session_scope(db.WORKER, write=True) as session:
        session.add(row)
    first, second = generation.conversations(me, 2)
    theirs = generation.conversation(db.User(row.id, row.name))
    named = [str(one) for one in (first, second, theirs, uuid4())]
    dry = client.post(PATH, json={"ids": named, "dry_run": True})
    assert (dry.status_code, dry.json()["id"], dry.json()["n_taken"]) == (200, None, 2)
    assert dry.json()["estimate"]["items"] == 2
    made = client.post(PATH, json={"ids": named}, headers={"Idempotency-Key": "once"})
    assert made.status_code == 200, made.text
    found = made.json()
    assert [one["taken"] for one in found["results"]] == [True, True, False, False]
    assert [one["id"] for one in found["results"]] == named
    assert found["results"][3]["error"]["status"] == 404
    again = client.post(PATH, json={"ids": named}, headers={"Idempotency-Key": "once"})
    assert again.json() == found
    job = client.get(f"/api/batch-jobs/{found['id']}").json()
    assert (job["kind"], job["total"], job["template_name"]) == ("enrich", 2, "Enrichment")
    twice = client.post(PATH, json={"ids": named})
    assert (twice.status_code, twice.json()["error"]["code"]) == (409, "nothing_to_enrich")
    by_filter = client.post(PATH, json={"filter": {"user_id": "me"}, "dry_run": True}).json()
    assert (by_filter["n_taken"], by_filter["left_out"]) == (0, {"being_enriched": 2})


@ONE_DATABASE
@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({}, (422, "nothing_named")),
        ({"ids": [ELSEWHERE and str(ELSEWHERE)], "filter": {}}, (422, "nothing_named")),
        ({"ids": []}, (422, "invalid")),
        ({"ids": ["7"]}, (404, "not_found")),
        ({"ids": ["a\0b"]}, (422, "invalid")),
        ({"ids": [str(uuid4())] * 1_001}, (422, "invalid")),
        ({"ids": [str(uuid4())]}, (409, "nothing_to_enrich")),
        ({"filter": {"status": ["approved"]}}, (409, "nothing_to_enrich")),
        ({"filter": {}, "max_cost_usd": 0}, (422, "invalid")),
        ({"filter": {}, "mode": "batches"}, (422, "no_batches")),
        ({"filter": {}, "more": 1}, (422, "invalid")),
    ],
)
def test_what_can_not_be_enriched_is_refused(
    client: httpx.Client, asked: dict[str, object], refusal: tuple[int, str]
) -> None:
    answer = client.post(PATH, json=asked)
    assert (answer.status_code, answer.json()["error"]["code"]) == refusal
