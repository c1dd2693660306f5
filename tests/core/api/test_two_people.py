"""Two people: whatever the one has, by its id, is not there for the other; by any call, and after any of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa
from fastapi.routing import iter_route_contexts

from core import db
from core.access import sessions, tokens
from core.db.tables import Base
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.db.tables.users import UserRow
from core.generation.deletions import deletions
from core.predictions import predictions
from core.settings import Settings
from core.storage import LocalStorage
from tests import generation, journeys, rows
from tests.core.api.conftest import Switch, Trained, ready, served, unconfigured
from tests.core.api.routes.test_sign_in import Desk
from tests.core.generation.templates.made import added

SHARED = "/templates/"


@pytest.fixture
def asked(database: db.Database, settings: Settings, server: Switch) -> Desk:
    """The API where people sign in."""
    updated = settings.model_copy(update={"oidc_issuer": "https://id.example", "oidc_client_id": "desk"})
    server.app = served(updated)
    return Desk(updated, f"http://localhost:{server.port}")


@pytest.fixture
def upload(user: db.User, trained: Trained, settings: Settings, storage: LocalStorage) -> UploadRow:
    """Ada's file."""
    return journeys.upload_bytes(user, trained.csv, settings=settings, files=storage)


@pytest.fixture
def model(user: db.User, upload: UploadRow, trained: Trained, storage: LocalStorage) -> ModelRow:
    """Ada's model."""
    return ready(user, upload, trained, storage)


@pytest.fixture
def theirs(user: db.User, upload: UploadRow, model: ModelRow, asked: Desk) -> dict[str, str]:
    """The ids of Ada's things, as paths name them."""
    prediction_id = journeys.queue_prediction(user, upload, model)
    now = datetime.now(UTC)
    sessions.begin(user, means="oidc", agent="", settings=asked.settings, now=now)
    with db.session_scope(user, write=True) as session:
        token, _ = tokens.create(session, name="t", scopes=["read"], days=1, now=now)
    with db.session_scope(user) as session:
        (open_one,) = sessions.alive(session, settings=asked.settings, now=now)
    gone = generation.conversation(user)
    deletion = deletions.carried_out(user, partial(deletions.one, row_id=gone))
    tables = Base.metadata.tables
    training = rows.add(tables["training_jobs"], owner=user.id, model_id=model.id, task_id=model.task_id)
    deployment = rows.add(tables["deployments"], owner=user.id, model_id=model.id)
    return {
        "training_job_id": str(training["id"]),
        "job_id": str(training["id"]),
        "deployment_id": str(deployment["id"]),
        "upload_id": str(upload.id),
        "number": "1",
        "model_id": str(model.id),
        "prediction_id": str(prediction_id),
        "batch_job_id": str(generation.job(user)),
        "id": str(generation.conversation(user)),
        "deletion_id": str(deletion.id),
        "token_id": str(token.id),
        "session_id": str(open_one.id),
        "user_id": str(user.id),
    }


@pytest.fixture
def as_mallory(stranger: db.User, asked: Desk) -> Iterator[httpx.Client]:
    """The other one's browser."""
    secret = sessions.begin(stranger, means="oidc", agent="", settings=asked.settings, now=datetime.now(UTC))
    with asked.browser() as browser:
        browser.cookies.set(asked.cookie, secret, domain="localhost.local")
        yield browser


def promote(user: db.User) -> None:
    """Make somebody an admin, as another admin would."""
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.update(UserRow).where(UserRow.id == user.id).values(role="admin"))


def calls_by_id() -> list[tuple[str, str]]:
    """Every call of the API whose path names a thing that is somebody's; templates are read by everybody."""
    found = [
        (method, route.path or "")
        for route in iter_route_contexts(unconfigured().routes)
        for method in sorted(route.methods or ())
        if "{" in (route.path or "") and SHARED not in (route.path or "")
    ]
    assert len(found) > 20
    return found


def bodies(path: str, theirs: dict[str, str]) -> object:
    """What a call needs in order to come as far as looking for the thing."""
    if path.endswith("/reading"):
        return {}
    if path == "/models/{model_id}":
        return {"threshold": 0.3}
    if path == "/conversations/{id}":
        return {"row_version": 1, "messages": generation.talk("Mine?", "Yes.")}
    if path.startswith("/deployments/") and path.endswith("/predict"):
        return {"rows": [{}]}
    if path in ("/training/metrics/{job_id}", "/training/predictions/{job_id}"):
        return {"batch": 1, "rows": []}
    if path.startswith("/training/local/jobs/"):
        return {"status": "succeeded"} if path.endswith("/end") else {}
    return {"role": "admin"} if "/people/" in path else None


def test_no_call_finds_what_belongs_to_somebody_else(
    as_mallory: httpx.Client, asked: Desk, theirs: dict[str, str], user: db.User
) -> None:
    nothing = {name: "999999" if name in ("upload_id", "number") else str(uuid4()) for name in theirs}
    answers, said = {}, ""
    for method, path in calls_by_id():
        for ids in (theirs, nothing):
            params = {"model_id": ids["model_id"]} if path.endswith("/check") else {}
            url = "/api" + path.format(**ids)
            answer = as_mallory.request(method, url, params=params, json=bodies(path, theirs))
            told = answer.text
            for name in re.findall(r"{(\w+)}", path):
                told = told.replace(f"the id {ids[name]}", name)
            if ids is theirs:
                answers[f"{method} {path}"], said = answer.status_code, told
        assert told == said, "what is somebody else's looks like what there is not"
    others = {call: status for call, status in answers.items() if "/people/" not in call}
    assert set(others.values()) == {404}, others
    assert {status for call, status in answers.items() if "/people/" in call} == {403}


def test_what_belongs_to_somebody_else_can_not_be_built_upon(
    as_mallory: httpx.Client, stranger: db.User, theirs: dict[str, str]
) -> None:
    both = {"upload_id": theirs["upload_id"], "model_id": theirs["model_id"]}
    csv = {"file": ("a.csv", b"a,b\n1,2\n", "text/csv")}
    assert as_mallory.post("/api/predictions", json=both).status_code == 404
    train = {"upload_id": theirs["upload_id"], "target": "churned"}
    packed = ({"model_id": theirs["model_id"]}, train)
    for path in ("/api/training/package", "/api/training/package/data.csv"):
        assert [as_mallory.get(path, params=asked).status_code for asked in packed] == [404, 404]
    told = {"model_name": "Churn", "job_id": theirs["job_id"]}
    taken = as_mallory.post("/api/training/local/jobs", json=told)
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "job_id_taken")
    assert as_mallory.post("/api/models/train", json=train).status_code == 404
    assert as_mallory.post("/api/ai/train", json=train).status_code in (
        404,
        503,
    )  # 503: no sandbox on this machine
    assert as_mallory.post("/api/deployments", json={"model_id": theirs["model_id"]}).status_code in (
        404,
        503,
    )
    for path in ("", "status"):
        assert as_mallory.get(f"/live/{theirs['deployment_id']}/{path}").status_code == 404
    assert as_mallory.post("/api/csv", files=csv, data={"model_id": theirs["model_id"]}).status_code == 404
    promote(stranger)
    calls = [
        as_mallory.post("/api/predictions", json=both),
        as_mallory.post("/api/models/train", json=train),
        as_mallory.post("/api/csv", files=csv, data={"model_id": theirs["model_id"]}),
    ]
    assert [(call.status_code, call.json()["error"]["code"]) for call in calls] == [
        (403, "owned_by_another")
    ] * 3
    assert as_mallory.get("/api/uploads").json()["items"] == []


@pytest.mark.parametrize("listed", ["uploads", "predictions", "models", "tokens"])
def test_lists_hold_only_ones_own(as_mallory: httpx.Client, theirs: dict[str, str], listed: str) -> None:
    assert as_mallory.get(f"/api/{listed}").json()["items"] == []


@pytest.mark.parametrize("listed", ["uploads", "predictions", "models"])
def test_lists_of_others_work_are_for_admins(
    as_mallory: httpx.Client, stranger: db.User, theirs: dict[str, str], listed: str
) -> None:
    for whose in ("all", theirs["user_id"]):
        refused = as_mallory.get(f"/api/{listed}", params={"user_id": whose})
        assert refused.status_code == 403
        assert refused.json()["error"]["code"] == "not_allowed"
    assert as_mallory.get(f"/api/{listed}", params={"user_id": "nobody"}).status_code == 404
    promote(stranger)
    for whose in ("all", theirs["user_id"]):
        (item,) = as_mallory.get(f"/api/{listed}", params={"user_id": whose}).json()["items"]
        assert item["user_id"] == theirs["user_id"]
    assert as_mallory.get(f"/api/{listed}").json()["items"] == []


def test_an_admin_reads_by_every_call_and_changes_nothing(
    as_mallory: httpx.Client, asked: Desk, stranger: db.User, theirs: dict[str, str]
) -> None:
    promote(stranger)
    read, changed = {}, {}
    for method, path in calls_by_id():
        if any(part in path for part in ("/people/", "/tokens/", "/sessions/")):
            continue
        url = "/api" + path.format(**theirs)
        params = {"model_id": theirs["model_id"]} if path.endswith("/check") else {}
        answer = as_mallory.request(method, url, params=params, json=bodies(path, theirs))
        (read if method in ("GET", "HEAD") else changed)[f"{method} {path}"] = answer
    assert changed.pop("PATCH /conversations/{id}").status_code == 200  # which are there for others to review
    # a prediction that waits has no result yet, and says so
    assert {answer.status_code for answer in read.values()} <= {200, 409}, read
    assert {answer.json()["error"]["code"] for answer in changed.values()} == {"owned_by_another"}, changed
    assert len(changed) > 6


def test_templates_are_read_by_everybody_and_get_versions_of_their_authors(
    as_mallory: httpx.Client, user: db.User
) -> None:
    row = added(user)
    assert as_mallory.get(f"/api/templates/{row.id}").json()["author_id"] == str(user.id)
    version = {"name": "Mine", "prompt": "Now mine", "family_id": str(row.family_id)}
    refused = as_mallory.post("/api/templates", json=version)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_its_author")


def test_filters_by_somebody_elses_things_find_nothing(
    as_mallory: httpx.Client, theirs: dict[str, str]
) -> None:
    for query in ("upload_id", "model_id"):
        found = as_mallory.get("/api/predictions", params={query: theirs[query]})
        assert found.json()["items"] == []


def test_the_same_bytes_of_two_people_are_two_files(
    as_mallory: httpx.Client, theirs: dict[str, str], trained: Trained
) -> None:
    answer = as_mallory.post(
        "/api/csv", files={"file": ("a.csv", trained.csv, "text/csv")}, data={"mode": "none"}
    )
    assert answer.status_code == 201
    assert answer.json()["duplicate_of"] is None
    assert answer.json()["upload_id"] != theirs["upload_id"]


def test_the_trail_the_people_and_the_figures_are_for_admins(
    as_mallory: httpx.Client, theirs: dict[str, str]
) -> None:
    for path in ("/api/audit", "/api/people", "/api/metrics"):
        assert as_mallory.get(path).status_code == 403, path


def test_everything_is_still_there_for_its_owner(
    as_mallory: httpx.Client, asked: Desk, theirs: dict[str, str], user: db.User
) -> None:
    for method, path in calls_by_id():
        as_mallory.request(method, "/api" + path.format(**theirs), json=bodies(path, theirs))
    with db.session_scope(user) as session:
        found = predictions.get(session, prediction_id=UUID(theirs["prediction_id"]))
        assert found.status == "QUEUED"
        assert len(tokens.alive(session, now=datetime.now(UTC))) == 1
        assert session.execute(sa.select(sa.func.count()).select_from(UploadRow)).scalar_one() == 1
