"""What a training on somebody's own machine tells over HTTP: taken once each, and only from whom it may come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from core import db
from core.access import tokens
from core.db.tables import Base
from core.db.tables.credentials import ApiTokenRow
from core.db.tables.training_jobs import TrainingJobRow, TrainingMetricRow
from core.db.types import now_plus
from core.training.local import silence
from tests import rows
from tests.core.api.test_trail import actions

JOBS = "/api/training/local/jobs"


def begun(client: httpx.Client, **more: Any) -> str:
    answer = client.post(JOBS, json={"model_name": "Churn", "target": "churned", **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["job_id"])


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def predicted(*numbers: int, said: str = "No") -> list[dict[str, Any]]:
    return [{"row": n, "actual": "Yes", "prediction": said, "probability": 0.25} for n in numbers]


def send(
    client: httpx.Client, job_id: str, kind: str, batch: int, told: list[Any], **more: Any
) -> httpx.Response:
    return client.post(f"/api/training/{kind}/{job_id}", json={"batch": batch, "rows": told, **more})


def by_token(client: httpx.Client, me: db.User, *scopes: str, days: int = 7) -> tuple[httpx.Client, UUID]:
    """A program with a new token, and the token's id."""
    with db.session_scope(me, write=True) as session:
        row, secret = tokens.create(session, name="t", scopes=scopes, days=days, now=datetime.now(UTC))
    program = httpx.Client(
        base_url=client.base_url, headers={"Authorization": f"Bearer {secret}"}, trust_env=False, verify=False
    )
    return program, row.id


def status(client: httpx.Client, job_id: str) -> str:
    return str(client.get(f"/api/training-jobs/{job_id}").json()["status"])


def test_a_training_is_new_once_then_known_and_ends_as_it_says(client: httpx.Client, me: db.User) -> None:
    job_id = str(uuid4())
    first = client.post(JOBS, json={"job_id": job_id, "user_id": str(me.id), "model_name": "Churn"})
    assert (first.status_code, first.json()) == (201, {"job_id": job_id, "user_id": str(me.id)})
    again = client.post(JOBS, json={"job_id": job_id, "model_name": "Churn"})
    assert (again.status_code, again.json()) == (200, first.json())
    assert status(client, job_id) == "queued"
    assert client.post(f"{JOBS}/{job_id}/heartbeat", json={}).status_code == 200
    assert status(client, job_id) == "training"
    for _ in range(2):
        assert (
            client.post(f"{JOBS}/{job_id}/end", json={"status": "failed", "reason": "No rows."}).status_code
            == 200
        )
    job = client.get(f"/api/training-jobs/{job_id}").json()
    assert (job["status"], job["error"]["message"]) == ("failed", "No rows.")
    assert code(client.post(f"{JOBS}/{job_id}/heartbeat", json={})) == (409, "ended")
    assert code(client.post(f"{JOBS}/{job_id}/end", json={"status": "succeeded"})) == (409, "ended")
    assert code(client.post(JOBS, json={"job_id": job_id, "model_name": "Churn"})) == (409, "ended")
    assert actions(me, job_id) == ["training.begun", "training.ended"]


def test_a_batch_is_taken_once_and_its_number_with_other_rows_is_refused(
    client: httpx.Client, me: db.User
) -> None:
    job_id = begun(client)
    for _ in range(2):
        assert send(client, job_id, "predictions", 1, predicted(3, 1)).json() == {"accepted": 2}
    assert code(send(client, job_id, "predictions", 1, predicted(3, 2))) == (409, "batch_conflict")
    assert send(client, job_id, "predictions", 2, predicted(3, 5, said="Yes")).status_code == 200
    points = [{"metric": "loss", "split": "train", "step": n, "value": 1 / n} for n in (1, 2)]
    for _ in range(2):  # numbers count up for each kind by itself
        assert send(client, job_id, "metrics", 1, points).json() == {"accepted": 2}
    found = client.get(f"/api/training/predictions/{job_id}", params={"limit": 2}).json()
    assert [(row["row"], row["prediction"]) for row in found["items"]] == [(1, "No"), (3, "No")]
    rest = client.get(f"/api/training/predictions/{job_id}", params={"cursor": found["next_cursor"]}).json()
    assert [row["row"] for row in rest["items"]] == [5]
    with db.session_scope(me) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(TrainingMetricRow)) == 2
    client.post(f"{JOBS}/{job_id}/end", json={"status": "succeeded"})
    assert (
        send(client, job_id, "predictions", 2, predicted(3, 5, said="Yes")).status_code == 200
    )  # it is known
    assert code(send(client, job_id, "predictions", 3, predicted(6))) == (409, "ended")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("metrics", '[{"metric": "loss", "value": NaN}]'),
        ("metrics", '[{"metric": "loss", "value": 1e999}]'),
        ("metrics", '[{"metric": "loss", "value": true}]'),
        ("metrics", '[{"metric": "two words", "value": 1}]'),
        ("metrics", '[{"metric": "loss", "split": "holdout", "value": 1}]'),
        ("metrics", '[{"metric": "loss", "step": -1, "value": 1}]'),
        ("predictions", '[{"row": 0, "actual": "a", "prediction": "b"}]'),
        ("predictions", '[{"row": 9999999999, "actual": "a", "prediction": "b"}]'),
        ("predictions", '[{"row": 1, "actual": "a\\u0000", "prediction": "b"}]'),
        ("predictions", '[{"row": 1, "actual": "a", "prediction": "\\ud800"}]'),
        ("predictions", '[{"row": 1, "actual": "a", "prediction": "b", "probability": 1.5}]'),
        ("predictions", f"[{','.join(501 * ['{}'])}]"),
    ],
)
def test_rows_that_nobody_can_draw_are_refused_as_a_whole(client: httpx.Client, kind: str, told: str) -> None:
    job_id = begun(client)
    headers = {"Content-Type": "application/json"}
    answer = client.post(
        f"/api/training/{kind}/{job_id}", content=f'{{"batch": 1, "rows": {told}}}', headers=headers
    )
    assert answer.status_code == 422, answer.text
    assert send(client, job_id, kind, 1, []).json() == {"accepted": 0}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nobody_tells_in_anothers_name_and_no_id_tells_whose_it_is(
    client: httpx.Client, me: db.User, stranger: db.User
) -> None:
    asked = {"model_name": "Churn"}
    for other in (stranger.id, uuid4()):
        assert code(client.post(JOBS, json={**asked, "user_id": str(other)})) == (403, "another_user")
    assert client.post(JOBS, json={**asked, "user_id": "ada"}).status_code == 422
    assert client.post(JOBS, json={**asked, "job_id": "1"}).status_code == 422
    job_id = begun(client)
    named = [{**row, "user_id": str(stranger.id)} for row in predicted(1)]
    assert code(send(client, job_id, "predictions", 1, named)) == (403, "another_user")
    jobs = Base.metadata.tables["training_jobs"]
    theirs = rows.add(jobs, owner=stranger.id, origin="local", attempt=1)
    in_the_app = rows.add(jobs, owner=me.id)
    for taken in (theirs, in_the_app):
        refused = client.post(JOBS, json={**asked, "job_id": str(taken["id"])})
        assert code(refused) == (409, "job_id_taken")
        assert refused.json()["error"]["message"] == "This job_id can't be used."
        told = send(client, str(taken["id"]), "predictions", 1, predicted(1))
        assert told.status_code == (403 if taken is theirs else 404)  # an admin sees that it is there


def test_a_package_token_reaches_what_was_begun_with_it_and_nothing_else(
    client: httpx.Client, me: db.User
) -> None:
    package, token_id = by_token(client, me, "package")
    other, _ = by_token(client, me, "package")
    with package, other:
        job_id, without = begun(package), begun(client)
        assert send(package, job_id, "predictions", 1, predicted(1)).status_code == 200
        assert len(package.get(f"/api/training/predictions/{job_id}").json()["items"]) == 1
        for program, hidden in ((other, job_id), (package, without)):
            assert send(program, hidden, "predictions", 2, predicted(2)).status_code == 404
            assert program.get(f"/api/training/predictions/{hidden}").status_code == 404
            assert program.post(f"{JOBS}/{hidden}/heartbeat", json={}).status_code == 404
            known = program.post(JOBS, json={"job_id": hidden, "model_name": "Churn"})
            assert code(known) == (409, "other_token")
        for path in ("/api/uploads", f"/api/training-jobs/{job_id}", "/api/training/package", "/api/tokens"):
            assert package.get(path).status_code == 403
        assert package.post(f"/api/training-jobs/{job_id}/cancel").status_code == 403
        with db.session_scope(me, write=True) as session:
            tokens.revoke(session, token_id=token_id, now=datetime.now(UTC))
        assert package.post(f"{JOBS}/{job_id}/heartbeat", json={}).status_code == 401
        # its training goes on by the next
        assert other.post(JOBS, json={"job_id": job_id, "model_name": "Churn"}).status_code == 200
        assert send(other, job_id, "predictions", 2, predicted(2)).status_code == 200


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_package_token_lives_a_week_unless_asked_and_a_month_at_most(client: httpx.Client) -> None:
    made = client.post("/api/tokens", json={"name": "t", "scopes": ["package"]}).json()
    lives = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
    assert lives == timedelta(days=7)
    for asked in ({"days": 31}, {"days": 0}, {"scopes": ["package", "read"]}):
        assert (
            client.post("/api/tokens", json={"name": "t", "scopes": ["package"], **asked}).status_code == 422
        )


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_training_that_is_cancelled_in_the_app_hears_of_it_with_its_next_call(client: httpx.Client) -> None:
    job_id = begun(client)
    client.post(f"{JOBS}/{job_id}/heartbeat", json={})
    assert client.post(f"/api/training-jobs/{job_id}/cancel").json()["status"] == "cancelled"
    for path in (f"{JOBS}/{job_id}/heartbeat", f"{JOBS}/{job_id}/end"):
        body = {"status": "succeeded"} if path.endswith("end") else {}
        assert code(client.post(path, json=body)) == (409, "cancelled")
    assert code(send(client, job_id, "metrics", 1, [])) == (409, "cancelled")
    assert code(client.post(f"/api/training-jobs/{job_id}/cancel")) == (409, "conflict")
    assert code(client.post(f"/api/training-jobs/{job_id}/retry")) == (409, "conflict")


def test_begun_anew_its_predictions_begin_anew_and_what_is_older_is_refused(client: httpx.Client) -> None:
    job_id = begun(client)
    send(client, job_id, "predictions", 1, predicted(1, 2))
    again = client.post(JOBS, json={"job_id": job_id, "model_name": "Churn", "attempt": 2})
    assert again.status_code == 200
    assert client.get(f"/api/training/predictions/{job_id}").json()["items"] == []
    assert code(send(client, job_id, "predictions", 2, predicted(3), attempt=1)) == (409, "superseded")
    assert send(client, job_id, "predictions", 1, predicted(4), attempt=2).status_code == 200
    assert code(client.post(JOBS, json={"job_id": job_id, "model_name": "Churn"})) == (409, "superseded")
    assert client.post(f"{JOBS}/{job_id}/heartbeat", json={"attempt": 3}).status_code == 422


def test_one_that_is_silent_for_a_day_is_lost_until_it_is_heard_of(client: httpx.Client, me: db.User) -> None:
    job_id = begun(client)
    client.post(f"{JOBS}/{job_id}/heartbeat", json={})
    looks = [(-3600.0, "training"), (-86_460.0, "lost")]
    for heard_s, expected in looks:
        with db.as_worker(), db.session_scope(db.WORKER, write=True) as session:
            this = sa.update(TrainingJobRow).where(TrainingJobRow.id == UUID(job_id))
            session.execute(this.values(heard_at=now_plus(heard_s)))
        with db.as_worker():
            silence.note_lost()
        assert status(client, job_id) == expected
    assert send(client, job_id, "predictions", 1, predicted(1)).status_code == 200
    assert status(client, job_id) == "training"
    stages = client.get(f"/api/training-jobs/{job_id}/status").json()["stages"]
    assert [stage["state"] for stage in stages] == ["queued", "training", "lost", "training"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_curve_has_bounds_and_what_is_beyond_is_dropped_with_a_warning(client: httpx.Client) -> None:
    job_id = begun(client)
    for batch in (1, 2):
        told = [{"metric": f"m{batch}_{n}", "value": n} for n in range(40)]
        assert send(client, job_id, "metrics", batch, told).status_code == 200
    (warning,) = client.get(f"/api/training-jobs/{job_id}").json()["warnings"]
    assert "50 curves" in warning


def test_tokens_are_revoked_rows_and_not_deleted_ones(client: httpx.Client, me: db.User) -> None:
    """A training names the token that it reports by for good."""
    package, token_id = by_token(client, me, "package")
    with package:
        job_id = begun(package)
    with db.session_scope(me) as session:
        assert session.get_one(TrainingJobRow, UUID(job_id)).token_id == token_id
        assert session.get(ApiTokenRow, token_id) is not None
