from __future__ import annotations

from uuid import UUID

import httpx
import pytest

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.models import models
from core.models.errors import OneClassOnly
from core.queue import Reason, TaskState
from core.storage import LocalStorage
from tests import journeys, made
from tests.core.api.conftest import TARGET, stored_keys

ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CALLS = [("GET", ""), ("DELETE", ""), ("POST", "/cancel"), ("PATCH", "")]


def _train(client: httpx.Client, upload: UploadRow, **wanted: object) -> httpx.Response:
    return client.post("/api/models/train", json={"upload_id": str(upload.id), "target": TARGET, **wanted})


def test_a_training_is_begun_and_shown(client: httpx.Client, upload: UploadRow) -> None:
    answer = _train(client, upload, name="Churn", positive_label="Yes")
    assert answer.status_code == 202
    found = client.get(f"/api/models/{answer.json()['model_id']}").json()
    assert found["task_id"] == answer.json()["task_id"]
    assert {name: found[name] for name in ("name", "version", "status", "target", "upload_id", "data_sha256")} == {
        "name": "Churn", "version": 1, "status": "training", "target": TARGET, "upload_id": str(upload.id),
        "data_sha256": upload.sha256,
    }  # fmt: skip
    assert (found["schema"], found["report"], found["metrics"]) == (None, None, None)


@ONE_DATABASE
@pytest.mark.parametrize("link", ["/api/models/train", "/api/ai/train"])
def test_a_positive_outcome_that_the_column_lacks_is_refused_at_the_call(
    client: httpx.Client, upload: UploadRow, link: str
) -> None:
    def ask(**wanted: object) -> httpx.Response:
        return client.post(link, json={"upload_id": str(upload.id), "target": TARGET, **wanted})

    for label in ("Maybe", "", "yes no", "\u202eseY"):
        error = ask(positive_label=label).json()["error"]
        assert error["code"] == "positive_label_unknown"
        assert error["message"].endswith("whose values are: No, Yes.")
    assert ask(target="age", task="regression", positive_label="Yes").json()["error"]["code"] == (
        "positive_label_unknown"
    )
    assert ask(target="lost", positive_label="Yes").json()["error"]["code"] == "target_missing"
    assert client.get("/api/models").json()["items"] == []
    assert ask(positive_label=" yes").status_code == 202


def test_a_ready_model_tells_what_it_reads_and_how_good_it_is(client: httpx.Client, model: ModelRow) -> None:
    found = client.get(f"/api/models/{model.id}/").json()
    assert (found["status"], found["task_type"]) == ("ready", "binary")
    assert found["schema"]["target"] == TARGET
    assert "contract" in [feature["name"] for feature in found["schema"]["features"]]
    assert len(found["report"]["candidates"]) == 3
    assert found["report"]["baseline"]["roc_auc"]["mean"] == pytest.approx(0.5)
    assert found["metrics"]["roc_auc"] == found["report"]["metrics"]["roc_auc"]
    assert "scikit-learn" in found["report"]["versions"]


def test_how_rows_belong_together_can_be_stated(client: httpx.Client, upload: UploadRow) -> None:
    by_contract = _train(client, upload, group_column="contract").json()["model_id"]
    assert _train(client, upload, group_column="contract").json()["model_id"] == by_contract
    assert _train(client, upload, independent_rows=True).json()["model_id"] != by_contract
    for wanted in (
        {"group_column": "lost"},
        {"time_column": TARGET},
        {"group_column": "contract", "independent_rows": True},
    ):
        refused = _train(client, upload, **wanted)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "split_unusable")


def test_a_training_that_failed_tells_why_and_what_to_do(client: httpx.Client, upload: UploadRow) -> None:
    begun = _train(client, upload).json()
    reason = Reason.of(OneClassOnly(target=TARGET, label="No"))
    made.settle(UUID(begun["task_id"]), TaskState.FAILED, reason=reason)
    found = client.get(f"/api/models/{begun['model_id']}").json()
    assert found["status"] == "failed"
    assert found["error_message"].startswith("Every row has the same value 'No'")
    assert found["error_hint"].startswith("Add rows")


def test_the_list_can_be_narrowed_and_paged(
    client: httpx.Client, me: db.User, model: ModelRow, upload: UploadRow
) -> None:
    training = _train(client, upload).json()["model_id"]

    def listed(**narrowed: object) -> list[str]:
        return [item["id"] for item in client.get("/api/models", params=narrowed).json()["items"]]

    assert listed() == [training, str(model.id)]
    assert listed(status="ready") == [str(model.id)]
    assert listed(status=["ready", "training"], upload_id=upload.id) == [training, str(model.id)]
    assert listed(upload_id=upload.id + 1) == []
    first = client.get("/api/models", params={"limit": 1}).json()
    second = client.get("/api/models", params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert (second["items"][0]["id"], second["next_cursor"]) == (str(model.id), None)


def test_a_training_is_cancelled_and_the_model_deleted(
    client: httpx.Client, upload: UploadRow, storage: LocalStorage
) -> None:
    path = f"/api/models/{_train(client, upload).json()['model_id']}"
    assert client.delete(path).status_code == 409
    cancelled = client.post(f"{path}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "failed")
    assert "cancelled" in cancelled.json()["error_message"]
    assert client.post(f"{path}/cancel").status_code == 409
    assert client.delete(path).json()["deleted"] is True
    assert client.get(path).status_code == 404


def test_a_model_is_deleted_with_its_file_unless_predictions_were_made_with_it(
    client: httpx.Client, me: db.User, upload: UploadRow, model: ModelRow, storage: LocalStorage
) -> None:
    prediction_id = journeys.queue_prediction(me, upload, model)
    refused = client.delete(f"/api/models/{model.id}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "model_in_use")
    client.post(f"/api/predictions/{prediction_id}/cancel")
    client.delete(f"/api/predictions/{prediction_id}")
    assert client.delete(f"/api/models/{model.id}").status_code == 200
    assert [key for key in stored_keys(storage) if key.startswith("models/")] == []


@ONE_DATABASE
@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"target": "nonsense"}, "target_missing"),
        ({"name": "x" * 81}, "name_unusable"),
        ({"name": "a\x00b"}, "invalid"),
        ({"target": None}, "invalid"),
        ({"target": 7}, "invalid"),
        ({"keep": ["nonsense"]}, "columns_unknown"),
        ({"keep": "plan"}, "invalid"),
        ({"folds": 5}, "invalid"),
    ],
)
def test_a_training_that_makes_no_sense_is_refused(
    client: httpx.Client, upload: UploadRow, wanted: dict[str, object], code: str
) -> None:
    answer = _train(client, upload, **wanted)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    assert client.get("/api/models").json()["items"] == []


def test_a_text_with_a_nul_byte_reaches_no_database(client: httpx.Client, upload: UploadRow) -> None:
    for wanted in ({"target": "a\x00b"}, {"positive_label": "a\x00b"}):
        assert _train(client, upload, **wanted).status_code == 422


@ONE_DATABASE
@pytest.mark.parametrize("field", ['"name": "\\ud800"', '"\\ud800": 1', '"target": "\\udfff"'])
def test_half_a_surrogate_pair_is_refused_and_can_be_told(
    client: httpx.Client, upload: UploadRow, field: str
) -> None:
    content = f'{{"upload_id": "{upload.id}", "target": "churned", {field}}}'
    answer = client.post("/api/models/train", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")


@ONE_DATABASE
@pytest.mark.parametrize("model_id", ["x", "0", "9" * 400, "0b5a4c1e-7d2f-4c3a-9e1b-5f6a7b8c9d0e", "%00"])
def test_an_id_that_nothing_has_is_not_found_whatever_it_looks_like(
    client: httpx.Client, model_id: str
) -> None:
    for method, path in CALLS:
        body = {"threshold": 0.3} if method == "PATCH" else None
        answer = client.request(method, f"/api/models/{model_id}{path}", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_the_same_training_asked_for_again_while_it_waits_is_the_first_one(
    client: httpx.Client, upload: UploadRow
) -> None:
    first, second = _train(client, upload), _train(client, upload)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()


def test_more_trainings_than_may_wait_are_refused(client: httpx.Client, upload: UploadRow) -> None:
    for n in range(5):
        assert _train(client, upload, name=f"M{n}").status_code == 202
    refused = _train(client, upload, name="One more")
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_waiting")
    assert refused.json()["error"]["message"].startswith("You have 5 trainings in the queue")


def test_a_threshold_is_set_by_a_rule_or_a_number_and_shown_with_what_each_costs(
    client: httpx.Client, model: ModelRow, upload: UploadRow
) -> None:
    link = f"/api/models/{model.id}"
    found = client.get(link).json()
    assert (found["threshold"], found["threshold_rule"]) == (0.5, "half")
    options = {one["rule"]: one for one in found["report"]["thresholds"]["options"]}
    assert options.keys() == {"half", "as_trained", "best_f1"}
    for wanted, threshold, rule in (
        (0.25, 0.25, "by_hand"),
        ("best_f1", options["best_f1"]["threshold"], "best_f1"),
    ):
        changed = client.patch(link, json={"threshold": wanted})
        assert changed.status_code == 200
        assert (changed.json()["threshold"], changed.json()["threshold_rule"]) == (threshold, rule)
    asked = {"upload_id": str(upload.id), "model_id": str(model.id)}
    kept = [
        client.get(
            f"/api/predictions/{client.post('/api/predictions', json=body).json()['prediction_id']}"
        ).json()
        for body in (asked, asked | {"threshold": 0.125})
    ]
    assert [one["threshold"] for one in kept] == [options["best_f1"]["threshold"], 0.125]


@pytest.mark.parametrize(
    "bad", ["0", "1", "-0.5", "1.5", "NaN", "Infinity", "1e999", '"0.3"', '"sharp"', "null", "true", "[]"]
)
def test_what_is_no_threshold_is_refused_wherever_one_is_given(
    client: httpx.Client, model: ModelRow, upload: UploadRow, bad: str
) -> None:
    ids = f'"upload_id": "{upload.id}", "model_id": "{model.id}"'
    header = {"content-type": "application/json"}
    refused = [client.patch(f"/api/models/{model.id}", content=f'{{"threshold": {bad}}}', headers=header)]
    if bad != "null":
        refused.append(
            client.post("/api/predictions", content=f'{{{ids}, "threshold": {bad}}}', headers=header)
        )
        target = f'"upload_id": "{upload.id}", "target": "{TARGET}"'
        train = f'{{{target}, "threshold": {bad}}}'
        refused.append(client.post("/api/models/train", content=train, headers=header))
    assert {answer.status_code for answer in refused} <= {400, 422}
    assert client.get(f"/api/models/{model.id}").json()["threshold"] == 0.5


def test_what_is_stated_of_a_target_reaches_the_training(
    client: httpx.Client, upload: UploadRow, me: db.User
) -> None:
    stated = {"task": "binary", "rare_classes": "other", "merge_words": False, "threshold": "best_f1"}
    begun = _train(client, upload, **stated)
    assert begun.status_code == 202
    model = journeys.ask(me, lambda session: models.get(session, model_id=UUID(begun.json()["model_id"])))
    assert {name: model.task.payload[name] for name in stated} == stated
    for wrong in ({"task": "yes/no"}, {"rare_classes": "drop"}, {"merge_words": "no"}):
        assert _train(client, upload, **wrong).status_code == 422
